import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Looking } from "./looking";

let sent: object[] = [], connected = true, hidden = false;
const looking = (): Looking => new Looking((frame) => {
  if (connected) sent.push(frame);
  return connected;
}, () => hidden, () => undefined);
const frame = (conversation: string, doing = "looks") => ({ type: "looking", conversation, doing });

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.stubGlobal("window", globalThis);
  [sent, connected, hidden] = [[], true, false];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what is opened, begun and left is told once each", () => {
  const it = looking();
  const leave = it.at("0-a");
  it.tell();
  it.writing("note");
  it.writing("note");
  vi.advanceTimersByTime(4_000);
  leave();
  expect(sent).toEqual([frame("0-a"), frame("0-a", "note"), frame("0-a"), frame("")]);
});

test("who leaves what they have already exchanged for another does not leave the other", () => {
  const it = looking(), leave = it.at("0-a");
  it.at("0-b");
  leave();
  expect(sent.at(-1)).toEqual(frame("0-b"));
});

test("a hidden window looks at nothing, and a new connection is told at once", () => {
  const it = looking();
  it.at("0-a");
  hidden = true;
  it.tell();
  expect(sent.at(-1)).toEqual(frame(""));
  hidden = connected = false;
  it.tell();
  connected = true;
  it.welcome();
  expect(sent.at(-1)).toEqual(frame("0-a"));
});

test("others are those of what is open, until another is or the connection is new", () => {
  const it = looking(), ben = { id: "ben", name: "Ben", doing: "reply" as const };
  it.at("0-a");
  it.heard("0-a", [ben]);
  it.heard("0-b", []);
  expect([it.of("0-a"), it.of("0-b")]).toEqual([[ben], []]);
  it.welcome();
  expect(it.of("0-a")).toEqual([]);
});
