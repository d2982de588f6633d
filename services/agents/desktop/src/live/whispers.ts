// Notes as they are written, before the record is asked again: colleagues talk beside a conversation.
import type { Note } from "../api/schema";
import type { Noted } from "./frames";
import type { Held } from "./state";

/** What this needs of the desk. */
interface Room {
  me: { id: string };
  chosen: string;
  store: { all: Map<string, Held> };
  watched: { changed(): void };
}

const KEPT = 50; // of a conversation; the record has them all

export class Whispers {
  private readonly all = new Map<string, Note[]>();

  constructor(private readonly desk: Room) {}

  heard({ conversation, note }: Noted): void {
    const each = this.desk.store.all.get(conversation), before = this.of(conversation);
    if (!each || before.some(({ id }) => id === note.id)) return;
    this.all.set(conversation, [...before, note].slice(-KEPT));
    const seen = this.desk.chosen === conversation && !document.hidden;
    if (note.agent !== this.desk.me.id && !seen) each.unread += 1;
    this.desk.watched.changed();
  }

  of(conversation: string): Note[] {
    return this.all.get(conversation) ?? [];
  }

  /** The record's notes, and those it was not asked for yet. */
  beside(conversation: string, recorded: Note[]): Note[] {
    const known = new Set(recorded.map(({ id }) => id));
    return [...recorded, ...this.of(conversation).filter(({ id }) => !known.has(id))];
  }
}
