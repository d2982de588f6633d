// What was said: messages with what became of them, notes that cannot be mistaken for replies, and what is under way.
import { useLayoutEffect, useRef } from "react";
import type { Note } from "../api/schema";
import type { Action } from "../live/actions";
import type { Desk } from "../live/desk";
import { bodyOfParts, filesOfBody, headOfBody, textOfBody } from "../live/mail";
import type { Held, Said } from "../live/state";
import { whoOf } from "../live/who";
import { dayOf, say, timeOf, whyNot } from "../words";
import { Icon } from "./Icon";
import { Part } from "./Part";
import { actionWords } from "./Offers";

type Line =
  | { kind: "said"; id: string; at: number; said: Said }
  | { kind: "note"; id: string; at: number; note: Note }
  | { kind: "under-way"; id: string; at: number; action: Action };

const NEAR_END_PX = 60;

/** `sought` is the message that is to be in sight at first, instead of the newest. */
export function Transcript({ desk, each, notes, sought = "" }: { desk: Desk; each: Held; notes: Note[]; sought?: string }) {
  const ref = useRef<HTMLDivElement>(null), left = useRef(false);
  const lines = linesOf(desk, each, notes), newest = lines.at(-1);
  const typing = desk.signals.isTyping(each.id);
  useLayoutEffect(() => {
    const line = ref.current?.querySelector(`[data-message="${CSS.escape(sought)}"]`);
    if (!sought || !line) return;
    left.current = true;
    line.scrollIntoView({ block: "center" });
  }, [sought]);
  // The newest line stays in sight, unless the reader has scrolled back.
  useLayoutEffect(() => {
    const list = ref.current;
    if (list && !left.current) list.scrollTop = list.scrollHeight;
  }, [newest?.id, lines.length, typing]);
  useLayoutEffect(() => {
    const list = ref.current;
    if (!list) return undefined;
    const watcher = new ResizeObserver(() => {
      if (!left.current) list.scrollTop = list.scrollHeight;
    });
    watcher.observe(list);
    return () => watcher.disconnect();
  }, []);
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
    <div ref={ref} className="transcript" id="transcript" role="log" tabIndex={0} aria-label={say("messages")} onScroll={({ currentTarget: t }) => {
      left.current = t.scrollHeight - t.scrollTop - t.clientHeight > NEAR_END_PX;
    }}>
      <ol className="plain lines">
        {lines.map((line, place) => <Row key={line.id} desk={desk} each={each} line={line} before={lines[place - 1]} sought={line.id === sought} />)}
      </ol>
      <p className="soft typing">{typing && say("isTyping", { name: whoOf(each.state) })}</p>
    </div>
  );
}

function linesOf(desk: Desk, each: Held, notes: Note[]): Line[] {
  const said = each.messages.map((one): Line => ({ kind: "said", id: one.id, at: Date.parse(one.at), said: one }));
  const noted = notes.map((note): Line => ({ kind: "note", id: note.id, at: Date.parse(note.at), note }));
  const unsaid = desk.actions.of(each.id).filter(({ verb }) => verb === "reply");
  // Messages keep the order of their events; a note stands before the first message that came after it.
  const lines = [...said];
  for (const note of noted) {
    const place = lines.findIndex((line) => line.kind === "said" && line.at > note.at);
    lines.splice(place < 0 ? lines.length : place, 0, note);
  }
  return [...lines, ...unsaid.map((action): Line => ({ kind: "under-way", id: action.id, at: action.at, action }))];
}

function Row({ desk, each, line, before, sought }: { desk: Desk; each: Held; line: Line; before: Line | undefined; sought: boolean }) {
  const day = dayOf(line.at), isNew = !before || dayOf(before.at) !== day;
  return (
    <>
      {isNew && <li className="day"><span>{day}</span></li>}
      {line.kind === "said" && <Spoken desk={desk} each={each} said={line.said} sought={sought} />}
      {line.kind === "note" && <Noted desk={desk} note={line.note} />}
      {line.kind === "under-way" && <UnderWay desk={desk} each={each} action={line.action} />}
    </>
  );
}

function Spoken({ desk, each, said, sought }: { desk: Desk; each: Held; said: Said; sought: boolean }) {
  const out = said.direction === "outbound", failed = said.status === "failed", who = out ? desk.names.agent(said.agent ?? "") : whoOf(each.state);
  if (out && !said.agent) return <Automatic each={each} said={said} sought={sought} />;
  return (
    <li className={out ? "bubble out" : "bubble"} data-message={said.id} data-status={said.status ?? ""} aria-current={sought || undefined}>
      <span className="hidden">{who}:</span>
      {said.parts.map((part, place) => <Part key={place} conversation={each.id} part={part} />)}
      <p className={failed ? "foot bad" : "foot"}>
        <time dateTime={said.at}>{timeOf(said.at)}</time>
        {out && said.agent !== desk.me.id && ` · ${who}`}
        {out && ` · ${deliveryWords(said)}`}
      </p>
      {failed && each.state.owner === desk.me.id && (
        <button type="button" onClick={() => desk.reply(each.id, bodyOfParts(said.parts))}>{say("again")}</button>
      )}
    </li>
  );
}

/** Said without an agent: it looks unlike what a person wrote, and says so first. */
function Automatic({ each, said, sought }: { each: Held; said: Said; sought: boolean }) {
  return (
    <li className="bubble out automatic" data-message={said.id} data-status={said.status ?? ""} aria-current={sought || undefined}>
      <p className="note-head">{say("automaticMessage")}</p>
      {said.parts.map((part, place) => <Part key={place} conversation={each.id} part={part} />)}
      <p className={said.status === "failed" ? "foot bad" : "foot"}><time dateTime={said.at}>{timeOf(said.at)}</time> · {deliveryWords(said)}</p>
    </li>
  );
}

function deliveryWords({ status, status_text: why, possible_duplicate: twice }: Said): string {
  const words = status === "failed" ? say("failed", { why: why || "?" }) : say(status ?? "saved");
  return twice ? `${words} · ${say("twice")}` : words;
}

function Noted({ desk, note }: { desk: Desk; note: Note }) {
  return (
    <li className="bubble note">
      <p className="note-head"><Icon name="lock" /> {say("noteBy", { name: desk.names.agent(note.agent) })}</p>
      <p className="text">{note.text}</p>
      <p className="foot"><time dateTime={note.at}>{timeOf(note.at)}</time></p>
    </li>
  );
}

function UnderWay({ desk, each, action }: { desk: Desk; each: Held; action: Action }) {
  const refused = action.state === "refused", text = textOfBody(action.body);
  const discard = () => {
    desk.actions.discard(action.id);
    desk.store.prune();
  };
  return (
    <li className="bubble out under-way" data-message={action.id}>
      {text && <p className="text">{text}</p>}
      {filesOfBody(action.body).map((name, place) => <p key={place}>{say("file", { name })}</p>)}
      <p className={refused ? "foot bad" : "foot"} role="status">
        {timeOf(action.at)} · {refused ? say("failed", { why: whyNot(action) }) : actionWords(action, desk.live)}
      </p>
      {refused && (
        <p className="row">
          <button type="button" onClick={() => { discard(); desk.reply(each.id, action.body); }}>{say("again")}</button>
          <button type="button" onClick={() => {
            discard();
            const { reply, files = [] } = desk.drafts.draft(each.id);
            desk.drafts.write(each.id, {
              reply: [text, reply].filter(Boolean).join("\n"), head: headOfBody(action.body), files: [...(action.body.attached ?? []), ...files],
            });
          }}>{say("edit")}</button>
          <button type="button" onClick={discard}>{say("discard")}</button>
        </p>
      )}
    </li>
  );
}
