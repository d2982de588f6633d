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
const compiled = new Map<string, IntlMessageFormat>();
let spoken: Locale = "en";

export const locale = (): Locale => spoken;
export const has = (key: string): key is Key => Object.hasOwn(en, key);

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

/** The words of a name that comes from outside, as it is where we have none. */
export const sayName = (name: string): string => (has(name) ? say(name) : name);

/** Why something was not done, and what it was. */
export function whyNot({ code, detail }: { code: string; detail: string }, verb = ""): string {
  const why = has(code) ? say(code) : detail || code;
  return verb && verb !== "presence" && has(verb) ? `${say(verb)}: ${why}` : why;
}

export const timeOf = (at: string | number): string =>
  new Date(at).toLocaleTimeString(spoken, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The day in words, with the year where it is not this one. */
export function dayOf(at: string | number): string {
  const date = new Date(at), thisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleDateString(spoken, { weekday: "short", day: "numeric", month: "long", ...(thisYear ? {} : { year: "numeric" }) });
}

export const dateTimeOf = (at: string | number): string =>
  new Date(at).toLocaleString(spoken, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" } as Intl.DateTimeFormatOptions);

const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const;

/** A length of time as a chip shows it: its largest unit, whole. */
export function lengthOf(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ["second", 1_000];
  return new Intl.NumberFormat(spoken, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.floor(ms / size));
}

/** Minutes and seconds, for what runs out. */
export const clockOf = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

export const numberOf = (value: number): string => new Intl.NumberFormat(spoken).format(value);
