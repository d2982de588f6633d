// Typing and "seen", both ways: told now or never, and kept for nobody.
import type { Held } from "./state";

const SHOWN_MS = 3_000, EVERY_MS = 2_000;

export class Signals {
  private readonly until = new Map<string, number>();
  private readonly told = new Map<string, number>();
  private readonly seenTo = new Map<string, string>();

  /** `send` is false without a connection. The server drops what the channel has no windows for. */
  constructor(private readonly me: string, private readonly send: (frame: object) => boolean, private readonly changed: () => void) {}

  /** The contact types now. */
  heard(conversation: string): void {
    this.until.set(conversation, Date.now() + SHOWN_MS);
    this.changed();
    setTimeout(this.changed, SHOWN_MS);
  }

  /** What they typed has come. */
  wrote(conversation: string): void {
    this.until.delete(conversation);
  }

  isTyping(conversation: string): boolean {
    return (this.until.get(conversation) ?? 0) > Date.now();
  }

  /** I write to them: told at most every two seconds. */
  typing(conversation: string): void {
    if (Date.now() - (this.told.get(conversation) ?? 0) < EVERY_MS) return;
    if (this.send({ type: "typing", conversation })) this.told.set(conversation, Date.now());
  }

  /** It is on my screen: each new last word of theirs is told as seen, once. */
  seen({ id, state, messages }: Held): void {
    const last = messages.findLast(({ direction }) => direction === "inbound")?.id;
    if (!last || state.owner !== this.me || this.seenTo.get(id) === last) return;
    if (this.send({ type: "seen", conversation: id })) this.seenTo.set(id, last);
  }
}
