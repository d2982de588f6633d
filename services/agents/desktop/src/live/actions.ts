// What the agent did and the server has not answered yet. Nothing is forgotten until it is answered.
import { newId } from "../api/client";
import type { Message } from "../api/schema";
import type { Attached } from "./files";
import type { Answer } from "./frames";

const ANSWER_MS = 12_000, PENDING_MS = 2_000;
const REMEMBERED_MS = 50 * 60_000; // the board knows an operation id for an hour: older ones are not repeated by themselves

export type Verb =
  | "accept" | "decline" | "reply" | "transfer" | "escalate" | "snooze" | "wake" | "assign" | "consult" | "consult-end" | "take-over" | "reorder"
  | "wrap-up" | "close" | "presence" | "drain" | "shut" | "open";

/** What a mail's answer says above its words. */
export interface SentHead {
  kind: "mail";
  subject: string;
  cc: string[];
}

type Media = Extract<Message["parts"][number], { kind: "media" }>;

export interface Body {
  fence?: number;
  reason?: string;
  text?: string;
  parts?: (SentHead | { kind: "text"; text: string } | Media)[];
  /** Files of a reply; the server is told their references. */
  attached?: Attached[];
  to_agent?: string;
  /** To the front of its line, or back to its own place. */
  front?: boolean;
  to_queue?: string;
  /** The queue that is shut or opened. */
  queue?: string;
  to_skill?: string;
  level?: number;
  /** RFC 3339, with its zone. */
  until?: string;
  note?: string;
  code?: string;
  presence?: "available" | "away";
  draining?: boolean;
  /** Whom it is about, where it is not oneself: who drains, who is to look on no more. */
  agent?: string;
}

/**
 * sending: not answered. pending: decided, not yet in the log. waiting: refused for now, tried again. refused: told why.
 * saved: a reply that is in the log and whose event has not come yet. done: over.
 */
export type ActionState = "sending" | "pending" | "waiting" | "refused" | "saved" | "done";

export interface Action {
  id: string;
  verb: Verb;
  conversation: string;
  body: Body;
  state: ActionState;
  at: number;
  dueAt: number;
  code: string;
  detail: string;
  version: number;
  /** The action that must have succeeded first: a close does not follow a reply that failed. */
  after: string;
}

export interface Desk {
  /** False without a connection. */
  send(frame: object): boolean;
  changed(): void;
  settled(action: Action): void;
}

/** What follows a reply. */
export interface Then {
  verb: "wrap-up" | "close" | "snooze";
  body: Body;
}

/** Operations by id, one at a time per conversation, so that replies keep their order; kept over a reload. */
export class Actions {
  private readonly all = new Map<string, Action>();

  constructor(private readonly desk: Desk, private readonly place: Pick<Storage, "getItem" | "setItem">, private readonly key = "actions") {
    const kept = JSON.parse(place.getItem(key) ?? "[]") as Action[];
    for (const each of kept) this.all.set(each.id, { ...each, dueAt: 0 });
  }

  start(verb: Verb, conversation: string, body: Body, after = ""): Action {
    const fresh = { id: newId(), verb, conversation, body, after, state: "sending" as const };
    const each: Action = { ...fresh, at: Date.now(), dueAt: 0, code: "", detail: "", version: 0 };
    this.all.set(each.id, each);
    this.pump();
    return each;
  }

  of(conversation: string): Action[] {
    return [...this.all.values()].filter((each) => each.conversation === conversation);
  }

  conversations(): Set<string> {
    return new Set([...this.all.values()].map((each) => each.conversation).filter(Boolean));
  }

  /** Send what is due: first of its conversation, not answered. */
  pump(): void {
    const busy = new Set<string>();
    for (const each of this.all.values()) {
      if (each.state === "refused" || each.state === "saved" || busy.has(each.conversation)) continue;
      busy.add(each.conversation);
      if (each.dueAt <= Date.now()) this.sendOne(each);
    }
    this.save();
  }

  /** A new connection: what was under way is asked again, with the same ids. */
  reconnected(): void {
    for (const each of this.all.values()) each.dueAt = 0;
    this.pump();
  }

  answer({ id, status, code = "", detail = "", version = 0, retry_after_s: retryS = 0 }: Answer): void {
    const each = this.all.get(id);
    if (!each) return;
    if (status === "done" && each.verb === "reply") {
      this.settle(Object.assign(each, { state: "saved", version })); // until its event is seen
    } else if (status === "done") {
      this.done(id, version);
    } else if (status === "pending") {
      Object.assign(each, { state: "pending", dueAt: Date.now() + PENDING_MS });
    } else if (retryS || code === "behind") {
      Object.assign(each, { state: "waiting", dueAt: Date.now() + (retryS || 2) * 1000 });
    } else {
      this.settle(Object.assign(each, { state: "refused", code, detail }));
    }
    this.pump();
  }

  /** Answered, or seen in the log. */
  done(id: string, version = 0): void {
    const each = this.all.get(id);
    if (!each) return;
    this.all.delete(id);
    this.settle(Object.assign(each, { state: "done", version }));
    this.pump();
  }

  discard(id: string): void {
    this.all.delete(id);
    this.pump();
  }

  private sendOne(each: Action): void {
    const now = Date.now();
    if (now - each.at > REMEMBERED_MS) {
      this.settle(Object.assign(each, { state: "refused", code: "old", detail: "" }));
    } else if (this.desk.send({ type: "action", id: each.id, verb: each.verb, conversation: each.conversation, ...sentBody(each.body) })) {
      each.dueAt = now + ANSWER_MS;
      if (each.state === "waiting") each.state = "sending";
    }
  }

  private settle(each: Action): void {
    this.desk.settled(each);
    if (each.state !== "refused") return;
    for (const next of [...this.all.values()].filter(({ after }) => after === each.id)) {
      this.all.delete(next.id);
      this.desk.settled(Object.assign(next, { state: "refused", code: "not-followed", detail: "" }));
    }
  }

  private save(): void {
    const kept = [...this.all.values()].filter((each) => !["presence", "drain"].includes(each.verb));
    this.place.setItem(this.key, JSON.stringify(kept));
    this.desk.changed();
  }
}

const sentBody = ({ attached, ...body }: Body): object =>
  attached?.length ? { ...body, files: attached.map(({ file }) => file) } : body;
