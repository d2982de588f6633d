// One script tag makes the widget; everything it needs to know stands on the tag:
//
//   <script src="https://chat.example/chat/widget.js" data-account="shop" async></script>
//
// data-language (else the page's), data-customer, data-expires, data-signature (a customer the shop's server signed),
// data-consent="granted" (the page has asked already). Nothing is stored before consent, and then the token alone.
import { Chat } from "./chat";
import type { Identity } from "./frames";
import { show } from "./views";
import { EN, languageOf, wordsOf, type Words } from "./words";

declare const STYLE: string;

class TrunklineChat extends HTMLElement {
  #chat: Chat | null = null;
  #open = false;
  #read = 0;
  #consent: boolean | null = null;
  #language = "en";
  #words: Words = EN;

  async connectedCallback(): Promise<void> {
    if (this.#chat) return;
    const { base = "", consent, language } = this.dataset;
    const token = this.#stored();
    this.#consent = token || consent === "granted" ? true : null;
    this.#chat = new Chat({
      base,
      identity: identityOf(this.dataset),
      token,
      onChange: () => this.#show(),
      onToken: () => this.#keep(),
      why: ({ code, detail }) => this.#words[code] ?? detail,
    });
    this.lang = this.#language = languageOf(language ?? (document.documentElement.lang || navigator.language));
    const sheet = new CSSStyleSheet(); // no style element: pages may forbid those
    sheet.replaceSync(STYLE);
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    this.#words = await wordsOf(this.#language, base.replace(/\/[^/]*$/, ""));
    if (token) this.#chat.start(); // who chatted before hears of an answer without opening the panel
    document.addEventListener("visibilitychange", () => this.#show());
    this.#show();
  }

  disconnectedCallback(): void {
    this.#chat?.stop();
  }

  setConsent(consent: boolean): void {
    this.#consent = consent;
    this.#keep();
    this.#show();
  }

  setOpen(open: boolean): void {
    this.#open = open;
    if (open) this.#chat?.start();
    this.#show();
    if (!open) this.shadowRoot?.querySelector<HTMLElement>(".launch")?.focus();
  }

  #show(): void {
    const chat = this.#chat;
    if (!chat) return;
    const answers = chat.shown.filter((one) => one.direction === "outbound").length;
    const looking = this.#open && !document.hidden;
    if (looking) this.#read = answers;
    chat.mark(looking ? "read" : "delivered");
    show({
      chat, words: this.#words, language: this.#language, open: this.#open, unread: Math.max(0, answers - this.#read),
      consent: this.#consent, setOpen: (open) => this.setOpen(open), setConsent: (consent) => this.setConsent(consent),
    }, this.shadowRoot!);
  }

  get #key(): string {
    return `trunkline-chat:${this.dataset.base}`;
  }

  #stored(): string {
    try {
      return localStorage.getItem(this.#key) ?? "";
    } catch {
      return ""; // the browser forbids storage: every window is then a new visitor
    }
  }

  #keep(): void {
    const token = this.#chat?.options.token;
    try {
      if (this.#consent && token) localStorage.setItem(this.#key, token);
      else if (this.#consent === false) localStorage.removeItem(this.#key);
    } catch {
      this.#consent = false; // as above: there is nothing to ask about
    }
  }
}

function identityOf({ customer, expires, signature }: DOMStringMap): Identity | null {
  return customer && signature ? { customer, expires: Number(expires), signature } : null;
}

const script = document.currentScript as HTMLScriptElement | null;
customElements.define("trunkline-chat", TrunklineChat);
if (script?.dataset.account) {
  const element = document.createElement("trunkline-chat");
  Object.assign(element.dataset, script.dataset, {
    base: script.src.replace(/\/widget\.js.*$/, `/${script.dataset.account}`),
  });
  const add = () => document.body.append(element);
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
}
