import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { State } from "./frames";
import { Signals } from "./signals";
import { blank, type Held, type Said } from "./state";

let sent: object[] = [], connected = true;
const signals = (): Signals => new Signals("ana", (frame) => {
  if (connected) sent.push(frame);
  return connected;
}, () => undefined);

const inbound = (id: string): Said => ({ id, direction: "inbound" }) as Said;
const held = (messages: Said[], owner = "ana"): Held => ({ ...blank({ id: "0-a", owner } as State), messages });

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  sent = [];
  connected = true;
});
afterEach(() => vi.useRealTimers());

test("what a contact types is shown for three seconds, or until it has come", () => {
  const it = signals();
  it.heard("0-a");
  expect([it.isTyping("0-a"), it.isTyping("0-b")]).toEqual([true, false]);
  vi.advanceTimersByTime(3_000);
  expect(it.isTyping("0-a")).toBe(false);
  it.heard("0-a");
  it.wrote("0-a");
  expect(it.isTyping("0-a")).toBe(false);
});

test("my typing is told at most every two seconds, for each conversation", () => {
  const it = signals();
  for (const id of ["0-a", "0-a", "0-b"]) it.typing(id);
  expect(sent).toEqual([{ type: "typing", conversation: "0-a" }, { type: "typing", conversation: "0-b" }]);
  vi.advanceTimersByTime(2_000);
  it.typing("0-a");
  expect(sent).toHaveLength(3);
});

test("each last word is told as seen once, by its owner alone, and again only if it could not be told", () => {
  const it = signals();
  it.seen(held([inbound("m1")], "ben"));
  connected = false;
  it.seen(held([inbound("m1")]));
  connected = true;
  expect(sent).toEqual([]);
  it.seen(held([inbound("m1")]));
  it.seen(held([inbound("m1")]));
  expect(sent).toEqual([{ type: "seen", conversation: "0-a" }]);
  it.seen(held([inbound("m1"), inbound("m2")]));
  expect(sent).toHaveLength(2);
});
