// What passes over the desk's socket (docs/desk-protocol.md), as far as the desk reads it.
import type { Agent, Message, Note, PastEvent } from "../api/schema";
import type { Looker } from "./looking";

export type Presence = "available" | "away" | "offline";

/** The board's state of a conversation; times are milliseconds since the epoch, 0 for never. */
export interface State {
  id: string;
  thread: string;
  account: string;
  channel: string;
  scheme: string;
  contact: string;
  display: string;
  status: "queued" | "offered" | "active" | "wrapping-up" | "snoozed" | "closed";
  queue: string;
  requirement: string;
  weight: number;
  priority: number;
  version: number;
  opened_at: number;
  queued_at: number;
  due: number;
  owner: string;
  /** Agents with commas between: one, or as many as are asked at once. */
  offered_to: string;
  fence: number;
  deadline: number;
  keeps: string;
  reason: string;
  last_inbound_at: number;
  last_agent: string;
  wrap_until: number;
  /** When it wakes, while it is snoozed. */
  wake_at: number;
  closed_at: number;
  replied_at: number;
  /** What the customer was promised without an agent: callback. */
  promise: string;
  opted_out: boolean;
  /** How much less than `weight` it takes of its agent's room: its customer is silent. */
  relief: number;
  /** Who looks on because the owner asked them to. */
  consulted: string[];
  /** That the customer writes, as `lv`; empty where it cannot be told. */
  language: string;
  /** Of its latest offer, `agents who satisfied it:of them with room:who had declined:ms the chosen one was idle`. */
  why: string;
  /** How often less was asked for because it waited so long. */
  rung: number;
  /** What was promised, `first reply:next reply:resolution:window:margin:calendar` in ms; when each ends, 0 while it stands. */
  clocks: string;
  target_at: number;
  unanswered_at: number;
  first_reply_by: number;
  next_reply_by: number;
  resolve_by: number;
  window_by: number;
  /** The record's own fields, where the state came from there. */
  last_words?: string;
  contact_id?: string;
}

/** A conversation's state as it comes: the board's names and numbers, or the record's names and texts. */
export type RawState = Record<string, unknown> & { id: string };

export interface EventData {
  version: number;
  operation?: string;
  state?: RawState;
  thread?: string;
  opted_out?: boolean;
  details?: { message?: RawMessage | string; text?: string; note?: string; sender?: string; code?: string; wake_at?: number; by?: string; to?: string };
}

export interface RawMessage {
  id: string;
  parts: Message["parts"];
  agent?: string;
  written_at?: string;
  received_at?: string;
}

export interface DeliveryData {
  conversation?: string;
  message?: string;
  provider_id?: string;
  provider_ids?: string[];
  possible_duplicate?: boolean;
  part?: number;
  parts?: number;
  status?: DeliveryStatus;
  text?: string | null;
}

export type DeliveryStatus = NonNullable<Message["status"]>;

export interface LogEvent {
  type: string;
  subject: string;
  time: string;
  data: EventData & DeliveryData;
}

export interface Row {
  conversation: RawState;
  version?: number;
  messages: Message[];
  /** What happened to it, where the record was asked; a snapshot has none. */
  events?: Pick<PastEvent, "type" | "details">[];
}

export interface Welcome {
  type: "welcome";
  epoch: string;
  sequence: number;
  resumed: boolean;
  heartbeat_s: number;
  agent: Agent;
  presence: Presence;
  /** Takes no new work, and is as present as they are. */
  draining: boolean;
  snapshot: { conversations: Row[] } | null;
}

export interface Answer {
  type: "answer";
  id: string;
  status: "done" | "pending" | "refused";
  code?: string;
  detail?: string;
  version?: number;
  conversation?: string;
  retry_after_s?: number;
}

/** Everybody else who has it open, each time that changes. */
export interface Lookers {
  type: "looking";
  conversation: string;
  agents: Looker[];
}

/** What somebody told their colleagues just now. */
export interface Noted {
  type: "note";
  conversation: string;
  note: Note;
}

export type Frame = Welcome | Answer | Lookers | Noted | { type: "heartbeat" } | { type: "typing"; conversation: string } | { type?: undefined; sequence: number; event: LogEvent };
