// A supervisor shuts a queue for a while, or until somebody opens it; and opens it again.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, clock, want } from "../api/client";
import type { LiveQueue } from "../api/schema";
import { isTurning, open, shut, toldWhileShut } from "../live/supervising";
import { dateTimeOf, locale, say, shutWords } from "../words";
import { Asking } from "./Asking";
import { useLive } from "./live";
import { localTime, useDesk, usePage } from "./use";

const MINUTES = [15, 30, 60, 120, 240, 480];

/** The button beside a queue. */
export function ShutOrOpen({ queue: { name, title, shut: isShut } }: { queue: LiveQueue }) {
  const desk = useDesk(), page = usePage();
  return (
    <button
      type="button" disabled={isTurning(desk, name)} aria-label={say(isShut ? "openNamed" : "shutNamed", { queue: title })}
      onClick={() => (isShut ? open(desk, name) : page.open("shut", name))}
    >{say(isShut ? "open" : "shut")}</button>
  );
}

/** `named`: the queue it is about; '': it is asked which. One that is shut is opened here, too. */
export function Shutting({ named, close }: { named: string; close: () => void }) {
  const desk = useDesk(), { data } = useLive(), { queues } = desk.names.plan;
  const [chosen, choose] = useState(named || queues[0]?.name || "");
  const now = data?.queues.find(({ name }) => name === chosen), queue = desk.names.queue(chosen);
  const act = ({ minutes = "", at = "", note = "" }: Record<string, string>) => {
    if (now?.shut) open(desk, chosen);
    else shut(desk, chosen, untilOf(minutes, at), note);
  };
  return (
    <Asking title={named ? say("shutNamed", { queue }) : say("shutOrOpen")} verb={say(now?.shut ? "open" : "shut")} close={close} disabled={!data || isTurning(desk, chosen)} done={act}>
      {!named && (
        <label>{say("queue")}
          <select name="queue" value={chosen} onChange={({ target }) => choose(target.value)}>
            {queues.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}
          </select>
        </label>
      )}
      {now?.shut ? <p role="status">{queue}: {shutWords(now.shut_until)}</p> : <ForHowLong queue={chosen} />}
    </Asking>
  );
}

/** The end that was chosen, RFC 3339; '' for none. */
function untilOf(minutes: string, at: string): string {
  if (minutes === "own") return new Date(at).toISOString(); // by the clock on this wall
  return minutes === "0" ? "" : new Date(clock.now() + Number(minutes) * 60_000).toISOString();
}

function ForHowLong({ queue }: { queue: string }) {
  const [minutes, choose] = useState("15"), [from] = useState(() => clock.now());
  return (
    <>
      <p className="soft">{say("shutExplained")}</p>
      <label>{say("shutFor")}
        <select name="minutes" value={minutes} onChange={({ target }) => choose(target.value)}>
          {MINUTES.map((count) => <option key={count} value={count}>{say("shutForMinutes", { count })} · {dateTimeOf(from + count * 60_000)}</option>)}
          <option value="own">{say("until-own")}</option>
          <option value="0">{say("shutForEver")}</option>
        </select>
      </label>
      {minutes === "own" && <label>{say("untilWhen")}<input type="datetime-local" name="at" required min={localTime(from)} /></label>}
      <label>{say("shutWhy")}<input name="note" maxLength={2000} autoComplete="off" /></label>
      <Told queue={queue} timed={minutes !== "0"} />
    </>
  );
}

/** What customers will read; a queue without words for it says so before it is shut. */
function Told({ queue, timed }: { queue: string; timed: boolean }) {
  const { data } = useQuery({ queryKey: ["configuration"], queryFn: () => want(api.GET("/api/v1/configuration")) });
  const known = data?.queues[queue];
  if (!known) return null;
  const words = toldWhileShut(known, timed, locale());
  return words ? <p>{say("shutTells")} <q>{words}</q></p> : <p className="soft">{say("shutTellsNothing")}</p>;
}
