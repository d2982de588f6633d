// The dialogs that send a conversation elsewhere or later.
import { useEffect, useState } from "react";
import { clock, Problem } from "../api/client";
import type { KnownAgent } from "../api/schema";
import type { Body } from "../live/actions";
import { usualTimes, type Until } from "../live/snoozed";
import { dateTimeOf, say, sayName, whyNot } from "../words";
import { Asking } from "./Asking";
import { localTime, useDesk } from "./use";

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Who is here changes all day. Unless somebody answers, those of before are shown. */
function useColleagues(): KnownAgent[] {
  const desk = useDesk();
  useEffect(() => void desk.names.meetColleagues().catch((problem: unknown) => desk.notices.problem(problem instanceof Problem ? whyNot(problem) : String(problem))), [desk]);
  return desk.names.colleagues.filter((one) => one.id !== desk.me.id && one.presence !== "offline").sort((one, other) => ease(one) - ease(other));
}

/** Who could take it now comes first, then who is here without room, then who is away. */
const ease = ({ presence, room }: KnownAgent): number => (presence === "available" ? 0 : 2) + (room ? 0 : 1);

function NoteBox() {
  return <label>{say("transferNote")}<textarea name="note" rows={3} maxLength={2000} /></label>;
}

const agentWords = ({ name, presence, room }: KnownAgent): string =>
  [name, sayName(presence), room ? "" : say("noRoom")].filter(Boolean).join(" · ");

function targetOf(to: string, level: string): Body {
  const at = to.indexOf(":"), name = to.slice(at + 1);
  switch (to.slice(0, at)) {
    case "agent": return { to_agent: name };
    case "skill": return { to_skill: name, level: Number(level) };
    default: return { to_queue: name };
  }
}

/** Hand it over, or ask first: a colleague looks on, and may take it over then. */
export function Transferring({ close }: { close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen), others = useColleagues(), { plan } = desk.names;
  const [to, choose] = useState(plan.queues[0] ? `queue:${plan.queues[0].name}` : "");
  const [how, decide] = useState<"transfer" | "consult">("transfer"), asks = to.startsWith("agent:") && how === "consult";
  return (
    <Asking title={say("transfer")} verb={say(asks ? "askFirst" : "transfer")} close={close} done={({ level = "1", note = "" }) =>
      desk.actions.start(asks ? "consult" : "transfer", id, { ...targetOf(to, level), note })}>
      <label>{say("transferTo")}
        <select name="to" value={to} onChange={({ target }) => choose(target.value)}>
          <optgroup label={say("queues")}>
            {plan.queues.map(({ name, title }) => <option key={name} value={`queue:${name}`}>{title}</option>)}
          </optgroup>
          <optgroup label={say("whoCan")}>
            {plan.skills.map(({ name, title }) => <option key={name} value={`skill:${name}`}>{title}</option>)}
          </optgroup>
          <optgroup label={say("colleagues")}>
            {others.map((one) => <option key={one.id} value={`agent:${one.id}`}>{agentWords(one)}</option>)}
          </optgroup>
        </select>
      </label>
      {to.startsWith("agent:") && (
        <label>{say("transferHow")}
          <select name="how" value={how} onChange={({ target }) => decide(target.value === "consult" ? "consult" : "transfer")}>
            <option value="transfer">{say("handOver")}</option>
            <option value="consult">{say("askFirst")}</option>
          </select>
        </label>
      )}
      {asks && <p className="soft">{say("consultExplained")}</p>}
      {to.startsWith("skill:") && (
        <label>{say("atLeastLevel")}<select name="level">{LEVELS.map((level) => <option key={level} value={level}>{level}</option>)}</select></label>
      )}
      <NoteBox />
    </Asking>
  );
}

/** Ask a colleague to look on. */
export function Consulting({ close }: { close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen), others = useColleagues();
  return (
    <Asking title={say("askFirst")} verb={say("askFirst")} close={close} disabled={!others.length} done={({ to = "", note = "" }) =>
      desk.actions.start("consult", id, { to_agent: to, note })}>
      <p className="soft">{say(others.length ? "consultExplained" : "nobodyElse")}</p>
      <label>{say("askWhom")}
        <select name="to">{others.map((one) => <option key={one.id} value={one.id}>{agentWords(one)}</option>)}</select>
      </label>
      <label>{say("askWhat")}<textarea name="note" rows={3} maxLength={2000} /></label>
    </Asking>
  );
}

export function Escalating({ close }: { close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen);
  return (
    <Asking title={say("escalate")} verb={say("escalate")} close={close} done={({ note = "" }) => desk.actions.start("escalate", id, { note })}>
      <p className="soft">{say("escalateExplained")}</p>
      <NoteBox />
    </Asking>
  );
}

/** A supervisor's word: it needs no room, and the agent is not asked. */
export function Assigning({ conversation, close }: { conversation: string; close: () => void }) {
  const desk = useDesk(), others = useColleagues();
  return (
    <Asking title={say("assign")} verb={say("assign")} close={close} disabled={!others.length} done={({ to = "", note = "" }) =>
      desk.actions.start("assign", conversation, { to_agent: to, note })}>
      <p className="soft">{say(others.length ? "assignExplained" : "nobodyElse")}</p>
      <label>{say("transferTo")}
        <select name="to">{others.map((one) => <option key={one.id} value={one.id}>{agentWords(one)}</option>)}</select>
      </label>
      <NoteBox />
    </Asking>
  );
}

const TIMES: Until[] = ["hour", "hours", "tomorrow", "monday"];

/** Put off; after a reply, first that reply is sent, and a reply that fails leaves the conversation here. */
export function Snoozing({ afterReply, close }: { afterReply: boolean; close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen), [times] = useState(() => usualTimes(clock.now()));
  const [until, choose] = useState<Until | "own">("hour");
  const words = say(afterReply ? "sendAndSnooze" : "snooze");
  return (
    <Asking title={words} verb={words} close={close} done={({ at = "", note = "" }) => {
      const wakes = new Date(until === "own" ? at : times[until]); // a time of one's own is by the clock on this wall
      desk.end(id, afterReply, { verb: "snooze", body: { until: wakes.toISOString(), note } });
    }}>
      <p className="soft">{say("snoozeExplained")}</p>
      <label>{say("snoozeUntil")}
        <select name="until" value={until} onChange={({ target }) => choose(target.value as Until | "own")}>
          {TIMES.map((each) => <option key={each} value={each}>{say(`until-${each}`)} · {dateTimeOf(times[each])}</option>)}
          <option value="own">{say("until-own")}</option>
        </select>
      </label>
      {until === "own" && <label>{say("untilWhen")}<input type="datetime-local" name="at" required min={localTime(clock.now())} /></label>}
      <label>{say("closeNote")}<textarea name="note" rows={2} maxLength={2000} /></label>
    </Asking>
  );
}
