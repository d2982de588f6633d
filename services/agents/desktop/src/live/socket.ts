// The WebSocket: says hello, keeps its place by sequence, comes back by itself.
import type { Answer, Frame, LogEvent, Lookers, Noted, Welcome } from "./frames";

const WELCOME_MS = 10_000, STEADY_MS = 10_000, LONGEST_MS = 10_000;
const SIGNED_OUT = 4001, TRY_LATER = 1013;

export interface Listener {
  welcome(frame: Welcome): void;
  event(event: LogEvent): void;
  answer(frame: Answer): void;
  typing(conversation: string): void;
  looking(frame: Lookers): void;
  note(frame: Noted): void;
  link(live: boolean): void;
  signedOut(): void;
  /** It closed before a welcome: perhaps nobody is signed in. */
  refused(): void;
}

export class DeskSocket {
  live = false;
  private socket: WebSocket | null = null;
  private epoch = "";
  private sequence = 0;
  private tries = 0;
  private beatMs = 15_000;
  private stopped = true;
  private timer = 0;
  private since = 0;
  private beat = 0;
  private heard = 0;
  private ticked = 0;
  private holeAt = -1;
  private echoes = false;
  private readonly online = () => {
    if (!this.stopped && !this.live) this.connect();
  };

  constructor(private readonly device: string, private readonly on: Listener) {
    addEventListener("online", this.online);
  }

  connect(): void {
    clearTimeout(this.timer);
    this.drop();
    this.stopped = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/api/v1/desk`));
    const hello = { type: "hello", device: this.device, epoch: this.epoch, after: this.sequence };
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = (message) => this.read(JSON.parse(message.data as string) as Frame);
    socket.onclose = ({ code }) => this.closed(code);
    this.timer = window.setTimeout(() => this.closed(0), WELCOME_MS);
  }

  stop(): void {
    removeEventListener("online", this.online);
    clearTimeout(this.timer);
    this.drop();
    this.stopped = true;
    this.live = false;
  }

  /** Whether it went out; not without a connection. */
  send(frame: object): boolean {
    if (!this.live || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Once a second. A long gap is a computer that slept: its socket is most likely dead. */
  tick(): void {
    const now = Date.now(), slept = this.ticked > 0 && now - this.ticked > 2 * this.beatMs;
    this.ticked = now;
    if (!this.live) return;
    if (slept || (this.echoes && now - this.heard > 2.5 * this.beatMs)) {
      this.closed(0);
    } else if (now - this.beat >= this.beatMs) {
      this.beat = now;
      this.send({ type: "heartbeat" });
    }
  }

  /** Says nothing more and hears nothing more of the present socket, at once: a dead one closes only minutes later. */
  private drop(): void {
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  private closed(code: number): void {
    const welcomed = this.live, lived = welcomed ? Date.now() - this.since : 0;
    clearTimeout(this.timer);
    this.drop();
    this.live = false;
    if (code === SIGNED_OUT) {
      this.stop();
      this.on.signedOut();
      return;
    }
    this.tries = lived > STEADY_MS ? 0 : this.tries + 1;
    const ceiling = code === TRY_LATER && this.tries < 2 ? 100 : Math.min(LONGEST_MS, 250 * 2 ** this.tries);
    this.timer = window.setTimeout(() => this.connect(), Math.random() * ceiling);
    this.on.link(false);
    if (!welcomed) this.on.refused();
  }

  private read(frame: Frame): void {
    this.heard = Date.now();
    if (frame.type === "welcome") this.welcome(frame);
    else if (frame.type === "answer") this.on.answer(frame);
    else if (frame.type === "typing") this.on.typing(frame.conversation);
    else if (frame.type === "looking") this.on.looking(frame);
    else if (frame.type === "note") this.on.note(frame);
    else if (frame.type === "heartbeat") this.echoes = true;
    else if (frame.sequence === this.sequence + 1) {
      this.sequence += 1;
      this.on.event(frame.event);
    } else if (frame.sequence > this.sequence) this.hole();
  }

  private welcome(frame: Welcome): void {
    clearTimeout(this.timer);
    if (!frame.resumed) {
      this.epoch = frame.epoch;
      this.sequence = frame.sequence;
    }
    this.live = true;
    this.since = this.beat = Date.now();
    this.beatMs = frame.heartbeat_s * 1000;
    this.echoes = false;
    this.on.welcome(frame);
    this.on.link(true);
  }

  /** A frame is missing: resume behind the last one; when that does not fill it either, take a snapshot. */
  private hole(): void {
    if (this.holeAt === this.sequence) {
      this.epoch = "";
      this.sequence = 0;
    }
    this.holeAt = this.sequence;
    this.closed(0);
  }
}
