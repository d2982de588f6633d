// What waits: what it asks for, who could be asked, how every agent stands to it, and what time will change.
import { Link } from "wouter";
import type { AgentNow, Now, Wider } from "../api/schema";
import { askedWords, policyWords, rosterWords } from "../live/asked";
import type { Desk } from "../live/desk";
import { skillWords } from "../live/skills";
import { clockOf, momentOf, numberOf, say, shutWords, timeOf } from "../words";
import { PassedOverList } from "./OffersMade";
import { Since } from "./Since";
import { useDesk, useNow } from "./use";

export function Standings({ now, close }: { now: Now; close: () => void }) {
  const desk = useDesk(), at = Date.parse(now.at);
  return (
    <section aria-labelledby="why-now">
      <h3 id="why-now">{say("nowHead")}</h3>
      <p>{askedWords(desk.names, now.asked)}</p>
      <p className="soft">{policyWords(now.asked.policy)}</p>
      <p>{say("waitsSince", { at: momentOf(at - now.waited_s * 1000) })} <Since at={at - now.waited_s * 1000} /></p>
      {now.front && <p><strong>{say("movedToFront", { name: now.front.name, at: momentOf(now.front.at) })}</strong> {now.front.note}</p>}
      <p>{say(`dueBy.${now.due_by}`, { at: momentOf(at + now.due_in_s * 1000) })}</p>
      <p role="status"><strong>{now.shut ? shutWords(now.shut_until) : say("couldBeAsked", { count: now.could_be_asked })}</strong></p>
      <PassedOverList counts={now.passed_over} />
      {now.roster_able === 0 && (
        <p className="bad">
          {rosterWords(desk.names, now.roster_lacks)}{" "}
          {desk.me.role === "admin" && <Link href="/agents" onClick={close}>{say("toRoster")}</Link>}
        </p>
      )}
      {now.wider.length > 0 && <Later at={at} steps={now.wider} />}
      <Agents agents={now.agents} />
    </section>
  );
}

function Later({ at, steps }: { at: number; steps: Wider[] }) {
  const desk = useDesk();
  return (
    <>
      <h4>{say("willAsk")}</h4>
      <ol className="plain steps">
        {steps.map((step, place) => (
          <li key={place}>
            <strong><Due at={step.in_s === null ? null : at + step.in_s * 1000} /></strong> {step.tells && `${say(`tells.${step.tells}`)} `}{askedWords(desk.names, step.asked)}{" "}
            {say("wouldDo", { count: step.would_do })}
          </li>
        ))}
      </ol>
    </>
  );
}

function Due({ at }: { at: number | null }) {
  const now = useNow();
  if (at === null) return say("onceItWaits");
  const left = at - now;
  return <span role="timer" aria-live="off">{left > 0 ? say("inTime", { time: clockOf(left), at: timeOf(at) }) : say("anyMoment")}</span>;
}

/** Who has all the skills and lacks one all the same: another is asked alone. */
function standsWords({ names }: Desk, { reason, lacks, turn_at: turn }: AgentNow): string {
  if (reason === "skill" && !Object.keys(lacks).length) return say("standsAside");
  return say(`stands.${reason || "could"}`, { skills: skillWords(names, lacks), at: turn ? timeOf(turn) : "" });
}

function Agents({ agents }: { agents: AgentNow[] }) {
  const desk = useDesk(), leads = desk.me.role !== "agent";
  return (
    <>
      <h4 id="why-agents">{say(leads ? "agentsStand" : "youStand")}</h4>
      {agents.length === 0 && <p className="soft">{say("noAgentsHere")}</p>}
      {agents.length > 0 && (
        // A long list scrolls, also by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
        <div className="scroll few" role="region" aria-labelledby="why-agents" tabIndex={0}>
          <table className="stack">
            <thead><tr><th scope="col">{say("agent")}</th><th scope="col">{say("standing")}</th><th scope="col">{say("load")}</th></tr></thead>
            <tbody>
              {agents.map((one) => (
                <tr key={one.agent}>
                  <th scope="row"><span className={`dot ${one.presence}`} /> {one.name}</th>
                  <td data-of={say("standing")}>{standsWords(desk, one)}</td>
                  <td data-of={say("load")}>{numberOf(one.load)} / {numberOf(one.capacity)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
