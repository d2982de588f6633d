// Everything I may see: found by words, read as it was.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, Problem, want } from "../api/client";
import type { Conversation, Status, Whole } from "../api/schema";
import { canAssign, canTakeOver, takeOver } from "../live/commands";
import type { Sought } from "../live/sought";
import { stateOf, blank, type Held } from "../live/state";
import { addressOf, whoOf } from "../live/who";
import { Found } from "../parts/Found";
import { channelIcon, Icon } from "../parts/Icon";
import { Lookers } from "../parts/Lookers";
import { eventWords } from "../parts/Panel";
import { Transcript } from "../parts/Transcript";
import { useDesk, usePage, useSettled } from "../parts/use";
import { momentOf, say, sayStatus, whyNot } from "../words";

const STATUSES: Status[] = ["queued", "offered", "active", "wrapping-up", "snoozed", "closed"];

/** `message` is the one that was searched for and found; '' where none was. */
export function History({ id, message }: { id: string; message: string }) {
  const desk = useDesk(), { words, status, queue } = desk.sought;
  const change = (part: Partial<Sought>) => desk.seek({ ...desk.sought, ...part });
  return (
    <main className={id ? "history open" : "history"}>
      <h1 className="hidden">{say("pageHistory")}</h1>
      <section className="list" aria-label={say("found")}>
        <form role="search" className="filters" onSubmit={(event) => event.preventDefault()}>
          <input type="search" value={words} maxLength={100} onChange={({ target }) => change({ words: target.value })} placeholder={say("searchHint")} aria-label={say("searchHint")} />
          <select value={status} onChange={({ target }) => change({ status: target.value as Status | "" })} aria-label={say("status")}>
            <option value="">{say("anyStatus")}</option>
            {STATUSES.map((each) => <option key={each} value={each}>{sayStatus(each)}</option>)}
          </select>
          <select value={queue} onChange={({ target }) => change({ queue: target.value })} aria-label={say("queue")}>
            <option value="">{say("anyQueue")}</option>
            {desk.names.plan.queues.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}
          </select>
        </form>
        <Found words={useSettled(words)} status={status} queue={queue} chosen={id} />
      </section>
      {id ? <Past key={`${id} ${message}`} id={id} message={message} /> : <p className="empty choose">{say("chooseFound")}</p>}
    </main>
  );
}

const heldOf = ({ conversation, version, messages }: Whole): Held => ({ ...blank(stateOf(conversation)), version, messages: [...messages] });

/** What is read here is what a supervisor's keys mean. */
function useViewed(one: Conversation | undefined): void {
  const desk = useDesk();
  useEffect(() => {
    desk.view(one ?? null);
    return () => desk.view(null);
  }, [desk, one]);
}

function Past({ id, message }: { id: string; message: string }) {
  const desk = useDesk(), page = usePage(), [, go] = useLocation(), [panel, showPanel] = useState(false), params = { path: { conversation: id } };
  const { data, error } = useQuery({
    queryKey: ["past", id],
    queryFn: () => want(api.GET("/api/v1/conversations/{conversation}", { params })),
  });
  const notes = useQuery({
    queryKey: ["notes", id],
    queryFn: () => want(api.GET("/api/v1/conversations/{conversation}/notes", { params })),
  });
  useViewed(data?.conversation);
  if (error) return <p className="empty bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>;
  if (!data) return <p className="empty" role="status">{say("loading")}</p>;
  const { conversation: one } = data, here = desk.store.all.has(id);
  return (
    <section className={panel ? "conversation with-panel" : "conversation"} aria-labelledby="who">
      <header className="head">
        <Link className="button quiet back" href="/history" aria-label={say("back")}><Icon name="back" /></Link>
        <Icon name={channelIcon(one.channel)} />
        <h2 id="who">{whoOf(one)}</h2>
        <span className="soft grow about">{[one.display && addressOf(one), desk.names.queue(one.queue), sayStatus(one.status), desk.names.agent(one.owner || one.last_agent)].filter(Boolean).join(" · ")}</span>
        <Lookers conversation={id} />
        {canAssign(desk) && <button type="button" onClick={() => page.open("assign", id)}>{say("assign")}</button>}
        {canTakeOver(desk) && <button type="button" onClick={() => takeOver(desk, page)}>{say("takeOver")}</button>}
        {here && <button type="button" onClick={() => { desk.choose(id); go("/"); }}>{say("openOnDesk")}</button>}
        <button type="button" className="quiet panel-toggle" aria-expanded={panel} aria-label={say("story")} onClick={() => showPanel(!panel)}><Icon name="history" /></button>
      </header>
      <div className="said"><Transcript desk={desk} each={heldOf(data)} notes={notes.data?.items ?? []} sought={message} /></div>
      {/* A region that scrolls must be reachable by keyboard (WCAG 2.1.1): nothing in this one takes the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above */}
      <aside className="panel" id="panel" tabIndex={0} aria-label={say("story")}>
        <h3>{say("story")}</h3>
        <ol className="plain story">{data.events.map((event) => <li key={event.version}><time dateTime={event.at}>{momentOf(event.at)}</time> {eventWords(desk, event)}</li>)}</ol>
      </aside>
    </section>
  );
}
