import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Actions, type Action } from "./actions";

const sent: { id: string; verb: string }[] = [];
const settled: Action[] = [];
let connected = true;
let kept = new Map<string, string>();
const place = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };

function desk(): Actions {
  return new Actions({
    send: (frame) => {
      if (connected) sent.push(frame as { id: string; verb: string });
      return connected;
    },
    changed: () => undefined,
    settled: (action) => settled.push({ ...action }),
  }, place);
}

beforeEach(() => {
  vi.useFakeTimers();
  connected = true;
  kept = new Map();
  sent.length = settled.length = 0;
});
afterEach(() => vi.useRealTimers());

test("replies of one conversation go one after another, others do not wait", () => {
  const actions = desk();
  const first = actions.start("reply", "0-a", { text: "one" });
  const second = actions.start("reply", "0-a", { text: "two" });
  const other = actions.start("reply", "0-b", { text: "three" });
  expect(sent.map(({ id }) => id)).toEqual([first.id, other.id]);
  actions.answer({ type: "answer", id: first.id, status: "done", version: 3 });
  expect(sent.at(-1)?.id).toBe(second.id);
});

test("what is not answered is asked again with the same id, also over a reload", () => {
  connected = false;
  const { id } = desk().start("reply", "0-a", { text: "one" });
  expect(sent).toEqual([]);
  connected = true;
  const reloaded = desk();
  reloaded.reconnected();
  expect(sent.map((frame) => frame.id)).toEqual([id]);
  vi.advanceTimersByTime(12_000);
  reloaded.pump();
  expect(sent.map((frame) => frame.id)).toEqual([id, id]);
});

test("an answer that is pending is asked for again after two seconds, and not before", () => {
  const actions = desk(), { id } = actions.start("accept", "0-a", { fence: 1 });
  actions.answer({ type: "answer", id, status: "pending" });
  actions.pump();
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(2_000);
  actions.pump();
  expect(sent).toHaveLength(2);
});

test("a refusal for now is waited out, a refusal is told once", () => {
  const actions = desk(), one = actions.start("reply", "0-a", { text: "one" });
  actions.answer({ type: "answer", id: one.id, status: "refused", code: "behind", retry_after_s: 5 });
  expect(actions.of("0-a")[0]?.state).toBe("waiting");
  expect(settled).toEqual([]);
  vi.advanceTimersByTime(5_000);
  actions.pump();
  actions.answer({ type: "answer", id: one.id, status: "refused", code: "opted-out" });
  expect(settled.map(({ state, code }) => [state, code])).toEqual([["refused", "opted-out"]]);
});

test("a close does not follow a reply that was refused", () => {
  const actions = desk(), reply = actions.start("reply", "0-a", { text: "one" });
  actions.start("close", "0-a", { code: "resolved" }, reply.id);
  actions.answer({ type: "answer", id: reply.id, status: "refused", code: "opted-out" });
  expect(sent.map(({ verb }) => verb)).toEqual(["reply"]);
  expect(settled.map(({ verb, code }) => [verb, code])).toEqual([["reply", "opted-out"], ["close", "not-followed"]]);
});

test("a close follows a reply that is in the log", () => {
  const actions = desk(), reply = actions.start("reply", "0-a", { text: "one" });
  actions.start("close", "0-a", { code: "resolved" }, reply.id);
  actions.answer({ type: "answer", id: reply.id, status: "done", version: 4 });
  expect(sent.map(({ verb }) => verb)).toEqual(["reply", "close"]);
});

test("what is older than the board remembers is not repeated by itself", () => {
  const actions = desk();
  actions.start("reply", "0-a", { text: "one" });
  vi.advanceTimersByTime(51 * 60_000);
  actions.reconnected();
  expect(sent).toHaveLength(1);
  expect(settled.map(({ code }) => code)).toEqual(["old"]);
});
