// Keys to commands. A key that was meant for something else must never accept an offer.
import { useEffect } from "react";
import { ACCEPT, COMMANDS, DECLINE, keyOf, type Command, type Page } from "../live/commands";
import type { Desk } from "../live/desk";
import { offerKey } from "../live/offer";

const CALM_MS = 700; // keys pressed sooner than this after an offer appeared, or after typing, were not meant for it

export function useKeys(desk: Desk, page: Page): void {
  useEffect(() => {
    const keys = new Keyboard(desk, page);
    const pressed = (event: KeyboardEvent) => keys.pressed(event);
    addEventListener("keydown", pressed, true);
    const forget = desk.watched.subscribe(() => keys.look());
    return () => {
      forget();
      removeEventListener("keydown", pressed, true);
    };
  }, [desk, page]);
}

class Keyboard {
  private typedAt = 0;
  private offered = "";
  private offeredAt = 0;

  constructor(private readonly desk: Desk, private readonly page: Page) {}

  pressed(event: KeyboardEvent): void {
    const at = document.activeElement, typing = isTyping(at);
    if (typing && !(event.key === "Enter" && !valueOf(at))) this.typedAt = performance.now();
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const command = this.meant(event, at, typing);
    if (!command || (event.repeat && !["next", "previous"].includes(command.id))) return;
    event.preventDefault();
    event.stopPropagation();
    command.run(this.desk, this.page);
  }

  private meant(event: KeyboardEvent, at: Element | null, typing: boolean): Command | undefined {
    const key = keyOf(event), command = COMMANDS.find((each) => each.keys.includes(key) && each.can(this.desk));
    if (!command) return undefined;
    if (command.id === ACCEPT) return !event.shiftKey && this.isCalm() && isFree(at) ? command : undefined;
    if (command.id === DECLINE) return command;
    if (key.includes("+")) return command;
    return !typing && this.desk.prefs.singleKeys ? command : undefined;
  }

  /** The first offer has been there for a moment, and so long nobody has typed. */
  private isCalm(): boolean {
    return performance.now() - Math.max(this.offeredAt, this.typedAt) > CALM_MS;
  }

  /** Something changed: is another offer the first now? */
  look(): void {
    const first = this.desk.offers()[0], key = first ? offerKey(first) : "";
    if (key === this.offered) return;
    this.offered = key;
    this.offeredAt = performance.now();
  }
}

const isTyping = (at: Element | null): boolean =>
  at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement || (at instanceof HTMLInputElement && !["radio", "checkbox"].includes(at.type));

const valueOf = (at: Element | null): string => (at instanceof HTMLTextAreaElement || at instanceof HTMLInputElement ? at.value : "");

/** Whether Enter has no other meaning where the focus is. */
const isFree = (at: Element | null): boolean =>
  !at || at === document.body || at.id === "who" || at.id === "transcript" || (at.id === "reply" && !valueOf(at));
