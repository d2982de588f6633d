// My conversations: who, the customer's last words, the clock, what is unread, what I have begun to write.
import { useEffect, useRef } from "react";
import { VList, type VListHandle } from "virtua";
import type { Desk } from "../live/desk";
import type { State } from "../live/frames";
import { isQuiet, lastWords, type Held } from "../live/state";
import { whoOf } from "../live/who";
import { clockOf, dateTimeOf, say, sayStatus } from "../words";
import { ClockChip } from "./ClockChip";
import { Empty } from "./Empty";
import { channelIcon, Icon } from "./Icon";
import { useDesk, useNow } from "./use";

export function List() {
  const desk = useDesk(), rows = desk.store.own(), theirs = desk.store.consulted(), off = desk.store.snoozed(), now = useNow();
  const handle = useRef<VListHandle>(null);
  const at = rows.findIndex(({ id }) => id === desk.chosen);
  useEffect(() => {
    if (at >= 0) handle.current?.scrollToIndex(at, { align: "nearest" });
  }, [at]);
  return (
    <nav className="list" aria-label={say("conversations")}>
      <h2 className="list-head">{say("conversationCount", { count: rows.length })}</h2>
      {rows.length === 0 ? <Empty desk={desk} /> : (
        <VList ref={handle} className="rows" data={rows}>
          {(each) => <Row key={each.id} desk={desk} each={each} now={now} />}
        </VList>
      )}
      {theirs.length > 0 && <Consulted desk={desk} all={theirs} now={now} />}
      {off.length > 0 && <Snoozed desk={desk} all={off} />}
    </nav>
  );
}

function Row({ desk, each, now }: { desk: Desk; each: Held; now: number }) {
  const { state } = each, draft = desk.drafts.of(each.id), chosen = each.id === desk.chosen;
  return (
    <button type="button" className="row-button" data-conversation={each.id} aria-current={chosen} onClick={() => desk.choose(each.id)}>
      <span className="row-top">
        <Icon name={channelIcon(state.channel)} />
        <strong>{whoOf(state) || "…"}</strong>
        {each.unread > 0 && <span className="unread"><span className="hidden">{say("unread", { count: each.unread })}</span><span aria-hidden="true">{each.unread}</span></span>}
        <ClockChip desk={desk} each={each} now={now} />
      </span>
      <span className="words">
        {draft && !chosen ? <><em>{say("draft")}</em> {draft}</> : lastWords(each) || (state.last_inbound_at ? "…" : say("event.conversation.begun"))}
      </span>
      <span className="soft state">{desk.names.queue(state.queue)} · {statusWords(desk, each, now)}</span>
    </button>
  );
}

/** Others' work, where I am asked to look on. */
function Consulted({ desk, all, now }: { desk: Desk; all: Held[]; now: number }) {
  return (
    <details className="snoozed consulted" open>
      <summary>{say("consultedCount", { count: all.length })}</summary>
      <ul className="plain">{all.map((each) => <li key={each.id}><Row desk={desk} each={each} now={now} /></li>)}</ul>
    </details>
  );
}

const SHOWN = 100; // the next to wake; the others are found in History

/** What was put off: when it wakes, and one click to have it back now. */
function Snoozed({ desk, all }: { desk: Desk; all: Held[] }) {
  return (
    <details className="snoozed" open>
      <summary>{say("snoozedCount", { count: all.length })}</summary>
      <ul className="plain">
        {all.slice(0, SHOWN).map((each) => <SnoozedRow key={each.id} desk={desk} each={each} />)}
      </ul>
    </details>
  );
}

function SnoozedRow({ desk, each: { id, state } }: { desk: Desk; each: Held }) {
  const name = whoOf(state) || "…";
  return (
    <li className="row">
      <button type="button" className="row-button grow" data-conversation={id} aria-current={id === desk.chosen} onClick={() => desk.choose(id)}>
        <span className="row-top"><Icon name={channelIcon(state.channel)} /><strong>{name}</strong></span>
        <span className="soft state">{wakesWords(state)}</span>
      </button>
      <button type="button" disabled={desk.actions.of(id).length > 0} aria-label={say("wakeNamed", { name })} onClick={() => desk.wake(id)}>{say("wake")}</button>
    </li>
  );
}

const wakesWords = ({ wake_at: at }: State): string => (at ? say("wakesAt", { at: dateTimeOf(at) }) : sayStatus("snoozed"));

export function statusWords(desk: Desk, { state }: Held, now: number): string {
  if (state.status === "closed") return sayStatus("closed");
  if (state.status === "snoozed") return wakesWords(state);
  if (desk.store.looksOn(state)) return say("consultedBy", { name: desk.names.agent(state.owner) });
  if (![state.owner, state.keeps].includes(desk.me.id)) return say("notMine");
  if (state.status === "offered") return say("offered", { to: desk.names.agents(state.offered_to) });
  if (state.status === "queued") return say("queued", { queue: desk.names.queue(state.queue) });
  const left = state.status === "wrapping-up" && state.wrap_until ? ` ${clockOf(Math.max(0, state.wrap_until - now))}` : "";
  return sayStatus(state.status) + left + (isQuiet(state) ? ` · ${say("isQuiet")}` : "");
}
