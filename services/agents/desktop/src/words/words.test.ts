import { IntlMessageFormat } from "intl-messageformat";
import { afterEach, expect, test, vi } from "vitest";
import { COMMANDS, SENDING, sendingOf } from "../live/commands";
import { en } from "./en";
import { clockOf, dateTimeOf, languageOf, lengthOf, say, sayChannel, sayName, sizeOf, spanOf, speak, whyNot, type Key } from "./index";
import { lv } from "./lv";
import { tr } from "./tr";

vi.stubGlobal("document", { documentElement: { lang: "" } });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
afterEach(() => speak("en"));

/** The names of what a message needs. */
function needs(message: string): string[] {
  const found = new Set<string>();
  const walk = (parts: unknown[]): void => {
    for (const part of parts as { type: number; value?: string; options?: Record<string, { value: unknown[] }> }[]) {
      if (part.type !== 0 && part.type !== 7 && part.value) found.add(part.value);
      for (const option of Object.values(part.options ?? {})) walk(option.value);
    }
  };
  walk(new IntlMessageFormat(message, "en", undefined, { ignoreTag: true }).getAst());
  return [...found].sort();
}

test.each([["tr", tr], ["lv", lv]] as const)("%s says everything, with the same names in it", (_, words) => {
  for (const key of Object.keys(en) as Key[]) {
    expect(words[key].trim(), key).not.toBe("");
    expect(needs(words[key]), key).toEqual(needs(en[key]));
  }
});

test.each(["en", "tr", "lv"])("%s says each thing in one place: of two, the later would stand for both", (language) => {
  const files = import.meta.glob<string>("./*.ts", { query: "?raw", import: "default", eager: true });
  const sources = Object.entries(files).filter(([name]) => name.endsWith(`/${language}.ts`) || name.endsWith(`.${language}.ts`));
  const keys = sources.flatMap(([, source]) => [...source.matchAll(/^ {2}"?([\w.-]+)"?: /gm)].map(([, key]) => key));
  expect(sources.length).toBeGreaterThan(5);
  expect(keys.length).toBeGreaterThanOrEqual(Object.keys(en).length);
  expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
});

test.each([[0, "0 nelasītu ziņu"], [1, "1 nelasīta ziņa"], [2, "2 nelasītas ziņas"], [11, "11 nelasītu ziņu"], [21, "21 nelasīta ziņa"]])(
  "Latvian has three forms: %i", (count, words) => {
    speak("lv-LV");
    expect(say("unread", { count })).toBe(words);
  },
);

test("English and Turkish have theirs", () => {
  expect([1, 2].map((count) => say("unread", { count }))).toEqual(["1 unread message", "2 unread messages"]);
  speak("tr");
  expect(say("unread", { count: 5 })).toBe("5 okunmamış mesaj");
});

test("words that others wrote are shown as they are, also where we have a message of that name", () => {
  expect(sayName("failed")).toBe("failed");
  expect(sayName("break")).toBe("break");
  expect(whyNot({ code: "failed", detail: "" })).toBe("failed");
  expect(whyNot({ code: "gone", detail: "" })).toBe(en.gone);
});

test("our channels have a name in the language spoken, and others the title they came with", () => {
  speak("tr");
  expect([sayChannel("email", "E-mail"), sayChannel("carrier-pigeon", "Carrier pigeon")]).toEqual(["E-posta", "Carrier pigeon"]);
  speak("en");
});

test("a length of time is told in its largest whole unit", () => {
  expect([59_000, 60_000, 3_599_000, 90_000_000].map(lengthOf)).toEqual(["59s", "1m", "59m", "1d"]);
});

test("a minute never reads like a day, and sentences have whole words where the language lets them", () => {
  speak("tr");
  expect([lengthOf(120_000), lengthOf(172_800_000), spanOf(120_000)]).toEqual(["2\u00a0dk.", "2\u00a0gün", "2\u00a0dakika"]);
  speak("lv");
  expect([spanOf(30_000), spanOf(120_000), spanOf(172_800_000)]).toEqual(["30\u00a0s", "2\u00a0min", "2\u00a0d"]);
  speak("en");
  expect(spanOf(120_000)).toBe("2\u00a0minutes");
});

test("the year is told where it is another one", () => {
  const year = new Date().getFullYear();
  expect(dateTimeOf(new Date(year, 5, 1, 9, 30).getTime())).not.toContain(String(year));
  expect(dateTimeOf(new Date(year - 1, 5, 1, 9, 30).getTime())).toContain(String(year - 1));
});

test("each way to send has one key of its own, and Shift+Enter alone is a new line", () => {
  const pressed = (keys: string) => ({ key: "Enter", ctrlKey: /Ctrl/.test(keys), altKey: /Alt/.test(keys), shiftKey: /Shift/.test(keys), metaKey: false });
  expect(SENDING.map(({ keys }) => sendingOf(pressed(keys)))).toEqual(SENDING.map(({ how }) => how));
  expect(new Set(SENDING.map(({ keys }) => keys)).size).toBe(SENDING.length);
  expect(sendingOf(pressed("Shift+Enter"))).toBeUndefined();
  expect(sendingOf({ ...pressed(""), metaKey: true })).toBe("close");
});

test("a small file has a unit that reads well", () => {
  speak("en");
  expect([sizeOf(4), sizeOf(1), sizeOf(2_500)]).toEqual(["4 bytes", "1 byte", "2.5 kB"]);
});

test("every command has a key", () => {
  expect(COMMANDS.filter(({ keys }) => !keys.length).map(({ id }) => id)).toEqual([]);
});

test("no two commands answer to one key, but the two sides of presence and of draining", () => {
  const keys = COMMANDS.filter(({ id }) => id !== "away" && id !== "undrain").flatMap((command) => command.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a language has its name in the one spoken, and its code where it has none", () => {
  speak("lv");
  expect(languageOf("tr")).toBe("turku");
  speak("tr");
  expect(languageOf("lv")).toBe("Letonca");
  expect(languageOf("qqx")).toBe("qqx");
  speak("en");
});

test.each([[30_000, "0:30"], [29_001, "0:30"], [1_000, "0:01"], [1, "0:01"], [0, "0:00"], [59_001, "1:00"], [61_000, "1:01"]])(
  "what has %d ms left says %s: none only when it is over", (ms, shown) => {
    expect(clockOf(ms)).toBe(shown);
  });
