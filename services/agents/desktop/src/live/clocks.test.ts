import { expect, test } from "vitest";
import { clocksOf, nextClock, urgencyOf } from "./clocks";
import { stateOf } from "./state";

const MINUTE = 60_000;
const state = (more: object) => stateOf({ id: "0-a", clocks: "600000:1200000:3600000:86400000:600000:office", ...more });

test("the clock that ends next is shown, with how much of it is left", () => {
  const clock = nextClock(state({ next_reply_by: 20 * MINUTE, resolve_by: 50 * MINUTE, unanswered_at: 1 }));
  expect(clock).toEqual({ name: "next_reply", at: 20 * MINUTE, lasts: 20 * MINUTE, calendar: "office" });
  expect(clock && [0, 15, 20, 21].map((minute) => urgencyOf(clock, minute * MINUTE))).toEqual(["calm", "soon", "soon", "late"]);
});

test("a window asks for something only while the customer waits", () => {
  expect(nextClock(state({ window_by: 9 * MINUTE, unanswered_at: 1 }))?.name).toBe("window");
  expect(nextClock(state({ window_by: 9 * MINUTE, unanswered_at: 0 }))).toBeNull();
});

test("where nothing is promised there is no clock", () => {
  expect(nextClock(stateOf({ id: "0-a", first_reply_by: 1, clocks: "" }))).toBeNull();
});

test("the record, which keeps no clocks, takes none away", () => {
  const known = state({ first_reply_by: MINUTE });
  expect(clocksOf({ id: "0-a" }, known).first_reply_by).toBe(MINUTE);
  expect(clocksOf({ id: "0-a", clocks: "", first_reply_by: 0 }, known).first_reply_by).toBe(0);
});
