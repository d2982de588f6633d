// What a channel lets one say, before it is said.
import type { ChannelLimits, Plan } from "../api/schema";
import { clockOf, dateTimeOf, numberOf, say } from "../words";
import type { State } from "./frames";
import { segments } from "./segments";

export interface Limit {
  words: string;
  over: boolean;
}

const SOON_MS = 3_600_000;

/** How long the text is, in the channel's unit. */
export function lengthIn(unit: string, text: string): number {
  if (unit === "segments") return segments(text).segments;
  if (unit === "bytes") return new TextEncoder().encode(text).length;
  return unit === "utf16" ? text.length : Array.from(text).length;
}

/** What the composer says below the box: segments of an SMS (WhatsApp on the same account has none), else what is left of the channel's limit. */
export function limitOf(plan: Plan, { channel, scheme }: Pick<State, "channel" | "scheme">, text: string): Limit {
  const rules = plan.channels.find((each) => each.name === channel);
  if (!rules) return { words: "", over: false };
  const used = lengthIn(rules.text_unit, text), over = used > rules.text_limit;
  if (over) return { words: say("tooLong", { used: numberOf(used), most: numberOf(rules.text_limit) }), over };
  return { words: /sms/.test(channel) && scheme === "tel" ? smsWords(text, rules) : say("charactersLeft", { count: rules.text_limit - used }), over };
}

function smsWords(text: string, rules: ChannelLimits): string {
  const { encoding, segments: count, remaining } = segments(text);
  const most = numberOf(rules.text_limit);
  if (!text) return say("smsNone", { remaining, most });
  const words = say("smsCount", { segments: count, remaining, most });
  return encoding === "UCS-2" ? `${words} · ${say("smsSpecial")}` : words;
}

/** When the channel's window for replies ends, in ms; 0 if it has none. */
export function windowEnd(plan: Plan, { channel, scheme, last_inbound_at: last }: State): number {
  const seconds = plan.channels.find((each) => each.name === channel)?.windows[scheme];
  return seconds && last ? last + seconds * 1000 : 0;
}

/** Until when one may reply, or that one may no more; no words where there is no end. */
export function windowStands(end: number, now: number): { closed: boolean; words: string } {
  const left = end - now;
  if (!end) return { closed: false, words: "" };
  if (left < 0) return { closed: true, words: say("windowClosed", { at: dateTimeOf(end) }) };
  return { closed: false, words: left < SOON_MS ? say("windowSoon", { time: clockOf(left) }) : say("windowUntil", { at: dateTimeOf(end) }) };
}
