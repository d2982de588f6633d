import { expect, test } from "vitest";
import { verdictOf } from "./health";

const none = { account: "sms", last_inbound_at: null, last_sent_at: null, sent: 0, failed: 0, under_way: 0, last_failed_at: null, last_failure: "", refused: 0 };
const EARLY = "2026-03-01T09:00:00Z", LATE = "2026-03-01T10:00:00Z";

test("an account whose last reply was lost fails; one that has sent since does not", () => {
  expect(verdictOf(none)).toBe("quiet");
  expect(verdictOf({ ...none, last_inbound_at: EARLY })).toBe("well");
  expect(verdictOf({ ...none, sent: 1, last_sent_at: EARLY, failed: 1, last_failed_at: LATE })).toBe("failing");
  expect(verdictOf({ ...none, failed: 1, last_failed_at: LATE })).toBe("failing");
  expect(verdictOf({ ...none, sent: 1, last_sent_at: LATE, failed: 1, last_failed_at: EARLY })).toBe("some-failed");
});
