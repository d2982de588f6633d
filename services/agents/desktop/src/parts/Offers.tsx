// What is offered to me: who, where, their last words, why me, and how long there is to decide.
import { useEffect, useRef, useState } from "react";
import { clock } from "../api/client";
import type { Action } from "../live/actions";
import type { Desk } from "../live/desk";
import { offerKey } from "../live/offer";
import { windowEnd, windowStands } from "../live/limits";
import { lastWords, type Held } from "../live/state";
import { whoOf } from "../live/who";
import { clockOf, say } from "../words";
import { ClockChip } from "./ClockChip";
import { channelIcon, Icon } from "./Icon";
import { isTouch, useDesk, useNow, usePage } from "./use";
import { whyMe } from "./why";

export function Offers() {
  const desk = useDesk(), offers = desk.offers();
  return (
    <section className="offers" aria-label={say("offers")} aria-live="assertive">
      {offers.map((offer, place) => <OfferCard key={offerKey(offer)} desk={desk} offer={offer} first={place === 0} />)}
    </section>
  );
}

function OfferCard({ desk, offer, first }: { desk: Desk; offer: Held; first: boolean }) {
  const { state } = offer, now = useNow(), page = usePage();
  const [whole] = useState(() => Math.max(1, state.deadline - clock.now()));
  const left = Math.max(0, state.deadline - now);
  const underway = desk.actions.of(offer.id).find((each) => each.verb === "accept" || each.verb === "decline");
  const keys = first && !isTouch();
  return (
    <article className="card offer" ref={useShown(desk, offer)} data-conversation={offer.id}>
      <header className="row">
        <Icon name={channelIcon(state.channel)} />
        <h2>{whoOf(state)}</h2>
        <span className="soft grow">{desk.names.queue(state.queue)} · {desk.names.channelOf(state)}</span>
        <span className="timer" role="timer" aria-live="off">{left ? clockOf(left) : say("timeOver")}</span>
      </header>
      <blockquote>{lastWords(offer) || "…"}</blockquote>
      <p className="row promised"><ClockChip desk={desk} each={offer} now={now} whole /> <span className="soft">{windowStands(windowEnd(desk.names.plan, state), now).words}</span></p>
      <p><span className="soft">{say("whyYou")}:</span> {whyMe(desk, offer)} <button type="button" className="quiet link" onClick={() => page.open("why", offer.id)}>{say("why")}{keys && <kbd>y</kbd>}</button></p>
      <progress max={whole} value={left} aria-hidden="true" />
      <p className="row end">
        <span className="soft grow" role="status">{underway ? actionWords(underway, desk.live) : ""}</span>
        <button type="button" disabled={Boolean(underway)} onClick={() => page.open("decline", offer.id)}>
          {say("decline")}{keys && <kbd>Esc</kbd>}
        </button>
        <button
          type="button" className="primary" disabled={Boolean(underway)}
          onClick={() => desk.actions.start("accept", offer.id, { fence: state.fence })}
        >
          {say("accept")}{keys && <kbd>Enter</kbd>}
        </button>
      </p>
    </article>
  );
}

/** Tell the board once a person could see the card; again over each new connection. Only then does missing it count. */
function useShown(desk: Desk, { id, state: { fence } }: Held) {
  const ref = useRef<HTMLElement>(null);
  const [visible, see] = useState(false);
  const could = visible && desk.live && !document.hidden;
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => see(entry?.isIntersecting ?? false), { threshold: 0.5 });
    if (ref.current) watcher.observe(ref.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (could) desk.socket.send({ type: "shown", conversation: id, fence });
  }, [could, desk, id, fence]);
  return ref;
}

/** An unanswered action in words. */
export function actionWords(action: Action, live: boolean): string {
  if (action.state === "saved") return say("saved");
  if (!live) return say("noLine");
  if (action.state === "pending") return say("pending");
  return action.state === "waiting" ? say("waitingForLog") : say("saving");
}
