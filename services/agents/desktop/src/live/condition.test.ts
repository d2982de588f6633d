import { afterEach, expect, test, vi } from "vitest";
import { speak } from "../words";
import { conditionWords } from "./condition";

vi.stubGlobal("document", { documentElement: { lang: "" } });
afterEach(() => speak("en"));

test.each([
  ["history.known && message.words.exists(w, w in ['urgent', 'acil'])", "the customer has written before and one of the words “urgent”, “acil” is there"],
  ["message.words.exists(w, w in ['refund'] || w.startsWith('rēķin'))", "one of the words “refund”, “rēķin…” is there"],
  ["message.text.matches('[āē]') ||\n  'labdien' in message.words", "one of the letters ā ē is there or the word “labdien” is there"],
  ["!history.known && message.channel == 'email' || message.has_media", "the customer writes for the first time and the channel is email, or a file is attached"],
  ["message.language == 'lv' && !hours.open || message.intent == 'refund'", "the language is Latvian and it is closed, or the intent is refund"],
])("%s", (when, words) => {
  expect(conditionWords(when)).toBe(words);
});

test.each([
  "message.text.matches('^[a-z]+$')", "message.words.size() > 3", "message.words.exists(w, w == 'x')", "message.words.exists(w, v in ['x'])",
  "history.known ? true : false", "(history.known || message.has_media) && history.known", "!(history.known)", "", "'a' + 'b' in message.words", "message.language == 'und'",
])("what is of no usual kind stays an expression: %s", (when) => {
  expect(conditionWords(when)).toBeNull();
});

test("it is said in each language", () => {
  speak("tr");
  expect(conditionWords("history.known || message.has_media")).toBe("müşteri daha önce yazmış ya da mesajda dosya var");
  speak("lv");
  expect(conditionWords("history.known && 'x' in message.words")).toBe("klients jau ir rakstījis un ir vārds „x”");
});
