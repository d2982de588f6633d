// What waits in a queue, in the order in which it is served; a supervisor moves one to the front, or back.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, Problem, want } from "../api/client";
import type { LinePlace } from "../api/schema";
import { channelIcon, Icon } from "../parts/Icon";
import { isTouch, useDesk, useNow } from "../parts/use";
import { addressOf } from "../live/who";
import { lengthOf, say, whyNot } from "../words";

const EVERY_MS = 2_000;

export function WaitingLine({ queue, title }: { queue: string; title: string }) {
  const desk = useDesk(), [note, write] = useState("");
  const { data, error } = useQuery({
    queryKey: ["line", queue],
    queryFn: () => want(api.GET("/api/v1/live/line", { params: { query: { queue } } })),
    refetchInterval: EVERY_MS,
  });
  // What is no longer on the screen cannot be pointed at.
  useEffect(() => () => desk.pointing.to(null), [desk]);
  return (
    <>
      <label className="row">{say("reorderWhy")} <input className="grow" maxLength={2000} value={note} onChange={({ target }) => write(target.value)} /></label>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {data?.items.length === 0 && <p className="soft">{say("nothingWaits")}</p>}
      <ol className="plain" aria-label={say("lineOf", { queue: title })}>
        {(data?.items ?? []).map((place) => <Waiting key={place.conversation} place={place} note={note} alone={data?.items.length === 1} />)}
      </ol>
    </>
  );
}

/** Who waits alone is at the front already. */
function Waiting({ place, note, alone }: { place: LinePlace; note: string; alone: boolean }) {
  const desk = useDesk(), now = useNow(), { conversation: id, front } = place;
  const who = place.display || addressOf(place), busy = desk.actions.of(id).some(({ verb }) => verb === "reorder");
  return (
    <li className="row" data-conversation={id} data-front={front}>
      <Icon name={channelIcon(place.channel)} /> <strong>{who}</strong>
      <span className="soft grow">{say("waitsFor", { time: lengthOf(Math.max(0, now - Date.parse(place.queued_at))) })}{front && ` · ${say("atFront")}`}</span>
      {(front || !alone) && <button type="button" disabled={busy} onFocus={() => desk.pointing.to({ id, front, note })} onBlur={() => desk.pointing.to(null)} aria-label={say(front ? "toOwnPlaceNamed" : "toFrontNamed", { who })}
        onClick={() => desk.actions.start("reorder", id, { front: !front, note })}>
        {say(front ? "toOwnPlace" : "toFront")}{!isTouch() && <kbd>f</kbd>}
      </button>}
    </li>
  );
}
