// A conversation as the desk holds it, and the small pure parts of folding it.
import type { Message } from "../api/schema";
import { clocksOf } from "./clocks";
import type { DeliveryStatus, EventData, RawState, State } from "./frames";

export interface Said extends Omit<Message, "sequence" | "version"> {
  /** How many pieces the provider was given. */
  pieces?: number;
  /** What is known of each piece. */
  facts?: Record<string, DeliveryStatus>;
}

/** An event that comes after a hole. */
export interface Waiting {
  version: number;
  state: State;
  details: EventData["details"];
}

export interface Held {
  id: string;
  /** Whole up to there; `state` may be newer, while a hole is being filled. */
  version: number;
  state: State;
  messages: Said[];
  unread: number;
  waiting: Waiting[];
  /** What a colleague wrote when they passed it on, while it is offered. */
  handover: { sender: string; note: string } | null;
  /** Who asked me to look on, and what about. */
  question: { by: string; note: string } | null;
  tries: number;
  reading: boolean;
  /** To be read once more when it was read. */
  owed: boolean;
}

const RANK: Record<DeliveryStatus, number> = { accepted: 0, sent: 1, failed: 2, delivered: 3, read: 4 };

export const further = (one: DeliveryStatus, other: DeliveryStatus): boolean => RANK[one] > RANK[other];

/** The further of what is known and the news: news may come late, and never take anything back. */
export const advance = (known: DeliveryStatus | null | undefined, news: DeliveryStatus): DeliveryStatus =>
  known && !further(news, known) ? known : news;

/** A message in pieces is as far as its slowest piece, and failed if any failed; null while a piece is not known of. */
export function wholeStatus(facts: DeliveryStatus[], pieces: number): DeliveryStatus | null {
  if (facts.includes("failed")) return "failed";
  if (!facts.length || facts.length < pieces) return null;
  return facts.reduce((slowest, each) => (further(slowest, each) ? each : slowest));
}

const ms = (time: unknown): number => (typeof time === "string" ? Date.parse(time) || 0 : Number(time) || 0);

/** A field that is a text, or nothing. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The record names some of the board's fields otherwise, and writes times as text. */
export function stateOf(raw: RawState): State {
  const times = ["opened_at", "queued_at", "last_inbound_at", "wrap_until", "wake_at", "closed_at", "replied_at"];
  const texts = ["owner", "offered_to", "keeps", "last_agent", "queue", "requirement", "display", "channel", "scheme", "account", "reason", "why", "language", "promise"];
  return {
    ...(raw as unknown as State),
    ...Object.fromEntries(texts.map((name) => [name, raw[name] ?? ""])),
    ...Object.fromEntries(times.map((name) => [name, ms(raw[name])])),
    deadline: ms(raw.deadline ?? raw.deadline_at),
    due: ms(raw.due ?? raw.due_at),
    contact: textOf(raw.address ?? raw.contact),
    contact_id: raw.address ? textOf(raw.contact) : "",
    opted_out: Boolean(raw.opted_out),
    consulted: textOf(raw.consulted).split(",").filter(Boolean),
    rung: Number(raw.rung) || 0,
    relief: Number(raw.relief) || 0,
    ...clocksOf(raw),
  };
}

/** To whom it is offered: one agent, or as many as its queue asks at once. */
export const askedOf = ({ offered_to: asked }: Pick<State, "offered_to">): string[] => asked.split(",").filter(Boolean);

const HEAD_START_MS = 60_000;

/** When its first answer was promised. `due` is its place in the line: earlier by a head start a step of priority. */
export const targetOf = ({ due, priority, target_at: target }: State): number => target || due + (priority || 0) * HEAD_START_MS;

/** How the board chose whom to offer it: among how many, and how long the chosen one was idle. */
export interface Reasons {
  satisfied: number;
  room: number;
  declined: number;
  idleMs: number;
}

/** The reasons of the latest offer; null where none are known: the record does not keep them. */
export function reasonsOf(why: string): Reasons | null {
  const [, satisfied, room, declined, idleMs] = /^(\d+):(\d+):(\d+):(\d+)$/.exec(why)?.map(Number) ?? [];
  if (satisfied === undefined || room === undefined || declined === undefined || idleMs === undefined) return null;
  return { satisfied, room, declined, idleMs };
}

/** A conversation of which nothing is known yet but its state. */
export const blank = (state: State): Held => ({
  id: state.id, version: 0, state, messages: [], unread: 0, waiting: [], handover: null, question: null, tries: 0, reading: false, owed: false,
});

/** The record has not told us all we know of yet. */
export const behind = ({ version, state }: Held): boolean => version < state.version;

/** Its customer is silent since our last word, and so it takes less of its agent's room. */
export const isQuiet = ({ status, relief }: Pick<State, "status" | "relief">): boolean => status === "active" && relief > 0;

/** A message in one line: its words, or what kind of thing it is. */
export const wordsOf = (parts: Message["parts"]): string => parts.map(wordsOfPart).filter(Boolean).join("\n");

function wordsOfPart(part: Message["parts"][number]): string {
  switch (part.kind) {
    case "text": return part.text;
    case "media": return part.caption ?? `[${part.name ?? part.content_type}]`;
    case "location": return `[${part.name ?? `${part.latitude}, ${part.longitude}`}]`;
    case "contact-card": return [part.name, ...part.phones, ...part.emails].filter(Boolean).join("\n");
    case "choice": return part.title;
    case "choices": return part.options.map((option) => option.title).join(" / ");
    case "reaction": return part.emoji;
    case "template": return `[${part.name}]`;
    case "unsupported": return `[${part.reason}]`;
    default: return "";
  }
}

/** The customer's last words; never a line of the system's. */
export function lastWords({ state, messages }: Held): string {
  const last = messages.findLast((message) => message.direction === "inbound");
  return last ? wordsOf(last.parts) : state.last_words ?? "";
}
