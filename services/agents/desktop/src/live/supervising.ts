// A supervisor's word about a queue: nobody is asked for what waits there, until a time or until it is opened.
import type { Queue } from "../api/schema";
import type { Actions } from "./actions";

/** `until`: RFC 3339; '' until somebody opens it. `note` is for colleagues and the log, not for customers. */
export function shut({ actions }: { actions: Actions }, queue: string, until: string, note: string): void {
  actions.start("shut", "", { queue, note, ...(until ? { until } : {}) });
}

export function open({ actions }: { actions: Actions }, queue: string): void {
  actions.start("open", "", { queue });
}

/** A word about this queue is not answered yet. */
export const isTurning = ({ actions }: { actions: Actions }, queue: string): boolean =>
  actions.of("").some(({ verb, body }) => (verb === "shut" || verb === "open") && body.queue === queue);

/** What its customers are told while it is shut, in the reader's language or else the first there is; '': nothing. */
export function toldWhileShut({ tells }: Pick<Queue, "tells">, timed: boolean, language: string): string {
  const texts = (timed && tells?.shut_until) || tells?.shut || {};
  return texts[language] ?? Object.values(texts)[0] ?? "";
}
