// A rule's condition in words, where it is of the usual kinds; what is not stays the expression it is.
import { languageOf, say, type Key } from "../words";

const list = (all: string[]): string => all.map((words) => say("quoted", { words })).join(", ");

/** The pieces between an operator, where it stands in no quotes and no brackets. */
function split(text: string, operator: "||" | "&&"): string[] {
  const pieces = [""];
  let depth = 0, quote = "";
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (quote) quote = sign === quote ? "" : quote;
    else if (/['"]/.test(sign)) quote = sign;
    else if (/[([{]/.test(sign)) depth++;
    else if (/[)\]}]/.test(sign)) depth--;
    else if (!depth && text.startsWith(operator, at)) {
      pieces.push("");
      at++;
      continue;
    }
    pieces.push(`${pieces.pop() ?? ""}${sign}`);
  }
  return pieces.map((piece) => piece.trim());
}

const QUOTED = /^(['"])([^'"\\]*)\1$/;
const unquoted = (text: string): string | null => QUOTED.exec(text.trim())?.[2] ?? null;

/** `w in ['a', 'b'] || w.startsWith('c')` as “a”, “b”, “c…”; null for anything else. */
function wordsOf(variable: string, inner: string): string[] | null {
  const found: string[] = [];
  for (const piece of split(inner, "||")) {
    const within = /^(\w+) in \[(.*)\]$/.exec(piece), begins = /^(\w+)\.startsWith\((.*)\)$/.exec(piece);
    if ((within ?? begins)?.[1] !== variable) return null;
    const words = within ? (within[2] ?? "").split(",").map(unquoted) : [unquoted(begins?.[2] ?? "")];
    if (words.includes(null)) return null;
    found.push(...words.map((word) => (within ? word ?? "" : `${word ?? ""}…`)));
  }
  return found;
}

const USUAL = new Map<string, Key>([["history.known", "ifKnown"], ["!history.known", "ifNew"], ["message.has_media", "ifMedia"], ["hours.open", "ifOpen"], ["!hours.open", "ifClosed"]]);

/** One condition without `&&` and `||`; null where it is of no usual kind. */
function plain(text: string): string | null {
  const exists = /^message\.words\.exists\((\w+), (.*)\)$/.exec(text);
  const words = exists ? wordsOf(exists[1] ?? "", exists[2] ?? "") : [unquoted(/^(.*) in message\.words$/.exec(text)?.[1] ?? "")];
  if (words?.length && !words.includes(null)) return say("ifWords", { count: words.length, words: list(words as string[]) });
  const letters = /^message\.text\.matches\('\[([\p{L}\p{M}]+)\]'\)$/u.exec(text)?.[1];
  if (letters) return say("ifLetters", { letters: Array.from(letters).join(" ") });
  const [, what, name] = /^message\.(account|channel) == '([\w-]+)'$/.exec(text) ?? [];
  if (name) return say(what === "account" ? "ifAccount" : "ifChannel", { name });
  const usual = USUAL.get(text);
  return usual ? say(usual) : told(text);
}

/** What is told of a message: its language or its intent. */
function told(text: string): string | null {
  const language = /^message\.language == '([a-z]{2})'$/.exec(text)?.[1];
  if (language) return say("ifLanguage", { language: languageOf(language) });
  const intent = /^message\.intent == '([\w.-]+)'$/.exec(text)?.[1];
  return intent && intent !== "und" ? say("ifIntent", { intent }) : null;
}

/** The whole condition in words; null if any part of it is not of the usual kinds. */
export function conditionWords(when: string): string | null {
  const ways = split(when.replace(/\s+/g, " ").trim(), "||").map((way) => split(way, "&&").map(plain));
  if (ways.some((way) => way.includes(null))) return null;
  const comma = ways.some((way) => way.length > 1) ? "," : "";
  return ways.map((way) => way.join(` ${say("and")} `)).join(`${comma} ${say("or")} `);
}
