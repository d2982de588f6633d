// What is decided about an agent without them: work that comes unasked, an offer that another took, work that goes.
import { say } from "../words";
import { chime, notify } from "./attention";
import type { Desk } from "./desk";
import type { EventData, State } from "./frames";
import { offerKey } from "./offer";
import { askedOf, type Held } from "./state";
import { whoOf } from "./who";

/** given: mine unasked. taken: another answered sooner. gone: another has what was mine. over: I look on no more. */
export type ByItself = "given" | "taken" | "gone" | "over";

const GIVEN_AWAY = /^trunkline\.conversation\.(assigned|taken-over)\./;

/** What an event decides about me, who knew the conversation as `before`; null: nothing, or nothing new. */
export function byItself(type: string, state: State, before: Held | undefined, me: string, details?: EventData["details"]): ByItself | null {
  if (before && before.state.version >= state.version) return null;
  if (type.startsWith("trunkline.offer.auto-accepted.")) return state.owner === me ? "given" : null;
  if (!before || details?.by === me) return null; // who says it knows it
  return lost(type, state, before.state, me);
}

/** What I had, was asked or was offered until now, and have no more. */
function lost(type: string, now: State, was: State, me: string): ByItself | null {
  if (GIVEN_AWAY.test(type) && was.owner === me && now.owner !== me) return "gone";
  if (was.consulted.includes(me) && !now.consulted.includes(me) && now.owner !== me) return "over";
  const asked = askedOf(was).includes(me) && !askedOf(now).includes(me);
  return asked && type.startsWith("trunkline.offer.rescinded.") && now.reason === "taken" ? "taken" : null;
}

/** Work that came by itself calls like an offer and opens, unless something is being written; the rest is told. */
export function tellByItself(desk: Desk, what: ByItself, held: Held): void {
  if (what === "given") tellGiven(desk, held);
  else if (what !== "taken") tellGone(desk, what, held);
  else if (!desk.answered.has(offerKey(held)) && !desk.actions.of(held.id).length) {
    // Who has answered already hears it as the answer. The event names who is still offered it: the winner.
    desk.notices.news(say("takenBy", { who: whoOf(held.state), name: desk.names.agents(held.state.offered_to) }), "");
  }
}

function tellGiven(desk: Desk, { id, state }: Held): void {
  const who = whoOf(state), words = say("cameByItself", { who }), opens = !desk.drafts.of(desk.chosen);
  if (desk.prefs.sound) chime();
  notify(who, words, id);
  desk.notices.news(words, opens ? "" : id); // what opens by itself was not chosen by anybody
  if (opens) desk.choose(id);
}

function tellGone(desk: Desk, what: "gone" | "over", { id, state }: Held): void {
  const who = whoOf(state), words = what === "gone" ? say("hasNow", { who, name: desk.names.agent(state.owner) }) : say("consultationOver", { who });
  if (what === "gone") notify(who, words, id);
  desk.notices.news(words, id);
}
