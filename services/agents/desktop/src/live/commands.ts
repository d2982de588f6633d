// Every action an agent has, once: its key, its words, when it can be done. Keyboard, palette and key list read this.
import type { Key } from "../words";
import { endConsultation } from "./consulting";
import type { Desk, Viewed } from "./desk";
import { fileRule } from "./files";
import { usualHead } from "./mail";
import type { Held } from "./state";

/** What the page itself can do for a command. */
export interface Page {
  /** `subject`: the conversation it is about, where that is not the chosen one. */
  /** `about` is what of the subject is meant, for a dialog that can begin with that. */
  open(dialog: DialogName, subject?: string, about?: string): void;
  go(path: string): void;
  focus(part: "reply" | "note" | "subject" | "attach" | "list" | "transcript" | "panel" | "add"): void;
}

export type DialogName = "palette" | "keys" | "decline" | "away" | "transfer" | "consult" | "escalate" | "snooze" | "assign" | "close" | "canned" | "preferences" | "begin" | "why" | "shut" | "drain";

/** The subject of a dialog that sends the begun reply first. */
export const AFTER_REPLY = "after-reply";

export type Sending = "send" | "close" | "wait" | "snooze" | "wrap-up";

/** How the begun reply is sent from its box, and what follows it. */
export const SENDING: { how: Sending; keys: string; title: Key }[] = [
  { how: "send", keys: "Enter", title: "send" },
  { how: "close", keys: "Ctrl+Enter", title: "sendAndClose" },
  { how: "wait", keys: "Ctrl+Shift+Enter", title: "sendAndWait" },
  { how: "snooze", keys: "Ctrl+Alt+Enter", title: "sendAndSnooze" },
  { how: "wrap-up", keys: "Alt+Enter", title: "sendAndWrapUp" },
];

/** What an Enter in the reply's box asks for; undefined: a new line, or nothing. A Mac's Command counts as Ctrl. */
export function sendingOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): Sending | undefined {
  const held = [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", event.key];
  const keys = held.filter(Boolean).join("+");
  return SENDING.find((each) => each.keys === keys)?.how;
}

export interface Command {
  id: string;
  title: Key;
  /** `Enter`, `j`, `Alt+j`, `Ctrl+k`: as KeyboardEvent.key, with modifiers in front. */
  keys: string[];
  can(desk: Desk): boolean;
  run(desk: Desk, page: Page): void;
}

const mine = (desk: Desk): boolean => {
  const state = desk.current()?.state;
  return state?.owner === desk.me.id && state.status !== "closed" && !desk.actions.of(state.id).some((each) => each.verb === "close");
};
const isAny = (): boolean => true;
const isOffered = (desk: Desk): boolean => Boolean(firstOffer(desk));
const leads = (desk: Desk): boolean => desk.me.role !== "agent";

export const canWrite = (desk: Desk): boolean => mine(desk) && !desk.current()?.state.opted_out;
const canAttach = (desk: Desk): boolean => canWrite(desk) && Boolean(fileRule(desk.names.plan, desk.current()?.state.channel ?? ""));
export const canTransfer = (desk: Desk): boolean => mine(desk) && desk.current()?.state.status !== "offered";
export const canWrapUp = (desk: Desk): boolean => mine(desk) && desk.current()?.state.status === "active";
export const canSnooze = canTransfer;
export const canWake = (desk: Desk): boolean => isSnoozed(desk) && !desk.actions.of(desk.chosen).length;
export const canClose = mine;

const isMail = (desk: Desk): boolean => {
  const each = desk.current();
  return Boolean(each && usualHead(each));
};
const isSnoozed = (desk: Desk): boolean => desk.current()?.state.status === "snoozed";

/** What a supervisor may give away or take: what History shows, or else what is chosen. */
export const given = (desk: Desk): Viewed | undefined => desk.viewed ?? desk.current()?.state;
export const canAssign = (desk: Desk): boolean => leads(desk) && !["closed", undefined].includes(given(desk)?.status);
export const looksOn = (desk: Desk): boolean => {
  const state = desk.current()?.state;
  return Boolean(!desk.viewed && state && desk.store.looksOn(state));
};
export const canTakeOver = (desk: Desk): boolean => looksOn(desk) || (canAssign(desk) && given(desk)?.owner !== desk.me.id);
const canEndConsultation = (desk: Desk): boolean => looksOn(desk) || (mine(desk) && Boolean(desk.current()?.state.consulted.length));

function endIt(desk: Desk): void {
  const each = desk.current();
  if (each) endConsultation(desk, each);
}

/** What a supervisor points at in a line that waits: moved to its front, or back to its own place. */
function reorder(desk: Desk): void {
  const { at } = desk.pointing;
  if (at) desk.actions.start("reorder", at.id, { front: !at.front, note: at.note });
}

export function takeOver(desk: Desk, page: Page): void {
  desk.takeOver(given(desk)?.id ?? "");
  page.go("/");
}

/** Of what one asks why: what is offered, else what is on the screen. */
export const asksWhy = (desk: Desk): string | undefined => (desk.offers()[0] ?? given(desk))?.id;

const firstOffer = (desk: Desk): Held | undefined => desk.offers().find((each) => !desk.actions.of(each.id).length);

function acceptFirst(desk: Desk): void {
  const offer = firstOffer(desk);
  if (offer) desk.actions.start("accept", offer.id, { fence: offer.state.fence });
}

/** Enter and Escape answer an offer; the page guards them against keys that were meant for something else. */
export const ACCEPT = "accept", DECLINE = "decline";

export const COMMANDS: Command[] = [
  { id: ACCEPT, title: "accept", keys: ["Enter"], can: isOffered, run: acceptFirst },
  { id: DECLINE, title: "decline", keys: ["Escape"], can: isOffered, run: (desk, page) => page.open("decline", firstOffer(desk)?.id) },
  { id: "next", title: "nextConversation", keys: ["j", "Alt+j"], can: (desk) => desk.store.own().length > 0, run: (desk) => desk.step(1) },
  { id: "previous", title: "previousConversation", keys: ["k", "Alt+k"], can: (desk) => desk.store.own().length > 0, run: (desk) => desk.step(-1) },
  { id: "reply", title: "writeReply", keys: ["r", "Alt+r"], can: canWrite, run: (_, page) => page.focus("reply") },
  { id: "note", title: "writeNote", keys: ["n", "Alt+n"], can: (desk) => Boolean(desk.current()), run: (_, page) => page.focus("note") },
  { id: "subject", title: "editHead", keys: ["s", "Alt+s"], can: (desk) => canWrite(desk) && isMail(desk), run: (_, page) => page.focus("subject") },
  { id: "canned", title: "cannedReply", keys: ["i", "Alt+i"], can: canWrite, run: (_, page) => page.open("canned") },
  { id: "attach", title: "attach", keys: ["p", "Alt+p"], can: canAttach, run: (_, page) => page.focus("attach") },
  { id: "transfer", title: "transfer", keys: ["t", "Alt+t"], can: canTransfer, run: (_, page) => page.open("transfer") },
  { id: "consult", title: "askFirst", keys: ["h", "Alt+h"], can: canTransfer, run: (_, page) => page.open("consult") },
  { id: "consult-end", title: "endConsultation", keys: ["x", "Alt+x"], can: canEndConsultation, run: endIt },
  { id: "escalate", title: "escalate", keys: ["e", "Alt+e"], can: canTransfer, run: (_, page) => page.open("escalate") },
  { id: "snooze", title: "snooze", keys: ["z", "Alt+z"], can: canSnooze, run: (_, page) => page.open("snooze") },
  { id: "wake", title: "wake", keys: ["u", "Alt+u"], can: canWake, run: (desk) => desk.wake(desk.chosen) },
  { id: "assign", title: "assign", keys: ["g", "Alt+g"], can: canAssign, run: (desk, page) => page.open("assign", given(desk)?.id) },
  { id: "take-over", title: "takeOver", keys: ["o", "Alt+o"], can: canTakeOver, run: takeOver },
  { id: "reorder", title: "reorder", keys: ["f", "Alt+f"], can: (desk) => Boolean(desk.pointing.at), run: reorder },
  { id: "shut", title: "shutOrOpen", keys: ["Alt+l"], can: leads, run: (_, page) => page.open("shut") },
  { id: "drain-somebody", title: "drainSomebody", keys: ["Alt+d"], can: leads, run: (_, page) => page.open("drain") },
  { id: "wrap-up", title: "wrap-up", keys: ["w", "Alt+w"], can: canWrapUp, run: (desk) => desk.actions.start("wrap-up", desk.chosen, {}) },
  { id: "begin", title: "begin", keys: ["b", "Alt+b"], can: (desk) => Boolean(desk.current()), run: (desk, page) => page.open("begin", desk.chosen) },
  { id: "close", title: "close", keys: ["c", "Alt+c"], can: canClose, run: (_, page) => page.open("close") },
  { id: "transcript", title: "readMessages", keys: ["m"], can: (desk) => Boolean(desk.current()), run: (_, page) => page.focus("transcript") },
  { id: "panel", title: "contactPanel", keys: ["d", "Alt+v"], can: (desk) => Boolean(given(desk)), run: (_, page) => page.focus("panel") },
  { id: "why", title: "explain", keys: ["y", "Alt+y"], can: (desk) => Boolean(asksWhy(desk)), run: (desk, page) => page.open("why", asksWhy(desk)) },
  { id: "list", title: "toList", keys: ["l"], can: isAny, run: (_, page) => page.focus("list") },
  { id: "available", title: "takeWork", keys: ["Alt+a"], can: (desk) => desk.store.presence !== "available", run: (desk) => desk.present("available") },
  { id: "away", title: "beAway", keys: ["Alt+a"], can: (desk) => desk.store.presence === "available", run: (_, page) => page.open("away") },
  { id: "drain", title: "drain", keys: ["Alt+m"], can: (desk) => !desk.store.draining, run: (desk) => desk.drain(desk.me.id, true) },
  { id: "undrain", title: "undrain", keys: ["Alt+m"], can: (desk) => desk.store.draining, run: (desk) => desk.drain(desk.me.id, false) },
  { id: "desk", title: "pageDesk", keys: ["Alt+1"], can: isAny, run: (_, page) => page.go("/") },
  { id: "history", title: "pageHistory", keys: ["Alt+2", "/"], can: isAny, run: (_, page) => page.go("/history") },
  { id: "live", title: "pageLive", keys: ["Alt+3"], can: leads, run: (_, page) => page.go("/live") },
  { id: "agents", title: "pageAgents", keys: ["Alt+4"], can: leads, run: (_, page) => page.go("/agents") },
  { id: "canned-replies", title: "pageCanned", keys: ["Alt+5"], can: leads, run: (_, page) => page.go("/canned") },
  { id: "setup", title: "pageSetup", keys: ["Alt+6"], can: leads, run: (_, page) => page.go("/setup") },
  { id: "add", title: "addHere", keys: ["a"], can: (desk) => leads(desk) && /^#\/(agents|canned)/.test(location.hash), run: (_, page) => page.focus("add") },
  { id: "palette", title: "palette", keys: ["Ctrl+k"], can: isAny, run: (_, page) => page.open("palette") },
  { id: "keys", title: "keyList", keys: ["?"], can: isAny, run: (_, page) => page.open("keys") },
  { id: "preferences", title: "preferences", keys: ["Alt+,"], can: isAny, run: (_, page) => page.open("preferences") },
  { id: "sign-out", title: "signOut", keys: ["Alt+q"], can: isAny, run: (desk) => void desk.signOut() },
];

/** The name of what was pressed, as `keys` has it. A Mac's Command counts as Ctrl. */
export function keyOf(event: KeyboardEvent): string {
  // Alt makes other letters on some keyboards; the physical key is what its name means.
  const letter = event.altKey && /^(Key|Digit)/.test(event.code) ? event.code.slice(-1).toLowerCase() : event.key;
  const plain = letter.length === 1 ? letter.toLowerCase() : letter;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${plain}`;
}
