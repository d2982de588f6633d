import { expect, test, vi } from "vitest";
import type { Plan } from "../api/schema";
import { limitOf } from "./limits";

const CHANNEL = { name: "twilio-sms", title: "SMS (Twilio)", text_limit: 1_600, text_unit: "utf16" };
const plan = { channels: [CHANNEL] } as Plan;

vi.stubGlobal("navigator", { languages: ["en-GB"] });

test("an SMS is told in segments, and WhatsApp by the same account has none", () => {
  expect(limitOf(plan, { channel: "twilio-sms", scheme: "tel" }, "").words).toContain("160 characters in one SMS");
  expect(limitOf(plan, { channel: "twilio-sms", scheme: "whatsapp" }, "four").words).toBe("1,596 characters left");
});
