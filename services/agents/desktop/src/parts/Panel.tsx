// Beside the conversation: the contact, their addresses, what was before, and what happened to this one.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, want } from "../api/client";
import type { PastEvent } from "../api/schema";
import type { Desk } from "../live/desk";
import { isQuiet, textOf, type Held } from "../live/state";
import { addressOf, whoOf } from "../live/who";
import { dateTimeOf, languageOf, momentOf, say, sayEvent, sayName, sayStatus, sayTold } from "../words";
import { channelIcon, Icon } from "./Icon";
import { isTouch, useDesk, usePage } from "./use";
import { whyMe } from "./why";

export function Panel({ each }: { each: Held }) {
  const desk = useDesk(), page = usePage(), { state } = each, params = { path: { conversation: each.id } };
  const { data } = useQuery({
    queryKey: ["contact", each.id, state.status],
    queryFn: () => want(api.GET("/api/v1/conversations/{conversation}/contact", { params })),
  });
  return (
    <aside className="panel" id="panel" tabIndex={-1} aria-label={say("contactPanel")}>
      <h3>{data?.contact.name || whoOf(state)}</h3>
      <ul className="plain">
        {(data?.contact.addresses ?? []).map((address) => (
          <li key={`${address.scheme}:${address.value}`}><span className="soft">{sayName(address.scheme)}</span> {addressOf({ channel: address.scheme === "visitor" ? "webchat" : "", address: address.value })}</li>
        ))}
      </ul>
      <p><button type="button" onClick={() => page.open("begin", each.id)}>{say("begin")}</button></p>
      <h3>{say("thisConversation")}</h3>
      <dl>
        <dt>{say("queue")}</dt><dd>{desk.names.queue(state.queue)}</dd>
        <dt>{say("channel")}</dt><dd>{desk.names.channelOf(state)}</dd>
        {state.language && <><dt>{say("customersLanguage")}</dt><dd>{languageOf(state.language)}</dd></>}
        <dt>{say("begun")}</dt><dd>{dateTimeOf(state.opened_at)}</dd>
        {isQuiet(state) && <><dt>{say("load")}</dt><dd>{say(state.relief >= state.weight ? "quietNoRoom" : "quietLessRoom")}</dd></>}
        {!desk.store.looksOn(state) && <><dt>{say("whyYou")}</dt><dd>{whyMe(desk, each)}</dd></>}
      </dl>
      <p><button type="button" onClick={() => page.open("why", each.id)}>{say("why")}{!isTouch() && <kbd>Alt+y</kbd>}</button></p>
      <Story key={each.id} desk={desk} each={each} />
      <h3>{say("earlier")}</h3>
      {data?.earlier.length === 0 && <p className="soft">{say("noEarlier")}</p>}
      <ul className="plain earlier">
        {(data?.earlier ?? []).map((one) => (
          <li key={one.id}>
            <Link href={`/history/${one.id}`}>
              <Icon name={channelIcon(one.channel)} /> {dateTimeOf(one.opened_at)} · {sayStatus(one.status)}
              <span className="words">{one.last_words}</span>
            </Link>
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** What happened, read when it is asked for. */
function Story({ desk, each }: { desk: Desk; each: Held }) {
  const [open, show] = useState(false), params = { path: { conversation: each.id } };
  const { data } = useQuery({
    queryKey: ["story", each.id, each.version],
    queryFn: () => want(api.GET("/api/v1/conversations/{conversation}", { params })),
    enabled: open,
  });
  return (
    <details onToggle={({ currentTarget }) => show(currentTarget.open)}>
      <summary>{say("story")}</summary>
      <ol className="plain story">
        {(data?.events ?? []).map((event) => <li key={event.version}><time dateTime={event.at}>{momentOf(event.at)}</time> {eventWords(desk, event)}</li>)}
      </ol>
    </details>
  );
}

/** An event in a few words: what, who, why, with what result. */
export function eventWords(desk: Desk, { type, agent, reason, details }: PastEvent): string {
  const note = typeof details.note === "string" ? details.note : "";
  const why = type.includes(`.${reason}.`) ? "" : sayName(reason); // "missed, because expired" says nothing
  const result = type.includes(".closed.") && typeof details.code === "string" ? sayName(details.code) : "";
  const whom = typeof details.to === "string" && details.to !== agent ? desk.names.agent(details.to) : "";
  const kind = textOf(details.kind).split(".")[0] ?? "", told = type.includes(".told.") ? sayTold(kind) : "";
  return [sayEvent(type), told, agent && desk.names.agents(agent), whom, why, result, note].filter(Boolean).join(" · ");
}
