// Above what was said, while a second agent looks on: who asked what, and how it ends.
import { endConsultation } from "../live/consulting";
import type { Held } from "../live/state";
import { whoOf } from "../live/who";
import { say } from "../words";
import { Icon } from "./Icon";
import { isTouch, useDesk } from "./use";

export function Consultation({ each }: { each: Held }) {
  const desk = useDesk(), { state } = each;
  if (desk.store.looksOn(state)) return <Asked each={each} />;
  if (state.owner !== desk.me.id || !state.consulted.length) return null;
  return (
    <ul className="plain consultation" aria-label={say("consulted")}>
      {state.consulted.map((agent) => <Looking key={agent} each={each} agent={agent} />)}
    </ul>
  );
}

/** To the owner: who looks on. */
function Looking({ each, agent }: { each: Held; agent: string }) {
  const desk = useDesk(), name = desk.names.agent(agent);
  const ends = desk.actions.of(each.id).some(({ verb, body }) => verb === "consult-end" && body.agent === agent);
  return (
    <li className="row">
      <Icon name="person" /> <span className="grow">{say("looksOn", { name })}</span>
      <button type="button" disabled={ends} aria-label={say("endConsultationOf", { name })} onClick={() => endConsultation(desk, each, agent)}>{say("endConsultation")}</button>
    </li>
  );
}

/** To who looks on: what they are asked, that nothing they write here goes to the customer, and the two ways on. */
function Asked({ each }: { each: Held }) {
  const desk = useDesk(), { question, state } = each, keys = !isTouch();
  const busy = desk.actions.of(each.id).some(({ verb }) => verb === "consult-end" || verb === "take-over");
  return (
    <section className="consultation" aria-label={say("consulted")}>
      <p><strong>{say("asksYou", { name: desk.names.agent(question?.by || state.owner) })}</strong> {question?.note}</p>
      <p className="row">
        <span className="soft grow">{say("lookExplained", { who: whoOf(state) })}</span>
        <button type="button" disabled={busy} onClick={() => endConsultation(desk, each)}>{say("endConsultation")}{keys && <kbd>x</kbd>}</button>
        <button type="button" className="primary" disabled={busy} onClick={() => desk.takeOver(each.id)}>{say("takeOver")}{keys && <kbd>o</kbd>}</button>
      </p>
    </section>
  );
}
