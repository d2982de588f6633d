// What the agent did and the server has not answered yet. Nothing is forgotten until it is answered.
import { newId } from "/desk/api.js";

const ANSWER_MS = 12_000, PENDING_MS = 2_000;
const REMEMBERED_MS = 50 * 60_000; // the board knows an operation id for an hour: older ones are not repeated by themselves

/**
 * Operations by id. States: sending, pending (decided, not yet in the log), waiting (refused for now), refused,
 * and saved: a reply that is in the log and whose event has not come yet.
 * One at a time per conversation, so that replies keep their order. `send(frame)` is false without a connection.
 */
export class Actions {
  constructor(store, { send, changed, settled }) {
    Object.assign(this, { store, send, changed, settled, all: new Map() });
    for (const each of JSON.parse(sessionStorage.getItem(store) ?? "[]")) this.all.set(each.id, { ...each, dueAt: 0 });
  }

  start(verb, conversation, body) {
    const each = { id: newId(), verb, conversation, body, state: "sending", at: Date.now(), dueAt: 0 };
    this.all.set(each.id, each);
    this.pump();
    return each;
  }

  of(conversation) { return [...this.all.values()].filter((each) => each.conversation === conversation); }

  /** Send what is due: first of its conversation, not answered. */
  pump() {
    const busy = new Set(), now = Date.now();
    for (const each of this.all.values()) {
      if (["refused", "saved"].includes(each.state) || busy.has(each.conversation)) continue;
      busy.add(each.conversation);
      if (each.dueAt > now) continue;
      if (now - each.at > REMEMBERED_MS) Object.assign(each, { state: "refused", code: "old", detail: "" });
      else if (this.send({ type: "action", id: each.id, verb: each.verb, conversation: each.conversation, ...each.body })) {
        each.dueAt = now + ANSWER_MS;
        if (each.state === "waiting") each.state = "sending";
      }
    }
    this.save();
  }

  /** A new connection: what was under way is asked again, with the same ids. */
  reconnected() {
    for (const each of this.all.values()) each.dueAt = 0;
    this.pump();
  }

  answer({ id, status, code = "", detail = "", version, retry_after_s: retryS }) {
    const each = this.all.get(id);
    if (!each) return;
    if (status === "done" && each.verb === "reply") this.settled(Object.assign(each, { state: "saved", version })); // until seen
    else if (status === "done") this.done(id, version);
    else if (status === "pending") Object.assign(each, { state: "pending", dueAt: Date.now() + PENDING_MS });
    else if (retryS || code === "behind") Object.assign(each, { state: "waiting", dueAt: Date.now() + (retryS || 2) * 1000 });
    else {
      Object.assign(each, { state: "refused", code, detail });
      this.settled(each);
    }
    this.pump();
  }

  /** Answered, or seen in the log. */
  done(id, version) {
    const each = this.all.get(id);
    if (!each) return;
    this.all.delete(id);
    this.settled(Object.assign(each, { state: "done", version }));
    this.pump();
  }

  discard(id) { this.all.delete(id); this.pump(); }

  save() {
    const kept = [...this.all.values()].filter((each) => each.verb !== "presence");
    sessionStorage.setItem(this.store, JSON.stringify(kept));
    this.changed();
  }
}
