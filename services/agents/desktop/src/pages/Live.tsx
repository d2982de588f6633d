// The floor now, for supervisors: what waits and why, who is there and how loaded.
import { useQuery } from "@tanstack/react-query";
import { api, Problem, want } from "../api/client";
import type { LiveAgent, LiveNeed, LiveQueue } from "../api/schema";
import { useDesk, useNow } from "../parts/use";
import { lengthOf, numberOf, say, sayName, timeOf, whyNot } from "../words";

const EVERY_MS = 2_000;

export default function Live() {
  const { data, error } = useQuery({ queryKey: ["live"], queryFn: () => want(api.GET("/api/v1/live")), refetchInterval: EVERY_MS });
  return (
    <main className="board">
      <header className="row"><h1 className="grow">{say("pageLive")}</h1><span className="soft">{data ? say("asOf", { time: timeOf(data.at) }) : ""}</span></header>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {data && <Queues queues={data.queues} />}
      {data && <Agents agents={data.agents} />}
    </main>
  );
}

const seconds = (value: number | null): string => (value === null ? "–" : lengthOf(Math.abs(value) * 1000));

function Slack({ value }: { value: number | null }) {
  if (value === null) return <td>–</td>;
  const late = value < 0;
  return <td><span className={`chip ${late ? "late" : value < 60 ? "soon" : "calm"}`}>{say(late ? "lateBy" : "dueIn", { time: seconds(value) })}</span></td>;
}

function Queues({ queues }: { queues: LiveQueue[] }) {
  return (
    <div className="card">
      <h2 id="queues-head">{say("queues")}</h2>
      {/* A table wider than the screen scrolls, also by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <div className="scroll" role="region" aria-labelledby="queues-head" tabIndex={0}>
        <table>
          <thead><tr>{(["queue", "waiting", "oldest", "mostUrgent", "whoCould"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}</tr></thead>
          <tbody>{queues.map((queue) => <QueueRows key={queue.name} queue={queue} />)}</tbody>
        </table>
      </div>
    </div>
  );
}

function QueueRows({ queue }: { queue: LiveQueue }) {
  return (
    <>
      <tr className="main">
        <th scope="row">{queue.title}</th>
        <td>{numberOf(queue.waiting)}</td><td>{seconds(queue.oldest_s)}</td><Slack value={queue.slack_s} />
        <td>{queue.unserved > 0 ? <strong className="bad">{say("unserved", { count: queue.unserved })}</strong> : queue.waiting ? "" : say("nothingWaits")}</td>
      </tr>
      {queue.needs.map((need) => <NeedRow key={`${need.channel}:${Object.keys(need.skills).join()}`} need={need} />)}
    </>
  );
}

function NeedRow({ need }: { need: LiveNeed }) {
  const desk = useDesk();
  const skills = Object.entries(need.skills).map(([skill, level]) => `${desk.names.skill(skill)} ≥ ${level}`).join(", ");
  return (
    <tr className="soft">
      <td>{desk.names.channel(need.channel)}{skills && ` · ${skills}`}</td>
      <td>{numberOf(need.waiting)}</td><td>{seconds(need.oldest_s)}</td><Slack value={need.slack_s} />
      <td>{need.eligible === 0 ? say("nobodyCould") : say("could", { eligible: need.eligible, room: need.with_room })}</td>
    </tr>
  );
}

function Agents({ agents }: { agents: LiveAgent[] }) {
  const now = useNow();
  return (
    <div className="card">
      <h2 id="agents-head">{say("agentsHere", { count: agents.length })}</h2>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <div className="scroll" role="region" aria-labelledby="agents-head" tabIndex={0}>
        <table>
          <thead><tr>{(["agent", "presence", "since", "load"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}</tr></thead>
          <tbody>
            {agents.map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.name}</th>
                <td><span className={`dot ${one.presence}`} /> {sayName(one.presence)}{one.reason && ` · ${sayName(one.reason)}`}</td>
                <td>{one.since ? lengthOf(Math.max(0, now - Date.parse(one.since))) : "–"}</td>
                <td><meter min={0} max={Math.max(1, one.capacity)} value={one.load} aria-label={say("load")} /> {numberOf(one.load)} / {numberOf(one.capacity)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
