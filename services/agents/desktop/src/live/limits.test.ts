import { expect, test, vi } from "vitest";
import type { Plan } from "../api/schema";
import type { State } from "./frames";
import { limitOf, windowEnd, windowStands } from "./limits";

const CHANNEL = { name: "twilio-sms", title: "SMS (Twilio)", text_limit: 1_600, text_unit: "utf16" };
const plan = { channels: [CHANNEL] } as Plan;

vi.stubGlobal("navigator", { languages: ["en-GB"] });

test("an SMS is told in segments, and WhatsApp by the same account has none", () => {
  expect(limitOf(plan, { channel: "twilio-sms", scheme: "tel" }, "").words).toContain("160 characters in one SMS");
  expect(limitOf(plan, { channel: "twilio-sms", scheme: "whatsapp" }, "four").words).toBe("1,596 characters left");
});

test("WhatsApp is answered for a day after the customer's last words: until when, the last hour by the minute, then not at all", () => {
  const windows = { whatsapp: 86_400 }, wrote = Date.parse("2026-03-01T09:00:00Z"), HOUR = 3_600_000;
  const state = { channel: "twilio-sms", scheme: "whatsapp", last_inbound_at: wrote } as State;
  const end = windowEnd({ channels: [{ ...CHANNEL, windows }] } as unknown as Plan, state);
  expect(end).toBe(wrote + 24 * HOUR);
  expect(windowStands(end, wrote + HOUR)).toMatchObject({ closed: false, words: expect.stringMatching(/^you may reply until .*2 Mar/) as string });
  expect(windowStands(end, end - 90_000)).toEqual({ closed: false, words: "you may reply for 1:30 more" });
  expect(windowStands(end, end)).toMatchObject({ closed: false });
  expect(windowStands(end, end + 1)).toMatchObject({ closed: true, words: expect.stringContaining("takes no reply since") as string });
  expect(windowEnd({ channels: [{ ...CHANNEL, windows }] } as unknown as Plan, { ...state, scheme: "tel" })).toBe(0);
  expect(windowStands(0, wrote)).toEqual({ closed: false, words: "" });
});
