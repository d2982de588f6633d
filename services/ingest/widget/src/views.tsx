// What a visitor sees: a button, and the panel it opens.
import { Component, Fragment, h, render, type JSX, type TargetedEvent } from "preact";
import type { Chat, Pending } from "./chat";
import type { Numbered, Part } from "./frames";
import { fill, localeOf, type Words } from "./words";

export interface Props {
  chat: Chat;
  words: Words;
  language: string;
  open: boolean;
  unread: number;
  // null: nobody was asked yet.
  consent: boolean | null;
  setOpen: (open: boolean) => void;
  setConsent: (consent: boolean) => void;
}

const LINK = /(https?:\/\/\S+[\w/])/;

export function show(props: Props, where: ShadowRoot): void {
  render(<Widget {...props} />, where);
}

function Widget(props: Props): JSX.Element {
  const { words, language, open, unread } = props;
  return (
    <>
      {open && <Panel {...props} />}
      <button
        type="button"
        class="launch"
        aria-expanded={open}
        aria-label={(open ? words.close : words.open) + (unread ? `, ${fill(words.unread, unread, language)}` : "")}
        onClick={() => props.setOpen(!open)}
      >
        <svg viewBox="0 0 24 24">
          <path d={open ? "M5 5l14 14M19 5L5 19" : "M4 5h16v11H10l-5 4v-4H4z"} />
        </svg>
        {unread > 0 && <span class="count">{unread}</span>}
      </button>
    </>
  );
}

function Panel(props: Props): JSX.Element {
  const { chat, words, language } = props;
  const own = chat.welcome?.texts[language] ?? {};
  const title = own.title ?? words.title;
  const closed = chat.welcome?.open === false;
  const onKey = (event: KeyboardEvent) => event.key === "Escape" && props.setOpen(false);
  return (
    <section class="panel" role="dialog" aria-label={title} onKeyDown={onKey}>
      <h2>{title}</h2>
      <Log {...props} greeting={own.greeting ?? words.greeting} />
      {closed && <Closed {...props} text={own.closed ?? words.closed} />}
      <Consent {...props} />
      <p class="state" role="status">
        {chat.stopped ? `${words.stopped} ${chat.stopped}` : chat.welcome && !chat.live ? words.offline : ""}
      </p>
      <Composer {...props} />
    </section>
  );
}

class Log extends Component<Props & { greeting: string }> {
  #log: HTMLDivElement | null = null;

  override componentDidUpdate(): void {
    this.#log?.scrollTo(0, this.#log.scrollHeight);
  }

  override componentDidMount(): void {
    this.componentDidUpdate();
  }

  override render({ chat, words, language, greeting }: Props & { greeting: string }): JSX.Element {
    const last = chat.pending.length ? null : chat.shown.at(-1);
    const seen = last?.direction === "inbound" && chat.seenAt > Date.parse(last.at);
    // A region that scrolls must be reachable by key: hence its place in the tab order.
    return (
      <div class="log" role="log" aria-label={words.title} tabIndex={0} ref={(log) => { this.#log = log; }}>
        <p class="said theirs">{greeting}</p>
        {chat.shown.map((one) => <Said key={one.id} one={one} chat={chat} words={words} language={language} />)}
        {chat.pending.map((one) => <Saying key={one.id} one={one} chat={chat} words={words} language={language} />)}
        <p class="note">{chat.typing ? `${words.agent} ${words.typing}` : seen && words.seen}</p>
      </div>
    );
  }
}

interface Of<T> {
  one: T;
  chat: Chat;
  words: Words;
  language: string;
}

function Said({ one, chat, words, language }: Of<Numbered>): JSX.Element {
  const mine = one.direction === "inbound";
  return (
    <div class={`said ${mine ? "mine" : "theirs"}`}>
      <Parts by={mine ? words.you : words.agent} one={one} chat={chat} words={words} language={language} />
    </div>
  );
}

function Saying({ one, chat, words, language }: Of<Pending>): JSX.Element {
  return (
    <div class={`said mine ${one.state}`}>
      <Parts by={words.you} one={one} chat={chat} words={words} language={language} />{" "}
      <span class="note">{words[one.state]} {one.why}</span>
    </div>
  );
}

function Parts({ one, by, chat, words, language }: Of<{ parts: Part[]; at: string }> & { by: string }): JSX.Element {
  return (
    <>
      <span class="hidden">{by}: </span>
      {one.parts.map((part) => {
        if (part.kind === "text") return <p>{part.text.split(LINK).map(piece)}</p>;
        const name = part.name || words.file;
        const address = `${chat.options.base}/files/${part.file}?key=${chat.welcome?.key}`;
        return link(address, part.type.startsWith("image/") ? <img src={address} alt={name} /> : name);
      })}
      <time dateTime={one.at}>{new Date(one.at).toLocaleTimeString(localeOf(language), { timeStyle: "short" })}</time>
    </>
  );
}

function piece(text: string, index: number): JSX.Element | string {
  // Every second piece of a split by a group is what the group matched.
  return index % 2 ? link(text, text) : text;
}

function link(address: string, shown: JSX.Element | string): JSX.Element {
  return <a href={address} target="_blank" rel="noreferrer">{shown}</a>;
}

class Closed extends Component<Props & { text: string }, { kept?: boolean }> {
  #keep = (event: Event) => {
    event.preventDefault();
    const address = String(new FormData(event.currentTarget as HTMLFormElement).get("mail")).trim();
    this.props.chat.reachableAt(address);
    this.setState({ kept: true });
  };

  override render({ chat, words, language, text }: Props & { text: string }): JSX.Element {
    const opens = chat.welcome?.opens_at;
    const style = { weekday: "long", hour: "numeric", minute: "2-digit" } as const;
    return (
      <form class="more" onSubmit={this.#keep}>
        <p>{text} {opens && fill(words.opens, new Date(opens).toLocaleString(localeOf(language), style))}</p>
        {this.state.kept ? <p role="status">{words.kept}</p> : (
          <label>
            {words.mail}
            <span class="row">
              <input type="email" name="mail" autocomplete="email" required maxLength={254} />
              <button type="submit">{words.keep}</button>
            </span>
          </label>
        )}
      </form>
    );
  }
}

function Consent({ chat, words, consent, setConsent }: Props): JSX.Element | null {
  if (chat.welcome?.customer || (consent === null && !chat.shown.length)) return null;
  if (consent) return <button type="button" class="link" onClick={() => setConsent(false)}>{words.forget}</button>;
  if (consent === false) return null;
  return (
    <div class="more" role="group" aria-label={words.consent}>
      <p>{words.consent}</p>
      <button type="button" onClick={() => setConsent(true)}>{words.yes}</button>{" "}
      <button type="button" class="link" onClick={() => setConsent(false)}>{words.no}</button>
    </div>
  );
}

class Composer extends Component<Props, { text?: string; problem?: string }> {
  #field: HTMLTextAreaElement | null = null;

  override componentDidMount(): void {
    this.#field?.focus();
  }

  #send = (event: Event) => {
    event.preventDefault();
    const text = this.state.text?.trim();
    if (text) this.props.chat.say(text);
    this.setState({ text: "" });
  };

  #key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#send(event);
  };

  #typed = (event: TargetedEvent<HTMLTextAreaElement>) => {
    this.setState({ text: event.currentTarget.value });
    this.props.chat.isTyping();
  };

  #attach = async (event: TargetedEvent<HTMLInputElement>) => {
    const { chat, words } = this.props;
    const input = event.currentTarget;
    const file = input.files?.[0];
    const most = chat.welcome?.limits.file_bytes ?? 0;
    let problem = "";
    if (file && file.size > most) problem = fill(words.large, `${Math.floor(most / 1e6)} MB`);
    else if (file) problem = await chat.attach(file).catch(() => words.offline);
    input.value = "";
    this.setState({ problem });
  };

  override render({ chat, words }: Props, { text = "", problem }: { text?: string; problem?: string }): JSX.Element {
    return (
      <form class="composer" onSubmit={this.#send}>
        <textarea
          ref={(field) => { this.#field = field; }} rows={2} value={text} aria-label={words.message}
          placeholder={words.message} maxLength={chat.welcome?.limits.text ?? 4_000} onInput={this.#typed}
          onKeyDown={this.#key}
        />
        <label class="attach">
          +
          <input
            type="file" class="hidden" aria-label={words.attach} disabled={!chat.live} onChange={this.#attach}
            accept="image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain"
          />
        </label>
        <button type="submit" disabled={!text.trim()}>{words.send}</button>
        {problem && <p class="state" role="alert">{problem}</p>}
      </form>
    );
  }
}
