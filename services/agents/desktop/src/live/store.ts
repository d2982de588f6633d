// The agent's conversations, folded from snapshot, events and reads of the record. Knows nothing of the page.
import type { Message } from "../api/schema";
import type { Body, Verb } from "./actions";
import type { DeliveryData, EventData, LogEvent, Presence, RawMessage, RawState, Row, State } from "./frames";
import { byItself, type ByItself } from "./byItself";
import { clocksOf } from "./clocks";
import { Early, goes, partly, told } from "./deliveries";
import { askedOf, behind, blank, further, stateOf, textOf, type Held, type Said, type Waiting } from "./state";

const CLOSED_KEPT = 20;
const SLOWEST_READ_MS = 5_000;

export interface Surroundings {
  changed(): void;
  /** It must stay though it is not ours any more: something of it is unanswered. */
  keeps(id: string): boolean;
  /** It is on the screen: what comes is read. */
  seen(id: string): boolean;
  /** An operation is in the log. */
  done(operation: string): void;
  /** Read a conversation of the record; null if it cannot be had now. */
  fetch(id: string): Promise<Row | null>;
  /** A customer wrote, in a conversation that is not on the screen. */
  heard(held: Held): void;
  /** Something was decided about me without me. */
  decided(what: ByItself, held: Held): void;
  /** I am asked to look on. */
  asked(held: Held): void;
}

const CONSULTED = "trunkline.conversation.consulted.";

export class Store {
  readonly all = new Map<string, Held>();
  presence: Presence | "" = "";
  reason = "";
  draining = false;
  private readonly early = new Early();

  constructor(private readonly me: string, private readonly on: Surroundings) {}

  snapshot(rows: Row[]): void {
    const before = new Map(this.all);
    for (const id of before.keys()) if (!this.on.keeps(id)) this.all.delete(id);
    for (const row of rows) {
      const fresh = blank(stateOf(row.conversation));
      fresh.unread = before.get(fresh.id)?.unread ?? 0;
      this.all.set(fresh.id, fresh);
      this.merge(fresh, row);
    }
    this.on.changed();
  }

  offers(): Held[] {
    const open = [...this.all.values()].filter(({ state }) => state.status === "offered" && askedOf(state).includes(this.me));
    return open.sort((a, b) => a.state.deadline - b.state.deadline);
  }

  /** Own conversations, the most urgent first, the closed ones last; without what is snoozed. */
  own(): Held[] {
    const place = ({ state }: Held) => (state.status === "closed" ? 1e15 - state.closed_at : state.due);
    const here = [...this.all.values()].filter(({ state }) => !askedOf(state).includes(this.me) && state.status !== "snoozed" && !this.looksOn(state));
    return here.sort((a, b) => place(a) - place(b));
  }

  /** Of others, where I am asked to look on; the last begun first. */
  consulted(): Held[] {
    const theirs = [...this.all.values()].filter(({ state }) => this.looksOn(state));
    return theirs.sort((a, b) => b.state.opened_at - a.state.opened_at);
  }

  /** Whether I may read it, and no more, because its owner asked me to. */
  looksOn({ consulted }: State): boolean {
    return consulted.includes(this.me);
  }

  /** What I have put off, the next to wake first. */
  snoozed(): Held[] {
    const off = [...this.all.values()].filter(({ state }) => state.status === "snoozed");
    return off.sort((a, b) => a.state.wake_at - b.state.wake_at);
  }

  event({ type, subject, data }: LogEvent): void {
    if (data.operation) this.on.done(data.operation);
    if (type.startsWith("trunkline.agent.")) this.agent(data.state);
    else if (type.startsWith("trunkline.delivery.")) this.delivery(type, subject, data);
    else if (type.startsWith("trunkline.contact.")) this.preference(data);
    else if (data.state) this.step(type, data, data.state);
    if (type.startsWith(CONSULTED) && data.details?.to === this.me) this.asked(subject, data.details);
    this.on.changed();
  }

  /** Read a conversation of the record; again, ever slower, while it is behind what we heard. */
  async read(id: string): Promise<void> {
    const held = this.all.get(id), each = held ?? blank(stateOf({ id, version: 0 }));
    if (each.reading) return;
    each.reading = true;
    const found = await this.on.fetch(id);
    // The record may be behind: it must not bring back what we have just let go.
    if (found && (held ? this.all.get(id) === held : this.mine(stateOf(found.conversation)))) {
      this.all.set(id, each);
      this.merge(each, found);
    }
    const pause = behind(each) ? Math.min(SLOWEST_READ_MS, 200 * 2 ** each.tries++) : 0;
    await new Promise((resume) => setTimeout(resume, pause));
    each.reading = false;
    if (!behind(each)) each.tries = 0;
    const again = behind(each) || each.owed;
    each.owed = false;
    if (again && this.all.get(id) === each) void this.read(id);
    this.on.changed();
  }

  /** Read it as it is now: a read that is under way may have looked before. */
  private reread(each: Held): void {
    if (each.reading) each.owed = true;
    else void this.read(each.id);
  }

  /** Let go of what was only kept for something unanswered. */
  prune(): void {
    for (const each of [...this.all.values()]) if (!this.mine(each.state)) this.all.delete(each.id);
    this.on.changed();
  }

  private asked(id: string, { by = "", note = "" }: NonNullable<EventData["details"]>): void {
    const each = this.all.get(id);
    if (!each) return;
    each.question = { by, note };
    this.on.asked(each);
  }

  private mine(state: State): boolean {
    const { id, owner, keeps, consulted, status, last_agent: last } = state;
    const was = (status === "closed" || status === "snoozed") && last === this.me;
    return was || [owner, keeps, ...askedOf(state), ...consulted].includes(this.me) || this.on.keeps(id);
  }

  /** My own word about me was taken: it shows before its event comes. */
  spoke(verb: Verb, { presence, reason, agent, draining }: Body): void {
    if (verb === "presence") [this.presence, this.reason] = [presence ?? "", reason ?? ""];
    if (verb === "drain" && agent === this.me) this.draining = Boolean(draining);
  }

  private agent(state: RawState | undefined): void {
    if (state?.id !== this.me) return;
    this.presence = state.presence as Presence;
    this.reason = textOf(state.reason);
    this.draining = Boolean(state.draining);
  }

  private preference(data: EventData): void {
    for (const each of this.all.values()) {
      if (each.state.thread === data.thread) each.state.opted_out = Boolean(data.opted_out);
    }
  }

  private step(type: string, data: EventData, raw: RawState): void {
    const before = this.all.get(raw.id), what = byItself(type, stateOf(raw), before, this.me, data.details);
    this.conversation(data, raw);
    const held = this.all.get(raw.id) ?? before;
    if (what && held) this.on.decided(what, held);
  }

  private conversation(data: EventData, raw: RawState): void {
    const state = stateOf(raw), known = this.all.get(state.id);
    if (!known && !this.mine(state)) return;
    const each = known ?? blank(state);
    this.all.set(state.id, each);
    if (data.version > each.version) {
      each.waiting.push({ version: data.version, state, details: data.details });
      each.waiting.sort((a, b) => a.version - b.version);
    }
    this.drain(each);
  }

  /** Fold the events that follow; a hole is filled by reading the record again. */
  private drain(each: Held): void {
    each.waiting = each.waiting.filter((data) => data.version > each.version);
    for (let next = each.waiting[0]; next?.version === each.version + 1; next = each.waiting[0]) {
      each.waiting.shift();
      this.fold(each, next);
    }
    this.early.settle(each);
    const newest = each.waiting.at(-1);
    if (newest && newest.version > each.state.version) each.state = newest.state;
    if (!this.mine(each.state)) this.all.delete(each.id);
    else if (behind(each)) void this.read(each.id);
    const closed = this.own().filter(({ id, state }) => state.status === "closed" && !this.on.keeps(id));
    for (const old of closed.slice(CLOSED_KEPT)) this.all.delete(old.id);
  }

  private fold(each: Held, { version, state, details }: Waiting): void {
    each.version = version;
    if (version >= each.state.version) each.state = state;
    if (details?.sender) each.handover = { sender: details.sender, note: details.note ?? "" };
    const message = details?.message;
    if (typeof message === "string") goes(each.messages.find(({ id }) => id === message), "failed", details?.text);
    else if (message && !each.messages.some(({ id }) => id === message.id)) this.hear(each, saidOf(message, state));
  }

  private hear(each: Held, said: Said): void {
    each.messages.push(said);
    if (said.direction === "outbound" || this.on.seen(each.id)) return;
    each.unread += 1;
    this.on.heard(each);
  }

  private merge(each: Held, { conversation, version, messages, events = [] }: Row): void {
    const whole = version ?? Number(conversation.version);
    if (whole < each.version) return;
    const held = new Map(each.messages.map((message) => [message.id, message]));
    each.messages = messages.map((message) => newest(held.get(message.id), message));
    for (const { id } of each.messages) this.on.done(id); // a reply's id is its operation's
    each.version = whole;
    // Whom it is passed on to was not among those told of it: the record knows who did, and why.
    const passed = events.findLast(({ type }) => type.startsWith("trunkline.conversation.transferred."));
    if (passed) each.handover = { sender: textOf(passed.details.sender), note: textOf(passed.details.note) };
    const asked = events.findLast(({ type, details }) => type.startsWith(CONSULTED) && details.to === this.me);
    if (asked) each.question = { by: textOf(asked.details.by), note: textOf(asked.details.note) };
    const state = { ...recalled(stateOf(conversation), events), ...clocksOf(conversation, each.state) };
    if (!("relief" in conversation)) state.relief = each.state.relief; // the record keeps none
    if (whole >= each.state.version) each.state = { ...state, contact_id: state.contact_id || each.state.contact_id || "", why: state.why || each.state.why };
    else if (state.contact_id) each.state.contact_id = state.contact_id;
    this.drain(each);
  }

  private delivery(type: string, subject: string, data: DeliveryData): void {
    const news = { type, data, conversation: data.conversation || subject }, each = this.all.get(news.conversation);
    const message = each && told(each, news);
    if (!message) this.early.keep(news);
    else if (type.includes(".receipt.") && partly(message)) this.reread(each);
  }
}

/** A message as its event brought it; nothing is known yet of what became of it. */
function saidOf({ id, parts, agent, written_at: written, received_at: received }: RawMessage, state: State): Said {
  return {
    id, parts, conversation: state.id, account: state.account, at: written ?? received ?? "",
    direction: written ? "outbound" : "inbound", agent: agent ?? null, reply_to: null,
    status: null, status_code: null, status_text: null, provider_ids: [], possible_duplicate: false,
  };
}

/** What was snoozed before the record kept when it wakes: the event of its snooze tells it. */
function recalled(state: State, events: NonNullable<Row["events"]>): State {
  if (state.status !== "snoozed" || state.wake_at) return state;
  const snoozed = events.findLast(({ type }) => type.startsWith("trunkline.conversation.snoozed."));
  return { ...state, wake_at: Number(snoozed?.details.wake_at) || 0 };
}

/** What we know of a message already may be further than what the record says of it. */
function newest(before: Said | undefined, message: Message): Said {
  if (!before) return message;
  const ours = before.status && (!message.status || further(before.status, message.status));
  return ours ? before : { ...before, ...message };
}
