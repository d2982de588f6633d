// The agent's conversations, folded from snapshot, events and reads of the record. Knows nothing of the page.
import { request } from "/desk/api.js";

const RANK = { accepted: 0, sent: 1, failed: 2, delivered: 3, read: 4 };
const advance = (known, news) => (known && RANK[known] >= RANK[news] ? known : news);
const ms = (time) => (typeof time === "string" ? Date.parse(time) || 0 : time || 0);
const behind = ({ version, state }) => version < state.version; // the record has not told us all we know of yet
const CLOSED_KEPT = 20;

/** The record names some of the board's fields otherwise, and writes times as text. */
function stateOf(row) {
  const times = { deadline: ms(row.deadline ?? row.deadline_at), due: ms(row.due ?? row.due_at), wrap_until: ms(row.wrap_until) };
  return { ...row, ...times, contact: row.address ?? row.contact, closed_at: ms(row.closed_at), opted_out: Boolean(row.opted_out) };
}

/** Who passed it on last and what they noted, as the record tells; nothing once it was closed and opened again. */
function passedOn(events) {
  const last = events.findLast(({ type }) => /[.](transferred|reopened)[.]/.test(type));
  return last?.details.sender ? { from: last.details.sender, note: last.details.note ?? "" } : null;
}

/** A message in one line: its words, or what kind of thing it is. */
const UNSAID = new Set(["mail", "quote", "html"]); // a mail's head, what it quotes, its look: not what was said
export const wordsOf = (parts) => parts.filter((p) => !UNSAID.has(p.kind)).map((p) =>
  p.text ?? p.caption ?? p.emoji ?? p.title ?? p.options?.map((o) => o.title).join(" / ")
  ?? `[${p.name ?? p.reason ?? p.content_type ?? `${p.latitude}, ${p.longitude}`}]`).join("\n");

export class Store {
  /**
   * `keeps(id)`: must stay though it is not ours any more; `seen(id)`: is on the screen; `done(operation)`: is in the log;
   * `returned(agent, why)`: somebody would not take what we passed on.
   */
  constructor(me, { changed, keeps, seen, done, returned }) {
    Object.assign(this, { me, changed, keeps, seen, done, returned, all: new Map(), presence: "", reason: "" });
  }

  snapshot(rows) {
    const before = this.all;
    this.all = new Map([...before].filter(([id]) => this.keeps(id)));
    for (const row of rows) {
      const fresh = this.blank(stateOf(row.conversation));
      fresh.unread = before.get(fresh.id)?.unread ?? 0;
      this.all.set(fresh.id, fresh);
      this.merge(fresh, row);
      this.read(fresh.id); // a snapshot tells no history: who passed it on, and why
    }
    this.changed();
  }

  blank(state) {
    // `version`: whole up to there; `state` may be newer, while a hole is being filled.
    return { id: state.id, version: 0, state, messages: [], unread: 0, waiting: [], tries: 0 };
  }

  mine({ id, owner, offered_to: offered, keeps, status, last_agent: last }) {
    return [owner, offered, keeps].includes(this.me) || (status === "closed" && last === this.me) || this.keeps(id);
  }

  offers() {
    const open = [...this.all.values()].filter(({ state }) => state.status === "offered" && state.offered_to === this.me);
    return open.sort((a, b) => a.state.deadline - b.state.deadline);
  }

  /** Own conversations, the most urgent first, the closed ones last. */
  own() {
    const place = ({ state }) => (state.status === "closed" ? 1e15 - state.closed_at : state.due);
    return [...this.all.values()].filter(({ state }) => state.offered_to !== this.me).sort((a, b) => place(a) - place(b));
  }

  event({ type, subject, data }) {
    if (data.operation) this.done(data.operation);
    if (type.startsWith("trunkline.agent.")) {
      const { id, presence, reason } = data.state;
      if (id === this.me) Object.assign(this, { presence, reason });
    } else if (type.startsWith("trunkline.delivery.")) this.delivery(type, subject, data);
    else if (type.startsWith("trunkline.contact.")) {
      for (const each of this.all.values()) if (each.state.thread === data.thread) each.state.opted_out = data.opted_out;
    } else if (data.state) this.conversation(data);
    this.changed();
  }

  conversation(data) {
    const state = stateOf(data.state), { id } = state, known = this.all.get(id);
    const before = known?.state;
    if (before?.keeps === this.me && before.status === "offered" && state.status !== "offered" && state.owner === this.me) {
      this.returned(before.offered_to, state.reason);
    }
    if (!known && !this.mine(state)) return;
    const each = known ?? this.blank(state);
    this.all.set(id, each);
    if (data.version > each.version) {
      each.waiting.push({ ...data, state });
      each.waiting.sort((a, b) => a.version - b.version);
    }
    this.drain(each);
  }

  /** Fold the events that follow; a hole is filled by reading the record again. */
  drain(each) {
    each.waiting = each.waiting.filter((data) => data.version > each.version);
    while (each.waiting[0]?.version === each.version + 1) this.fold(each, each.waiting.shift());
    const newest = each.waiting.at(-1);
    if (newest && newest.version > each.state.version) each.state = newest.state;
    if (!this.mine(each.state)) this.all.delete(each.id);
    else if (behind(each)) this.read(each.id);
    const closed = this.own().filter(({ state }) => state.status === "closed" && !this.keeps(state.id));
    for (const old of closed.slice(CLOSED_KEPT)) this.all.delete(old.id);
  }

  /** Let go of what was only kept for something unanswered. */
  prune() {
    for (const each of [...this.all.values()]) if (!this.mine(each.state)) this.all.delete(each.id);
    this.changed();
  }

  fold(each, { version, state, details }) {
    each.version = version;
    if (version >= each.state.version) each.state = state;
    if (details?.sender) each.passed = { from: details.sender, note: details.note };
    const message = details?.message;
    if (message?.parts && !each.messages.some(({ id }) => id === message.id)) {
      const inbound = !message.written_at;
      const at = message.written_at ?? message.received_at;
      each.messages.push({ ...message, direction: inbound ? "inbound" : "outbound", at, status: null });
      if (inbound && !this.seen(each.id)) each.unread += 1;
    } else if (typeof message === "string") this.news(each, message, "failed", details.text);
  }

  /** Read a conversation of the record; again, ever slower, while it is behind what we heard. */
  async read(id) {
    const held = this.all.get(id), each = held ?? this.blank({ id, version: 0 });
    if (each.reading) return;
    each.reading = true;
    let found = null;
    try {
      found = await request("GET", `/conversations/${encodeURIComponent(id)}`);
    } catch (problem) {
      if (problem.status === 401) { each.reading = false; return; }
    }
    // The record may be behind: it must not bring back what we have just let go.
    if (found && (held ? this.all.get(id) === held : this.mine(stateOf(found.conversation)))) {
      this.all.set(id, each);
      this.merge(each, found);
    }
    await new Promise((resume) => setTimeout(resume, behind(each) ? Math.min(5_000, 200 * 2 ** each.tries++) : 0));
    each.reading = false;
    if (!behind(each)) each.tries = 0;
    else if (this.all.get(id) === each) this.read(id);
    this.changed();
  }

  merge(each, { conversation, version = conversation.version, messages, events }) {
    if (version < each.version) return;
    if (events) each.passed = passedOn(events);
    const held = new Map(each.messages.map((message) => [message.id, message]));
    each.messages = messages.map((message) => {
      const before = held.get(message.id);
      return before?.status && (!message.status || RANK[before.status] > RANK[message.status]) ? before : { ...before, ...message };
    });
    for (const { id } of each.messages) this.done(id); // a reply's id is its operation's
    each.version = version;
    if (version >= each.state.version) each.state = stateOf(conversation);
    this.drain(each);
  }

  delivery(type, subject, data) {
    const each = this.all.get(data.conversation || subject);
    if (!each) return;
    const byProvider = ({ provider_ids: ids = [] }) => data.provider_id && ids.includes(data.provider_id);
    const id = data.message || each.messages.find(byProvider)?.id;
    const message = each.messages.find((one) => one.id === id);
    if (!message) return;
    message.provider_ids = [...new Set([...(message.provider_ids ?? []), ...(data.provider_ids ?? [])])];
    message.possible_duplicate ||= Boolean(data.possible_duplicate);
    const kind = type.split(".")[2];
    if (kind === "sent") this.news(each, id, "sent");
    else if (kind === "failed") this.news(each, id, "failed", data.text);
    else if (kind === "receipt") this.receipt(each, message, data);
    else if (kind === "step-accepted") { message.pieces = data.parts; if (data.parts === 1) this.news(each, id, data.status); }
  }

  /** A message in pieces is as far as its slowest piece, and failed if any failed. */
  receipt(each, message, { part, status, text }) {
    const count = Math.max(message.pieces ?? 1, message.provider_ids.length);
    message.facts = { ...message.facts, [part]: advance(message.facts?.[part], status) };
    const facts = Object.values(message.facts);
    if (status === "failed" || facts.length >= count) {
      const slowest = facts.reduce((a, b) => (RANK[a] <= RANK[b] ? a : b));
      this.news(each, message.id, facts.includes("failed") ? "failed" : slowest, text);
    }
  }

  news(each, id, status, text) {
    const message = each.messages.find((one) => one.id === id);
    if (!message || advance(message.status, status) === message.status) return;
    Object.assign(message, { status, status_text: text ?? "" });
  }
}
