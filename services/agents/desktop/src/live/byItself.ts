// What is decided about an agent without them: work that their queue gives unasked, and an offer that another took.
import { say } from "../words";
import { chime, notify } from "./attention";
import type { Desk } from "./desk";
import type { State } from "./frames";
import { offerKey } from "./offer";
import { askedOf, type Held } from "./state";
import { whoOf } from "./who";

export type ByItself = "given" | "taken";

/** What an event decides about me, who knew the conversation as `before`; null: nothing, or nothing new. */
export function byItself(type: string, state: State, before: Held | undefined, me: string): ByItself | null {
  if (before && before.state.version >= state.version) return null;
  if (type.startsWith("trunkline.offer.auto-accepted.")) return state.owner === me ? "given" : null;
  const asked = before && askedOf(before.state).includes(me) && !askedOf(state).includes(me);
  return asked && type.startsWith("trunkline.offer.rescinded.") && state.reason === "taken" ? "taken" : null;
}

/** Work that came by itself calls like an offer and opens, unless something is being written. */
export function tellByItself(desk: Desk, what: ByItself, held: Held): void {
  const who = whoOf(held.state);
  if (what === "given") {
    if (desk.prefs.sound) chime();
    notify(who, say("cameByItself", { who }), held.id);
    desk.notice(say("cameByItself", { who }));
    if (!desk.drafts.of(desk.chosen)) desk.choose(held.id);
  } else if (!desk.answered.has(offerKey(held)) && !desk.actions.of(held.id).length) {
    desk.notice(`${who}: ${say("taken")}`); // who has answered already hears it as the answer
  }
}
