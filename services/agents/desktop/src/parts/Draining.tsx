// Whether an agent is given new work, as a supervisor's word; what they have stays theirs.
import { useState } from "react";
import type { LiveAgent } from "../api/schema";
import { say, sayName } from "../words";
import { Asking } from "./Asking";
import { useLive } from "./live";
import { useDesk } from "./use";

/** The button beside an agent. */
export function Drain({ one: { id, name, draining } }: { one: LiveAgent }) {
  const desk = useDesk(), words = say(draining ? "undrain" : "drain");
  return (
    <button
      type="button" aria-label={`${words}: ${name}`} disabled={desk.actions.of("").some(({ verb, body }) => verb === "drain" && body.agent === id)}
      onClick={() => desk.drain(id, !draining)}
    >{words}</button>
  );
}

/** The same by a key, wherever one is: whom, and then the one word that changes something. */
export function Draining({ close }: { close: () => void }) {
  const desk = useDesk(), { data } = useLive(), [whom, choose] = useState("");
  const agents = data?.agents ?? [], one = agents.find(({ id }) => id === whom) ?? agents[0];
  return (
    <Asking title={say("drainSomebody")} verb={say(one?.draining ? "undrain" : "drain")} close={close} disabled={!one} done={() => one && desk.drain(one.id, !one.draining)}>
      <p className="soft">{say(!data || agents.length ? "drainExplained" : "nobodyElse")}</p>
      <label>{say("agent")}
        <select name="agent" value={one?.id ?? ""} onChange={({ target }) => choose(target.value)}>
          {agents.map(({ id, name, presence, draining }) => <option key={id} value={id}>{[name, sayName(presence), draining ? say("takesNoWork") : ""].filter(Boolean).join(" · ")}</option>)}
        </select>
      </label>
    </Asking>
  );
}
