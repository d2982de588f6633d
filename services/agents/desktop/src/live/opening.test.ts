import { expect, test, vi } from "vitest";
import { clocksOf, nextClock, urgencyOf } from "./clocks";
import { Opening, openBetween } from "./opening";
import { stateOf } from "./state";

const HOUR = 3_600_000, at = (time: string) => Date.parse(`2026-11-${time}:00Z`);
const day = (date: string) => ({ begins: at(`${date}T09:00`), ends: at(`${date}T18:00`) });
const office = { spans: [day("23"), day("24")], until: at("25T00:00") };

test("open time leaves the night out; beyond what is known, and where it never opens, it is the clock's", () => {
  expect(openBetween(office, at("23T17:00"), at("24T09:30"))).toBe(1.5 * HOUR);
  expect(openBetween(office, at("23T19:00"), at("24T08:00"))).toBe(0);
  expect(openBetween(office, at("24T17:00"), at("25T01:00"))).toBe(2 * HOUR);
  expect(openBetween({ spans: [], until: at("25T00:00") }, at("23T19:00"), at("23T21:00"))).toBe(2 * HOUR);
});

test("a clock is near its end when three quarters of its open hours are over, though a night lies between", () => {
  // An hour begun at 17:10: fifty minutes today, ten tomorrow; three quarters are over at 17:55.
  const state = stateOf({ id: "0-a", clocks: "3600000:0:0:0:0:office", first_reply_by: at("24T09:10") });
  const clock = nextClock({ ...state, ...clocksOf(state as never) });
  expect(clock).toMatchObject({ name: "first_reply", calendar: "office" });
  const when = (time: string, open = office as typeof office | null) => clock && urgencyOf(clock, at(time), open);
  expect([when("23T17:54"), when("23T17:55"), when("24T08:00"), when("24T09:11")]).toEqual(["calm", "soon", "soon", "late"]);
  expect(when("23T17:55", null)).toBe("calm");
});

test("a calendar is asked for once, and once more where nobody answered", async () => {
  vi.useFakeTimers({ now: 0 });
  const answers = [null, office], calendars: string[] = [];
  const opening = new Opening(() => undefined, (calendar) => {
    calendars.push(calendar);
    return Promise.resolve(answers.shift() ?? null);
  });
  expect([opening.of(""), opening.of("office"), opening.of("office")]).toEqual([null, null, null]);
  await vi.advanceTimersByTimeAsync(4_999);
  expect([opening.of("office"), calendars.length]).toEqual([null, 1]);
  await vi.advanceTimersByTimeAsync(1);
  opening.of("office");
  await vi.advanceTimersByTimeAsync(1);
  expect([opening.of("office"), calendars]).toEqual([office, ["office", "office"]]);
  vi.useRealTimers();
});
