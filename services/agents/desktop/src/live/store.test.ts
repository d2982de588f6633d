import { beforeEach, expect, test } from "vitest";
import type { DeliveryStatus, LogEvent, RawState, Row } from "./frames";
import { isQuiet, lastWords, reasonsOf } from "./state";
import { Store } from "./store";

let record: Record<string, Row> = {};
let asked: string[] = [];
let done: string[] = [];
let decided: string[] = [];
let asks: string[] = [];

function store(): Store {
  return new Store("ana", {
    changed: () => undefined,
    keeps: () => false,
    seen: () => false,
    done: (operation) => void done.push(operation),
    fetch: (id) => {
      asked.push(id);
      return Promise.resolve(record[id] ?? null);
    },
    heard: () => undefined,
    decided: (what, { id }) => void decided.push(`${what} ${id}`),
    asked: ({ question }) => void asks.push(question?.note ?? ""),
  });
}

beforeEach(() => {
  record = {};
  asked = [];
  done = [];
  decided = [];
  asks = [];
});

const state = (version: number, more: object = {}): RawState => ({
  id: "0-a", version, status: "active", owner: "ana", queue: "support", channel: "twilio-sms", contact: "+371", requirement: "support|twilio-sms|1|", ...more,
});

const event = (version: number, kind: string, details?: object, more: object = {}): LogEvent => ({
  type: `trunkline.${kind}.v1`, subject: "0-a", time: "2026-01-01T00:00:00Z",
  data: { version, state: state(version, more), ...(details ? { details } : {}) },
});

const words = (id: string, text: string) => ({ message: { id, parts: [{ kind: "text", text }], received_at: "2026-01-01T00:00:00Z" } });
const reply = (id: string) => ({ message: { id, parts: [{ kind: "text", text: "Hi" }], written_at: "2026-01-01T00:00:01Z", agent: "ana" } });
const recorded = (id: string): Row["messages"][number] => ({
  id, conversation: "0-a", sequence: 1, version: 1, direction: "outbound", account: "sms-main", parts: [{ kind: "text", text: "Hi" }], reply_to: null,
  agent: "ana", at: "2026-01-01T00:00:01Z", provider_ids: [], status: null, status_code: null, status_text: null, possible_duplicate: false,
});
const settle = () => new Promise((resume) => setTimeout(resume));
const delivery = (kind: string, data: object): LogEvent =>
  ({ type: `trunkline.delivery.${kind}.v1`, subject: "0-a", time: "", data: { conversation: "0-a", message: "r", ...data } as LogEvent["data"] });

test("events in order are folded, an old one is dropped", () => {
  const it = store();
  it.event(event(1, "conversation.opened", words("m1", "Hello")));
  it.event(event(2, "offer.accepted"));
  it.event(event(1, "conversation.opened", words("m1", "Hello")));
  const held = it.all.get("0-a");
  expect(held?.version).toBe(2);
  expect(held?.messages.map(({ id }) => id)).toEqual(["m1"]);
  expect(asked).toEqual([]);
});

test("a hole is filled by reading the record, and what came meanwhile is kept", async () => {
  const it = store();
  it.event(event(1, "conversation.opened", words("m1", "Hello")));
  record["0-a"] = { conversation: state(2), version: 2, messages: [] };
  it.event(event(3, "conversation.message-added", words("m3", "Anybody?")));
  await settle();
  expect(asked).toEqual(["0-a"]);
  expect(it.all.get("0-a")?.version).toBe(3);
  expect(it.all.get("0-a")?.messages.map(({ id }) => id)).toEqual(["m3"]);
});

test("the last words are the customer's, whatever was said after them", () => {
  const it = store();
  it.event(event(1, "conversation.opened", words("m1", "Hello")));
  it.event(event(2, "conversation.replied", reply("r")));
  const held = it.all.get("0-a");
  expect(held && lastWords(held)).toBe("Hello");
  expect(held?.unread).toBe(1);
});

test("what becomes of a reply only grows: a late receipt takes nothing back", () => {
  const it = store();
  it.event(event(1, "conversation.replied", reply("r")));
  const status = () => it.all.get("0-a")?.messages[0]?.status;
  it.event(delivery("sent", { provider_ids: ["p1"] }));
  it.event(delivery("receipt", { part: 1, status: "delivered", provider_id: "p1" }));
  it.event(delivery("receipt", { part: 1, status: "sent", provider_id: "p1" }));
  expect(status()).toBe("delivered");
});

test("a reply in two pieces is delivered when both are, and failed when one is", () => {
  const it = store();
  it.event(event(1, "conversation.replied", reply("r")));
  it.event(delivery("step-accepted", { parts: 2, provider_ids: ["p1", "p2"] }));
  it.event(delivery("receipt", { part: 1, status: "delivered" }));
  expect(it.all.get("0-a")?.messages[0]?.status).toBeNull();
  it.event(delivery("receipt", { part: 2, status: "failed", text: "unreachable" }));
  expect(it.all.get("0-a")?.messages[0]).toMatchObject({ status: "failed", status_text: "unreachable" });
});

test("of a reply in two pieces, one told of before we held it, the record knows what became of it", async () => {
  const it = store();
  const row = (status: DeliveryStatus): Row => ({ conversation: state(1), version: 1, messages: [{ ...recorded("r"), provider_ids: ["p1", "p2"], status }] });
  it.snapshot([row("sent")]);
  record["0-a"] = row("delivered");
  it.event(delivery("receipt", { part: 1, status: "delivered", provider_id: "p2" }));
  await settle();
  expect(it.all.get("0-a")?.messages[0]?.status).toBe("delivered");
  await settle();
  record["0-a"] = row("read");
  void it.read("0-a");
  it.event(delivery("receipt", { part: 1, status: "read", provider_id: "p2" }));
  await expect.poll(() => asked.length).toBe(3);
});

test("what became of a reply may be told before the reply is here", () => {
  const it = store(), status = () => it.all.get("0-a")?.messages.find(({ id }) => id === "r")?.status;
  it.event(event(1, "conversation.opened", words("m1", "Hello")));
  it.event(delivery("sent", { provider_ids: ["p1"] }));
  it.event(event(2, "conversation.replied", reply("r")));
  expect(status()).toBe("sent");
  it.event(delivery("receipt", { part: 1, status: "delivered", provider_id: "p1" }));
  expect(status()).toBe("delivered");
  it.event(event(3, "conversation.replied", reply("s")));
  expect(it.all.get("0-a")?.messages.at(-1)?.status).toBeNull();
});

test("what became of a reply is not lost while a hole before it is filled, though the record does not know of it", async () => {
  const it = store(), status = () => it.all.get("0-a")?.messages[0]?.status;
  it.event(event(1, "offer.accepted"));
  record["0-a"] = { conversation: state(3), version: 3, messages: [recorded("r")] };
  it.event(event(3, "conversation.replied", reply("r")));
  it.event(delivery("sent", { provider_ids: ["p1"] }));
  it.event(delivery("receipt", { part: 1, status: "delivered", provider_id: "p1" }));
  expect(status()).toBeUndefined();
  await settle();
  expect(status()).toBe("delivered");
});

test("what became of a reply is not lost while its conversation, not held yet, is read", async () => {
  const it = store();
  it.event(delivery("sent", { provider_ids: ["p1"] }));
  record["0-a"] = { conversation: state(1), version: 1, messages: [recorded("r")] };
  await it.read("0-a");
  expect(it.all.get("0-a")?.messages[0]?.status).toBe("sent");
});

test("a transfer tells the next agent who passed it on and why", () => {
  const it = store();
  it.event(event(1, "conversation.transferred", { sender: "ben", note: "speaks Latvian" }, { owner: "ben", keeps: "ben", offered_to: "ana" }));
  expect(it.all.get("0-a")?.handover).toEqual({ sender: "ben", note: "speaks Latvian" });
});

test("who came in the middle of the story learns from the record who passed it on", async () => {
  const it = store();
  const details = { sender: "ben", note: "wants his money back" };
  record["0-a"] = { conversation: state(4), version: 4, messages: [], events: [{ type: "trunkline.conversation.transferred.v1", details }] };
  it.event(event(5, "conversation.offered", undefined, { owner: "", keeps: "ben", offered_to: "ana", status: "offered" }));
  await settle();
  expect(it.all.get("0-a")?.handover).toEqual(details);
});

test("of an offer to several the others keep theirs, and who was not quick enough hears that it is taken", () => {
  const it = store(), asked = { owner: "", status: "offered", offered_to: "ben,ana,cy", fence: 1 };
  it.event(event(1, "conversation.offered", undefined, asked));
  it.event(event(2, "offer.declined", undefined, { ...asked, offered_to: "ben,ana", reason: "busy" }));
  expect(it.offers().map(({ id }) => id)).toEqual(["0-a"]);
  expect(decided).toEqual([]);
  it.event(event(3, "offer.rescinded", undefined, { ...asked, offered_to: "ben", reason: "taken" }));
  expect([...it.all.keys()]).toEqual([]);
  expect(decided).toEqual(["taken 0-a"]);
});

test("an offer that is taken back for another reason was taken by nobody", () => {
  const it = store(), asked = { owner: "", status: "offered", offered_to: "ana", fence: 1 };
  it.event(event(1, "conversation.offered", undefined, asked));
  it.event(event(2, "offer.rescinded", undefined, { ...asked, offered_to: "", status: "queued", reason: "away" }));
  expect(decided).toEqual([]);
});

test("what a queue gives without asking is mine, and it is told once", () => {
  const it = store(), given = event(1, "offer.auto-accepted", undefined, { owner: "ana", status: "active", offered_to: "" });
  it.event(given);
  it.event(given);
  expect(it.own().map(({ id }) => id)).toEqual(["0-a"]);
  expect(decided).toEqual(["given 0-a"]);
});

test("what is not mine any more is gone, and its operation is settled", () => {
  const it = store();
  it.event(event(1, "offer.accepted"));
  const passed = event(2, "conversation.queued", undefined, { owner: "", status: "queued" });
  passed.data.operation = "op";
  it.event(passed);
  expect([...it.all.keys()]).toEqual([]);
  expect(done).toEqual(["op"]);
});

test("a snapshot takes the place of all that was known", () => {
  const it = store();
  it.event(event(1, "offer.accepted"));
  it.snapshot([{ conversation: { ...state(4), id: "0-b" }, version: 4, messages: [] }]);
  expect([...it.all.keys()]).toEqual(["0-b"]);
});

test("what I put off is kept apart, the next to wake first, and is gone when it wakes", () => {
  const it = store();
  it.event(event(1, "offer.accepted"));
  it.event(event(2, "conversation.snoozed", { note: "", wake_at: 5_000 }, { status: "snoozed", owner: "", last_agent: "ana", wake_at: 5_000 }));
  expect(it.own()).toEqual([]);
  expect(it.snoozed().map(({ id, state: { wake_at: at } }) => [id, at])).toEqual([["0-a", 5_000]]);
  it.event(event(3, "conversation.woken", undefined, { status: "queued", owner: "", last_agent: "ana" }));
  expect(it.snoozed()).toEqual([]);
});

test("when it wakes is read from the event of its last snooze, where the record alone is asked", async () => {
  const it = store();
  const snoozed = (wakeAt: number) => ({ type: "trunkline.conversation.snoozed.v1", details: { wake_at: wakeAt } });
  const put = state(7, { status: "snoozed", owner: "", last_agent: "ana" });
  record["0-a"] = { conversation: put, version: 7, messages: [], events: [snoozed(1_000), snoozed(9_000)] };
  await it.read("0-a");
  expect(it.snoozed()[0]?.state.wake_at).toBe(9_000);
});

test("what I put off and a supervisor gave to another is on no list of mine any more", () => {
  const it = store(), mine = { owner: "", last_agent: "ana" };
  it.event(event(1, "offer.accepted"));
  it.event(event(2, "conversation.snoozed", { note: "", wake_at: 5_000 }, { ...mine, status: "snoozed", wake_at: 5_000 }));
  it.event(event(3, "conversation.assigned", { note: "" }, { status: "active", owner: "ben", last_agent: "ben" }));
  expect([it.snoozed(), it.own()]).toEqual([[], []]);
});

test("the reasons of an offer are read as the board wrote them, and outlive a read of the record, which has none", async () => {
  const it = store();
  it.event(event(1, "conversation.offered", undefined, { why: "3:2:1:61000", status: "offered", offered_to: "ana", owner: "" }));
  record["0-a"] = { conversation: state(1), version: 1, messages: [] };
  await it.read("0-a");
  expect(reasonsOf(it.all.get("0-a")?.state.why ?? "")).toEqual({ satisfied: 3, room: 2, declined: 1, idleMs: 61_000 });
  expect([reasonsOf(""), reasonsOf("1:2"), reasonsOf("a:b:c:d")]).toEqual([null, null, null]);
});

test("who drains says so by the log, by a welcome's word and by one's own, and of nobody else", () => {
  const it = store();
  const told = (id: string, draining: number): LogEvent =>
    ({ type: "trunkline.agent.drain-changed.v1", subject: id, time: "", data: { state: { id, presence: "available", draining } } as unknown as LogEvent["data"] });
  it.event(told("berk", 1));
  expect(it.draining).toBe(false);
  it.event(told("ana", 1));
  expect([it.draining, it.presence]).toEqual([true, "available"]);
  it.spoke("drain", { agent: "berk", draining: false });
  expect(it.draining).toBe(true);
  it.spoke("drain", { agent: "ana", draining: false });
  expect(it.draining).toBe(false);
});

test("what one is consulted in stands apart from one's own, until the owner says so", () => {
  const it = store(), theirs = { owner: "ben", consulted: "cy,ana" };
  it.event(event(1, "conversation.consulted", { by: "ben", to: "ana", note: "Covered?" }, theirs));
  expect([it.consulted().map(({ id }) => id), it.own()]).toEqual([["0-a"], []]);
  expect([it.all.get("0-a")?.question, asks]).toEqual([{ by: "ben", note: "Covered?" }, ["Covered?"]]);
  it.event(event(2, "conversation.message-added", words("m2", "Well?"), theirs));
  expect(it.all.get("0-a")?.messages.map(({ id }) => id)).toEqual(["m2"]);
  it.event(event(3, "conversation.consultation-ended", { agent: "ana", by: "ben" }, { owner: "ben", consulted: "cy" }));
  expect(it.all.size).toBe(0);
});

test("who takes over what they were consulted in has it among their own", () => {
  const it = store();
  it.event(event(1, "conversation.consulted", { by: "ben", to: "ana" }, { owner: "ben", consulted: "ana" }));
  it.event(event(2, "conversation.taken-over", { by: "ana", sender: "ben" }, { owner: "ana", consulted: "" }));
  expect([it.consulted(), it.own().map(({ id }) => id)]).toEqual([[], ["0-a"]]);
});

test("that a conversation is quiet is the board's word: the record, which keeps none, takes it not away", async () => {
  const it = store();
  it.event(event(1, "conversation.quieted", undefined, { weight: 2, relief: 2 }));
  record["0-a"] = { conversation: state(1), version: 1, messages: [] };
  await it.read("0-a");
  const quiet = it.all.get("0-a")?.state;
  expect(quiet && isQuiet(quiet)).toBe(true);
  it.event(event(2, "conversation.message-added", words("m9", "I am back"), { weight: 2, relief: 0 }));
  const back = it.all.get("0-a")?.state;
  expect(back && isQuiet(back)).toBe(false);
});
