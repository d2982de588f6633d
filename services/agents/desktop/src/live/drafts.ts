// What the agent has begun to write: at once on this computer, a moment later on the server for their other devices.
import { api, Problem, want } from "../api/client";
import type { Attached } from "./files";
import type { Head } from "./mail";

const SETTLE_MS = 800, AGAIN_MS = 5_000;

export interface Draft {
  reply: string;
  note: string;
  /** Subject and cc of a mail where the agent changed them; kept on this computer only. */
  head?: Head | null;
  /** Kept by the server for the reply, which names them; which ones they are, this computer alone knows. */
  files?: Attached[];
}

interface Kept extends Draft {
  /** Changes the server has not confirmed. */
  dirty: boolean;
}

const EMPTY: Kept = { reply: "", note: "", dirty: false };

export class Drafts {
  private readonly place: string;
  private all: Record<string, Kept>;
  private timer = 0;
  private saving = false;
  private stopped = false;

  constructor(agent: string, private readonly changed: () => void) {
    this.place = `drafts-${agent}`;
    this.all = JSON.parse(localStorage.getItem(this.place) ?? "{}") as Record<string, Kept>;
  }

  /** The begun reply, or else the begun note; empty if nothing was begun. */
  of(conversation: string): string {
    const { reply, note } = this.draft(conversation);
    return reply || note;
  }

  draft(conversation: string): Draft {
    return this.all[conversation] ?? EMPTY;
  }

  /** Whether there is a reply to send: words, or files. */
  says(conversation: string): boolean {
    const { reply, files } = this.draft(conversation);
    return reply.trim() !== "" || Boolean(files?.length);
  }

  write(conversation: string, change: Partial<Draft>): void {
    this.all[conversation] = { ...(this.all[conversation] ?? EMPTY), ...change, dirty: true };
    this.keep();
    this.later(SETTLE_MS);
  }

  /** What another device wrote; what was written here and is not on the server yet stays. */
  async load(): Promise<void> {
    try {
      const { items } = await want(api.GET("/api/v1/drafts"));
      const ours = Object.entries(this.all).filter(([, each]) => each.dirty || each.files?.length);
      const theirs = items.map(({ conversation, reply, note }) => [conversation, { ...this.all[conversation], reply, note, dirty: false }]);
      this.all = { ...Object.fromEntries(theirs), ...Object.fromEntries(ours) } as Record<string, Kept>;
      this.keep();
      if (ours.length) this.later(0);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 401 && !this.stopped) setTimeout(() => void this.load(), AGAIN_MS);
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    // The server has the others: they need not lie about on a computer somebody else may sit down at.
    const unsaved = Object.fromEntries(Object.entries(this.all).filter(([, each]) => each.dirty));
    localStorage.setItem(this.place, JSON.stringify(unsaved));
  }

  private keep(): void {
    localStorage.setItem(this.place, JSON.stringify(this.all));
    this.changed();
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = window.setTimeout(() => void this.save(), ms);
  }

  private async save(): Promise<void> {
    if (this.saving) return;
    this.saving = true;
    try {
      for (const [conversation, each] of Object.entries(this.all)) if (each.dirty) await this.saveOne(conversation, each);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 401) this.later(AGAIN_MS);
    } finally {
      this.saving = false;
    }
    this.keep();
  }

  private async saveOne(conversation: string, { reply, note }: Kept): Promise<void> {
    const params = { path: { conversation } };
    await want(api.PUT("/api/v1/drafts/{conversation}", { params, body: { reply, note } }));
    const now = this.all[conversation];
    if (now?.reply !== reply || now.note !== note) this.later(SETTLE_MS); // written on meanwhile
    else if (reply || note || now.head || now.files?.length) now.dirty = false;
    else this.all = Object.fromEntries(Object.entries(this.all).filter(([id]) => id !== conversation));
  }
}
