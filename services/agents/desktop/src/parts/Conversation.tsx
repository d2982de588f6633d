// The chosen conversation: who, what was said, and where to answer.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, newId, want } from "../api/client";
import { canAssign, canClose, canSnooze, canTakeOver, canTransfer, canWake, canWrapUp, takeOver } from "../live/commands";
import type { Held } from "../live/state";
import { addressOf, whoOf } from "../live/who";
import { say, whyNot } from "../words";
import { Composer } from "./Composer";
import { Consultation } from "./Consultation";
import { channelIcon, Icon } from "./Icon";
import { statusWords } from "./List";
import { Lookers } from "./Lookers";
import { Panel } from "./Panel";
import { Transcript } from "./Transcript";
import { isTouch, useDesk, useNow, usePage } from "./use";

export function Conversation({ each }: { each: Held }) {
  const desk = useDesk(), [panel, showPanel] = useState(false);
  const notes = useNotes(each.id);
  return (
    <section className={panel ? "conversation with-panel" : "conversation"} aria-labelledby="who">
      <Head each={each} panel={panel} togglePanel={() => showPanel(!panel)} />
      <div className="said">
        <Consultation each={each} />
        <Transcript desk={desk} each={each} notes={desk.whispers.beside(each.id, notes.items)} />
        <Composer key={`${each.id}:${desk.store.looksOn(each.state)}`} each={each} writeNote={notes.write} />
      </div>
      <Panel each={each} />
    </section>
  );
}

function Head({ each, panel, togglePanel }: { each: Held; panel: boolean; togglePanel: () => void }) {
  const desk = useDesk(), now = useNow(), { state } = each;
  const name = useRef<HTMLHeadingElement>(null);
  // On a phone the name takes the focus of the choice: the keyboard stays away.
  useEffect(() => {
    if (isTouch()) name.current?.focus();
  }, [each.id]);
  return (
    <header className="head">
      <button type="button" className="quiet back" aria-label={say("back")} onClick={() => desk.choose("")}><Icon name="back" /></button>
      <Icon name={channelIcon(state.channel)} />
      <h2 id="who" ref={name} tabIndex={-1}>{whoOf(state)}</h2>
      <span className="soft grow about">{[statusWords(desk, each, now), state.display && addressOf(state), state.account].filter(Boolean).join(" · ")}</span>
      <Lookers conversation={each.id} />
      {!desk.store.looksOn(state) && <Verbs each={each} />}
      <button type="button" className="quiet panel-toggle" aria-expanded={panel} aria-label={say("contactPanel")} onClick={togglePanel}><Icon name="person" /></button>
    </header>
  );
}

/** What its owner does; who looks on has two verbs of their own, above what was said. */
function Verbs({ each }: { each: Held }) {
  const desk = useDesk(), page = usePage();
  return (
    <span className="verbs row">
      {each.state.status === "snoozed"
        ? <button type="button" className="primary" disabled={!canWake(desk)} onClick={() => desk.wake(each.id)}>{say("wake")}</button>
        : <button type="button" disabled={!canSnooze(desk)} onClick={() => page.open("snooze")}>{say("snooze")}</button>}
      <button type="button" disabled={!canTransfer(desk)} onClick={() => page.open("transfer")}>{say("transfer")}</button>
      <button type="button" disabled={!canWrapUp(desk)} onClick={() => desk.actions.start("wrap-up", each.id, {})}>{say("wrap-up")}</button>
      <button type="button" disabled={!canClose(desk)} onClick={() => page.open("close")}>{say("close")}</button>
      <More />
    </span>
  );
}

/** What is done less often. */
function More() {
  const desk = useDesk(), page = usePage();
  return (
    <details className="menu below">
      <summary className="button" aria-label={say("more")}><Icon name="more" /></summary>
      <div className="card">
        <button type="button" disabled={!canTransfer(desk)} onClick={() => page.open("consult")}>{say("askFirst")}<kbd>Alt+h</kbd></button>
        <button type="button" disabled={!canTransfer(desk)} onClick={() => page.open("escalate")}>{say("escalate")}<kbd>Alt+e</kbd></button>
        {canAssign(desk) && <button type="button" onClick={() => page.open("assign", desk.chosen)}>{say("assign")}<kbd>Alt+g</kbd></button>}
        {canTakeOver(desk) && <button type="button" onClick={() => takeOver(desk, page)}>{say("takeOver")}<kbd>Alt+o</kbd></button>}
      </div>
    </details>
  );
}

const NOTES = "/api/v1/conversations/{conversation}/notes";

/** The conversation's notes, and how to write one: with an id of its own, so that twice is once. */
function useNotes(conversation: string) {
  const desk = useDesk(), queries = useQueryClient(), key = ["notes", conversation];
  const params = { path: { conversation } };
  const { data } = useQuery({ queryKey: key, queryFn: () => want(api.GET(NOTES, { params })), refetchInterval: 30_000 });
  const { mutateAsync } = useMutation({
    mutationFn: ({ id, text }: { id: string; text: string }) =>
      want(api.POST(NOTES, { params: { ...params, header: { "idempotency-key": id } }, body: { text } })),
    retry: 3,
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
    onError: (problem) => desk.notices.problem(whyNot({ code: "noteFailed", detail: problem.message })),
  });
  return { items: data?.items ?? [], write: (text: string) => mutateAsync({ id: newId(), text }) };
}
