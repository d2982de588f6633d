import { expect, test } from "vitest";
import { untilTheyWrite, usualTimes } from "./snoozed";

const at = (text: string): number => new Date(text).getTime(); // by the clock on this wall, as people mean it

test("the usual times are later, and days begin at nine", () => {
  const thursday = at("2026-11-19T16:30:00");
  expect(usualTimes(thursday)).toEqual({
    hour: at("2026-11-19T17:30:00"), hours: at("2026-11-19T19:30:00"),
    tomorrow: at("2026-11-20T09:00:00"), monday: at("2026-11-23T09:00:00"),
  });
});

test.each([["2026-11-22T10:00:00", "2026-11-23T09:00:00"], ["2026-11-23T08:00:00", "2026-11-30T09:00:00"]])(
  "Monday is the next one: from %s, %s", (now, monday) => expect(usualTimes(at(now)).monday).toBe(at(monday)),
);

test("what waits for the customer is put off for a week at most: they may never write", () => {
  expect(untilTheyWrite(Date.UTC(2026, 2, 1, 9))).toEqual({ verb: "snooze", body: { until: "2026-03-08T09:00:00.000Z", note: "" } });
});
