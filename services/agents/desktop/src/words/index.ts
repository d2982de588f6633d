// What the desk says, in the agent's language (FormatJS: ICU messages, plural forms by Intl).
import { IntlMessageFormat } from "intl-messageformat";
import { en } from "./en";
import { lv } from "./lv";
import { tr } from "./tr";

export type Key = keyof typeof en;
export type Locale = "en" | "tr" | "lv";
type Values = Record<string, string | number>;

const LANGUAGES: Record<Locale, Record<Key, string>> = { en, tr, lv };
export const LOCALES = Object.keys(LANGUAGES) as Locale[];
/** Each language by its own name. */
export const OWN_NAMES: Record<Locale, string> = { en: "English", tr: "Türkçe", lv: "Latviešu" };
const compiled = new Map<string, IntlMessageFormat>();
let spoken: Locale = "en";

export const locale = (): Locale => spoken;
const isKey = (key: string): key is Key => Object.hasOwn(en, key);

/** Words for names that the server or colleagues use; anything else they write is shown as it is. */
const NAMES = new Set([
  "busy", "not-my-skill", "break", "meeting", "training", "other", "resolved", "no-answer", "spam",
  "available", "away", "offline", "tel", "mailto", "whatsapp", "visitor",
  "accept", "decline", "reply", "transfer", "escalate", "snooze", "wake", "assign", "wrap-up", "close", "callback", "drain", "taken",
  "consult", "consult-end", "take-over", "reorder", "shut", "open",
]);

/** Words for the codes of what was not done. */
const CODES = new Set([
  "wrong-credentials", "unreachable", "gone", "taken", "late", "not-yours", "unknown", "opted-out", "absent", "draining", "no-room", "own", "old", "past",
  "not-followed", "board-away", "record-away", "not-allowed", "not-found", "login-taken", "shortcut-taken",
  "version-conflict", "noteFailed", "bad-search", "too-broad", "too-fast", "too-much", "file-gone", "asked", "enough",
]);

/** The nearest language we have to the one wanted. */
export function speak(wanted: string): void {
  spoken = LOCALES.find((each) => wanted.toLowerCase().startsWith(each)) ?? "en";
  document.documentElement.lang = spoken;
}

/** The words of a key, `{names}` filled in and plurals chosen. */
export function say(key: Key, values: Values = {}): string {
  const name = `${spoken}:${key}`;
  const message = compiled.get(name) ?? new IntlMessageFormat(LANGUAGES[spoken][key], spoken, undefined, { ignoreTag: true });
  compiled.set(name, message);
  return String(message.format(values));
}

/** That a queue is shut, and until when. */
export const shutWords = (until: string | null): string => (until ? say("shutUntil", { at: momentOf(until) }) : say("shutNow"));

/** The words of a name that comes from outside, as it is where we have none. */
export const sayName = (name: string): string => (NAMES.has(name) && isKey(name) ? say(name) : name);

/** A conversation's status in one word. */
export const sayStatus = (status: string): string => sayPrefixed("is", status);

/** What a channel of ours is called; any other by the title it has itself. */
export const sayChannel = (name: string, title: string): string => sayPrefixed("channel", name, title);

/** What somebody is here. */
export const sayRole = (role: string): string => sayPrefixed("role", role);

/** Of what kind words without an agent were. */
export const sayTold = (kind: string): string => sayPrefixed("told", kind);

/** What happened, in a few words. */
export const sayEvent = (type: string): string => sayPrefixed("event", type.replace(/^trunkline\.([\w-]+)\.([\w-]+)\.v\d+$/, "$1.$2"));

function sayPrefixed(prefix: string, name: string, otherwise = name): string {
  const key = `${prefix}.${name}`;
  return isKey(key) ? say(key) : otherwise;
}

/** Why something was not done, and what it was. */
export function whyNot({ code, detail, retryAfter }: { code: string; detail: string; retryAfter?: number }, verb = ""): string {
  const why = CODES.has(code) && isKey(code) ? say(code, { s: retryAfter || 60 }) : detail || code;
  return verb && verb !== "presence" ? `${sayName(verb)}: ${why}` : why;
}

/** The person's own region of the language they read, where their browser says one. */
const region = (): string => navigator.languages.find((each) => each.startsWith(`${spoken}-`)) ?? spoken;

export const timeOf = (at: string | number): string =>
  new Date(at).toLocaleTimeString(region(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The day in words, with the year where it is not this one. */
export function dayOf(at: string | number): string {
  const date = new Date(at), thisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleDateString(region(), { weekday: "short", day: "numeric", month: "long", ...(thisYear ? {} : { year: "numeric" }) });
}

/** Day and time, with the year where it is not this one. */
export function dateTimeOf(at: string | number): string {
  const date = new Date(at), thisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleString(region(), {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(thisYear ? {} : { year: "numeric" }),
  });
}

/** As short as it can be told: the time of today, else the day, with the year where it is not this one. */
export function momentOf(at: string | number): string {
  const date = new Date(at), now = new Date();
  if (date.toDateString() === now.toDateString()) return timeOf(at);
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString(region(), { day: "numeric", month: "short", ...year });
}

const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const;

type Width = "long" | "short" | "narrow";

/** Its largest unit, whole; a line does not end between the two. */
function lengthAs(ms: number, unitDisplay: Width): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ["second", 1_000];
  return new Intl.NumberFormat(spoken, { style: "unit", unit, unitDisplay }).format(Math.floor(ms / size)).replaceAll(" ", "\u00a0");
}

/** A length of time as a chip shows it. The narrow Turkish minute reads like a day: there it is short. */
export const lengthOf = (ms: number): string => lengthAs(ms, spoken === "tr" ? "short" : "narrow");

/**
 * A length of time within a sentence.
 * In Latvian its unit would need another case each time: there it is as on a chip, and without a full stop, for the
 * sentence has its own.
 */
export const spanOf = (ms: number): string => (spoken === "lv" ? lengthAs(ms, "narrow").replace(/\.$/, "") : lengthAs(ms, "long"));

/** A language's name in the one spoken here; its code where the browser knows none. */
export const languageOf = (code: string): string => new Intl.DisplayNames([spoken], { type: "language" }).of(code) ?? code;

/** Minutes and seconds, for what runs out. */
export function clockOf(ms: number): string {
  const seconds = Math.ceil(ms / 1000); // 0:00 would say that it is over while there still is a moment
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export const numberOf = (value: number): string => new Intl.NumberFormat(region()).format(value);

const of = (options: Intl.NumberFormatOptions, value: number): string =>
  new Intl.NumberFormat(region(), { maximumFractionDigits: 2, ...options }).format(value);

/** To two places. */
export const fractionOf = (value: number): string => of({}, value);

/** To two places, with its sign. */
export const signedOf = (value: number): string => of({ signDisplay: "exceptZero" }, value);

const SIZES = [["megabyte", 1_000_000], ["kilobyte", 1_000]] as const;

/** The size of a file, in its largest unit. */
export function sizeOf(bytes: number): string {
  const [unit, size] = SIZES.find(([, each]) => bytes >= each) ?? ["byte", 1];
  return new Intl.NumberFormat(region(), { style: "unit", unit, unitDisplay: size === 1 ? "long" : "short", maximumFractionDigits: 1 }).format(bytes / size);
}
