// Where the keys lead: to a part of the page, whichever is there.
import type { Page } from "../live/commands";

type Part = Parameters<Page["focus"]>[0];

const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);
const focus = (id: string): void => document.getElementById(id)?.focus();

/** The box of replies, or of notes; then what is beside it. */
function inComposer(mode: "reply" | "note", then: () => void): void {
  find(`.composer input[data-mode="${mode}"]`)?.click();
  requestAnimationFrame(then);
}

const TO: Record<Part, () => void> = {
  reply: () => inComposer("reply", () => focus("reply")),
  note: () => inComposer("note", () => focus("reply")),
  subject: () => inComposer("reply", () => focus("subject")),
  attach: () => inComposer("reply", () => find("#attach")?.click()),
  list: () => (find('.list [aria-current="true"]') ?? find(".list button"))?.focus(),
  transcript: () => focus("transcript"),
  panel: showPanel,
  add: () => find(".board header .primary")?.click(),
};

export const focusOn = (part: Part): void => TO[part]();

/** Where the panel is folded away, the key unfolds it. */
function showPanel(): void {
  const button = find(".panel-toggle");
  if (button?.offsetParent && button.ariaExpanded !== "true") button.click();
  requestAnimationFrame(() => focus("panel"));
}
