// What the widget says. English is built in; other languages are fetched (../words) when a page is in one of them, so
// that no page pays for all. An account's own texts replace title, greeting and closed.
export const EN = {
  title: "Chat with us",
  open: "Open the chat",
  close: "Close the chat",
  greeting: "Hello! How can we help you?",
  closed: "Nobody is here at the moment. Write to us: we answer as soon as we are back.",
  mail: "Your e-mail address, if you want the answer there",
  keep: "Save",
  kept: "We have your address. Thank you!",
  message: "Your message",
  send: "Send",
  attach: "Attach a file",
  sending: "sending…",
  sent: "sent",
  seen: "seen",
  failed: "Not sent",
  you: "You",
  agent: "Agent",
  typing: "is typing…",
  offline: "Connection lost. Reconnecting…",
  stopped: "The chat is not available on this page.",
  consent: "Keep this chat on this device, so that you find it again?",
  yes: "Yes",
  no: "No",
  forget: "Forget this chat on this device",
  file: "File",
  unread: "1 new message|{} new messages",
  opens: "We are back {}.",
  large: "A file can be at most {}.",
};

// Beside these, a language may have words for the codes of refusals; their English comes with them.
export type Words = typeof EN & { [code: string]: string | undefined };

const OTHERS = ["tr", "lv"];

// The language of a page, as far as we speak it.
export const languageOf = (page: string): string => OTHERS.find((one) => page.toLowerCase().startsWith(one)) ?? "en";

// How times are written: as the visitor's browser does it, where it speaks the page's language (10:52 PM is not British).
export const localeOf = (language: string): string => (navigator.language.startsWith(language) ? navigator.language : language);

// The words of a language; English if they cannot be had.
export async function wordsOf(language: string, base: string): Promise<Words> {
  try {
    return language === "en" ? EN : { ...EN, ...(await (await fetch(`${base}/words.${language}.json`)).json()) };
  } catch {
    return EN;
  }
}

// A sentence with its value; of two forms the second is for many.
export function fill(sentence: string, value: string | number, language = "en"): string {
  const [one, many] = sentence.split("|");
  const form = typeof value === "number" && new Intl.PluralRules(language).select(value) !== "one" ? many : one;
  return (form ?? one ?? "").replace("{}", String(value));
}
