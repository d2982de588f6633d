// Looking on: being asked to, and its end.
import { say } from "../words";
import { notify } from "./attention";
import type { Desk } from "./desk";
import type { Held } from "./state";
import type { Store } from "./store";
import { whoOf } from "./who";

/** No more looking on: by me, or as the owner for all whom I asked, or one of them. */
export function endConsultation(desk: Desk, { id, state }: Held, agent = ""): void {
  const all = desk.store.looksOn(state) ? [desk.me.id] : state.consulted;
  for (const one of agent ? [agent] : all) desk.actions.start("consult-end", id, { agent: one });
}

/** How one takes a conversation: by being consulted in it, else by a supervisor's word. */
export function takingOver(store: Store, id: string): "take-over" | "assign" {
  const state = store.all.get(id)?.state;
  return state && store.looksOn(state) ? "take-over" : "assign";
}

/** A colleague asks me to look on. */
export function tellAsked(desk: Desk, { id, state, question }: Held): void {
  const words = say("askedToLook", { by: desk.names.agent(question?.by ?? ""), who: whoOf(state) });
  desk.notices.news([words, question?.note].filter(Boolean).join(" "), id);
  notify(words, question?.note ?? "", id);
}
