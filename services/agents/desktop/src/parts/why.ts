// Why a conversation came to me, in sentences: who passed it on, or how the board chose.
import type { Desk } from "../live/desk";
import { reasonsOf, type Held, type Reasons } from "../live/state";
import { say, spanOf } from "../words";

/** Who was free for less was not chosen for it. */
const NEWS_MS = 1_000;

export function whyMe({ names }: Desk, { state, handover }: Held): string {
  if (handover) {
    const name = names.agent(handover.sender);
    return handover.note ? say("passedOnWith", { name, note: handover.note }) : say("passedOn", { name });
  }
  if (state.reason === "assigned") return say("whyAssigned");
  const back = state.reason === "woken" || state.reason === "wrote" ? say(state.reason) : "";
  const promised = state.promise === "callback" ? say("promised.callback") : "";
  const reasons = reasonsOf(state.why);
  return [promised, back, state.rung ? say("whyWidened") : "", reasons && chosenWords(reasons)].filter(Boolean).join(" ") || "–";
}

function chosenWords({ satisfied, room, declined, idleMs }: Reasons): string {
  const floor = satisfied === 1 ? say("whyOnly") : say("whyChosen", { satisfied, room });
  return [floor, declined ? say("whyDeclined", { count: declined }) : "", idleMs < NEWS_MS ? "" : say("whyIdle", { time: spanOf(idleMs) })].filter(Boolean).join(" ");
}
