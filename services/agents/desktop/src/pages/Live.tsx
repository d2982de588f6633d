// The floor now, for supervisors: what waits and why, who is there and how loaded.
import { useState } from "react";
import { Problem } from "../api/client";
import type { LiveAgent, LiveLateness, LiveNeed, LiveQueue, Ledger as Difference } from "../api/schema";
import { skillWords, type SkillNames } from "../live/skills";
import { Drain } from "../parts/Draining";
import { useLive } from "../parts/live";
import { ShutOrOpen } from "../parts/Shutting";
import { useDesk, useNow, usePage } from "../parts/use";
import { lengthOf, numberOf, say, sayName, shutWords, timeOf, whyNot } from "../words";
import { WaitingLine } from "./WaitingLine";

export default function Live() {
  const { data, error } = useLive();
  return (
    <main className="board">
      <header className="row"><h1 className="grow">{say("pageLive")}</h1><span className="soft">{data ? say("asOf", { time: timeOf(data.at) }) : ""}</span></header>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {!data && !error && <p className="soft" role="status">{say("loading")}</p>}
      {data && <Ledger ledger={data.ledger} />}
      {data && <Queues queues={data.queues} />}
      {data && data.late.count > 0 && <Late late={data.late} />}
      {data && <Agents agents={data.agents} />}
    </main>
  );
}

/** Nothing that was accepted may be lost on the way: what is still on it. */
function Ledger({ ledger }: { ledger: Difference | null }) {
  if (!ledger) return <p className="soft" role="status">{say("ledgerUnknown")}</p>;
  const { unrouted, unrelayed } = ledger, open = unrouted + unrelayed > 0;
  return (
    <p className="row ledger" title={say("ledgerExplained")}>
      <strong>{say("ledger")}</strong>
      {open ? <span>{say("ledgerOpen", { unrouted: numberOf(unrouted), unrelayed: numberOf(unrelayed) })}</span> : <span className="chip good">{say("ledgerEven")}</span>}
    </p>
  );
}

const seconds = (value: number | null): string => (value === null ? "–" : lengthOf(Math.abs(value) * 1000));

function Slack({ value }: { value: number | null }) {
  const of = say("mostUrgent");
  if (value === null) return <td data-of={of}>–</td>;
  const late = value < 0;
  return <td data-of={of}><span className={`chip ${late ? "late" : value < 60 ? "soon" : "calm"}`}>{say(late ? "lateBy" : "dueIn", { time: seconds(value) })}</span></td>;
}

/** The head of a column of buttons. */
const Acts = () => <th scope="col"><span className="hidden">{say("actions")}</span></th>;

function Queues({ queues }: { queues: LiveQueue[] }) {
  return (
    <div className="card">
      <h2 id="queues-head">{say("queues")}</h2>
      {/* A table wider than the screen scrolls, also by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <div className="scroll" role="region" aria-labelledby="queues-head" tabIndex={0}>
        <table className="stack">
          <thead><tr>{(["queue", "waiting", "oldest", "mostUrgent", "whoCould"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}<Acts /></tr></thead>
          <tbody>{queues.map((queue) => <QueueRows key={queue.name} queue={queue} />)}</tbody>
        </table>
      </div>
    </div>
  );
}

function QueueRows({ queue }: { queue: LiveQueue }) {
  const desk = useDesk(), page = usePage(), [open, show] = useState(false);
  const seek = (queue: string) => {
    desk.seek({ words: "", status: "queued", queue });
    page.go("/history");
  };
  return (
    <>
      <tr className="main">
        <th scope="row">{queue.waiting ? <button type="button" className="quiet link" title={say("showWaiting")} onClick={() => seek(queue.name)}>{queue.title}</button> : queue.title}</th>
        <td data-of={say("waiting")}>{numberOf(queue.waiting)}</td><td data-of={say("oldest")}>{seconds(queue.oldest_s)}</td><Slack value={queue.slack_s} />
        <td>
          {queue.shut && <strong className="bad">{shutWords(queue.shut_until)}</strong>}
          {queue.unserved > 0 ? <strong className="bad">{say("unserved", { count: queue.unserved })}{queue.unroutable > 0 && `; ${say("unroutable", { count: queue.unroutable })}`}</strong> : queue.waiting || queue.shut ? "" : say("nothingWaits")}
        </td>
        <td className="acts"><ShutOrOpen queue={queue} /></td>
      </tr>
      {queue.waiting > 0 && (
        <tr className="soft">
          <td colSpan={6}>
            <details className="line" onToggle={({ currentTarget }) => show(currentTarget.open)}>
              <summary>{say("line")}</summary>
              {open && <WaitingLine queue={queue.name} title={queue.title} />}
            </details>
          </td>
        </tr>
      )}
      {queue.needs.map((need, place) => <NeedRow key={place} need={need} shut={queue.shut} />)}
    </>
  );
}

function NeedRow({ need, shut }: { need: LiveNeed; shut: boolean }) {
  const desk = useDesk();
  const skills = skillWords(desk.names, need.skills);
  return (
    <tr className="soft">
      <td>{desk.names.channel(need.channel)}{skills && ` · ${skills}`}</td>
      <td data-of={say("waiting")}>{numberOf(need.waiting)}</td><td data-of={say("oldest")}>{seconds(need.oldest_s)}</td><Slack value={need.slack_s} />
      <td colSpan={2}>{need.roster_able === 0 ? <strong className="bad">{servedWords(desk.names, need)}</strong> : shut ? "–" : servedWords(desk.names, need)}</td>
    </tr>
  );
}

/** Who could take it: of those who are here, else of the whole roster, else what would mend it. */
function servedWords(names: SkillNames, { eligible, with_room: room, roster_able: able, roster_lacks: lacks }: LiveNeed): string {
  if (eligible > 0) return say("could", { eligible, room });
  if (able === null) return say("nobodyCould");
  if (able > 0) return say("rosterSome", { count: able });
  return Object.keys(lacks).length ? say("rosterNone", { skills: skillWords(names, lacks) }) : say("rosterNoneServes");
}

/** What was promised to customers and is over, the longest over first. */
function Late({ late: { count, first } }: { late: LiveLateness }) {
  const desk = useDesk(), page = usePage();
  return (
    <div className="card">
      <h2 id="late-head">{say("lateHead")}</h2>
      <p className="soft">{say("lateCount", { count })}</p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <div className="scroll" role="region" aria-labelledby="late-head" tabIndex={0}>
        <table className="stack">
          <tbody>
            {first.map((one) => (
              <tr key={one.conversation}>
                <th scope="row"><button type="button" className="quiet link" onClick={() => page.go(`/history/${one.conversation}`)}>{desk.names.queue(one.queue)}</button></th>
                <td data-of={say("agent")}>{one.owner ? desk.names.agent(one.owner) : say("lateNobody")}</td>
                <td><span className="chip late">{say(`clock.${one.clock}`)}: {say("lateBy", { time: lengthOf(one.late_s * 1000) })}</span></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const presenceWords = ({ presence, reason, draining, ramp_until: ramp }: LiveAgent): string =>
  [
    sayName(presence), reason === "missed" ? say("missedOffers") : sayName(reason), draining ? say("takesNoWork") : "",
    ramp && Date.parse(ramp) > Date.now() ? say("rampsUntil", { at: timeOf(ramp) }) : "",
  ].filter(Boolean).join(" · ");

function Agents({ agents }: { agents: LiveAgent[] }) {
  const now = useNow();
  return (
    <div className="card">
      <h2 id="agents-head">{say("agentsHere", { count: agents.length })}</h2>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <div className="scroll" role="region" aria-labelledby="agents-head" tabIndex={0}>
        <table className="stack">
          <thead><tr>{(["agent", "presence", "since", "load"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}<Acts /></tr></thead>
          <tbody>
            {agents.map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.name}</th>
                <td data-of={say("presence")}><span className={`dot ${one.presence}`} /> {presenceWords(one)}</td>
                <td data-of={say("since")}>{one.since ? lengthOf(Math.max(0, now - Date.parse(one.since))) : "–"}</td>
                <td data-of={say("load")}><meter min={0} max={Math.max(1, one.capacity)} value={one.load} aria-label={say("load")} /> {numberOf(one.load)} / {numberOf(one.capacity)}{one.quiet > 0 && <> <span className="chip calm" title={say("quietExplained")}>{say("quietCount", { count: one.quiet })}</span></>}</td>
                <td className="acts"><Drain one={one} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
