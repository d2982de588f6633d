// The conversation as this window has it: a socket that comes back by itself, what was shown, what is on its way.
//
// A message of the visitor's is kept until the server says that it is saved, and sent again over each new socket with
// the same id. What is shown has a number; a numbered message takes the place of the one that was on its way.
import type { Attached, Down, Identity, Numbered, Part, Place, Refusal, Welcome } from "./frames";

export interface Pending {
  id: string;
  at: string;
  parts: Part[];
  frame: object;
  state: "sending" | "sent" | "failed";
  why: string;
}

export interface Options {
  base: string;
  identity: Identity | null;
  token: string;
  onChange: () => void;
  onToken: (token: string) => void;
  // What is wrong, in the visitor's language where we know the code.
  why: (refusal: Refusal) => string;
}

const FATAL = [1008, 4403];
const SLOWEST_MS = 15_000;
const TYPING_SHOWN_MS = 4_000;
// Most until something comes after a hello, a message or a ping: the server gives up on its log after nine seconds.
const ANSWER_MS = 10_000;

export class Chat {
  welcome: Welcome | null = null;
  shown: Numbered[] = [];
  pending: Pending[] = [];
  live = false;
  stopped = "";
  typing = false;
  seenAt = 0;
  #socket: WebSocket | null = null;
  #tries = 0;
  #again = 0;
  #ping = 0;
  #doubt = 0;
  #typingEnds = 0;
  #typedAt = 0;
  #marked = { delivered: "", read: "" };
  #retryMs = 0;

  constructor(readonly options: Options) {
    // The browser knows before any ping does that its line is gone, or back.
    addEventListener("offline", () => this.#socket && this.#cut());
    addEventListener("online", () => this.#again && this.start());
  }

  start(): void {
    if (this.#socket || this.stopped) return;
    clearTimeout(this.#again);
    this.#again = 0;
    const socket = new WebSocket(this.options.base.replace(/^http/, "ws"));
    this.#socket = socket;
    this.#expectSomething();
    socket.onopen = () => {
      const last = this.shown.at(-1);
      const after: Place | null = last ? { conversation: last.conversation, number: last.number } : null;
      this.#send({ type: "hello", token: this.options.token, identity: this.options.identity, after });
    };
    socket.onmessage = (event) => this.#heard(JSON.parse(event.data) as Down);
    socket.onclose = (event) => this.#closed(event.code);
  }

  stop(): void {
    clearTimeout(this.#again);
    this.#again = 0;
    this.#quiet();
    if (this.#socket) {
      this.#socket.onclose = this.#socket.onmessage = null;
      this.#socket.close();
    }
    this.#socket = null;
    this.live = false;
  }

  say(text: string, files: Attached[] = []): void {
    const parts: Part[] = text ? [{ kind: "text", text }] : files;
    this.#begin({ type: "message", text, files: files.map((each) => each.file) }, parts);
  }

  reachableAt(address: string): void {
    this.#begin({ type: "email", address }, [{ kind: "text", text: address }]);
  }

  isTyping(): void {
    const now = Date.now();
    if (now - this.#typedAt > 2_000) {
      this.#typedAt = now;
      this.#send({ type: "typing" });
    }
  }

  // Everything shown is here, or is read: told once for each place.
  mark(kind: "delivered" | "read"): void {
    const last = this.shown.findLast((one) => one.direction === "outbound");
    const place = last ? `${last.conversation} ${last.number}` : "";
    if (!last || !this.live || this.#marked[kind] === place) return;
    this.#marked[kind] = place;
    this.#send({ type: kind, conversation: last.conversation, number: last.number });
  }

  // Sends a file; what is wrong with it, '' if nothing is.
  async attach(file: File): Promise<string> {
    const { name, type, size } = file;
    const headers = { authorization: `Bearer ${this.welcome?.token}` };
    const address = `${this.options.base}/files?name=${encodeURIComponent(name)}`;
    const told = await (await fetch(address, { method: "POST", body: file, headers })).json();
    if (told.file) this.say("", [{ kind: "file", file: told.file, type, size, name }]);
    return told.file ? "" : this.options.why(told);
  }

  #begin(frame: object, parts: Part[]): void {
    const id = crypto.randomUUID();
    const whole = { ...frame, id };
    this.pending.push({ id, at: new Date().toISOString(), parts, frame: whole, state: "sending", why: "" });
    this.#send(whole);
    if (this.live) this.#expectSomething();
    this.options.onChange();
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #heard(frame: Down): void {
    clearTimeout(this.#doubt);
    this.#doubt = 0;
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "message") this.#show(frame);
    else if (frame.type === "refused") this.#refused(frame);
    else if (frame.type === "ack") this.#acknowledged(frame.id);
    else if (frame.type === "typing") this.#typingNow();
    else if (frame.type === "seen") this.seenAt = Date.now();
    else if (frame.type === "reset") this.shown = [];
    else if (frame.type === "pong" && this.welcome) this.welcome.key = frame.key;
    this.options.onChange();
  }

  #welcomed(frame: Welcome): void {
    Object.assign(this, { welcome: frame, live: true });
    this.#tries = this.#retryMs = 0;
    this.#marked = { delivered: "", read: "" };
    this.options.token = frame.customer ? "" : frame.token;
    this.options.onToken(this.options.token);
    for (const one of this.pending) if (one.state !== "failed") this.#send(one.frame);
    this.#ping = setInterval(() => {
      this.#send({ type: "ping" });
      this.#expectSomething();
    }, frame.ping_s * 1_000);
  }

  // A line that was cut says nothing: where anything at all was due and nothing came, it is dead, whatever the socket says.
  #expectSomething(): void {
    this.#doubt ||= setTimeout(() => this.#cut(), ANSWER_MS);
  }

  #quiet(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#doubt);
    this.#doubt = 0;
  }

  #cut(): void {
    this.stop();
    this.#closed(1006);
  }

  #show(frame: Numbered): void {
    if (this.shown.some((one) => one.id === frame.id)) return;
    this.shown.push(frame);
    if (frame.client) this.pending = this.pending.filter((one) => one.id !== frame.client);
    else this.typing = false;
  }

  #acknowledged(id: string): void {
    const one = this.pending.find((each) => each.id === id);
    if (one) one.state = "sent";
  }

  #refused(frame: Refusal): void {
    const one = this.pending.find((each) => each.id === frame.id);
    const why = this.options.why(frame);
    if (one && frame.retry_after_s) setTimeout(() => this.#send(one.frame), frame.retry_after_s * 1_000);
    else if (one) Object.assign(one, { state: "failed", why }); // it would be refused again
    else if (frame.retry_after_s) this.#retryMs = frame.retry_after_s * 1_000;
    else this.stopped = why;
  }

  #typingNow(): void {
    this.typing = true;
    clearTimeout(this.#typingEnds);
    this.#typingEnds = setTimeout(() => {
      this.typing = false;
      this.options.onChange();
    }, TYPING_SHOWN_MS);
  }

  #closed(code: number): void {
    this.#quiet();
    this.#socket = null;
    this.live = false;
    // Refused for a reason that only somebody else can mend: come back no more. A refused frame is no such reason.
    if (!FATAL.includes(code) || this.#retryMs) {
      this.stopped = "";
      const pause = Math.max(this.#retryMs, Math.min(SLOWEST_MS, 500 * 2 ** this.#tries++));
      this.#again = setTimeout(() => this.start(), pause * (0.5 + Math.random()));
    } else {
      this.stopped ||= String(code);
    }
    this.options.onChange();
  }
}
