// Where one writes: a reply to the customer or a note for colleagues, with the channel's limits before the first key.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { clock } from "../api/client";
import { AFTER_REPLY, canWrite, SENDING, sendingOf, type Sending } from "../live/commands";
import { limitOf, windowEnd, windowStands } from "../live/limits";
import type { Then } from "../live/actions";
import type { Desk } from "../live/desk";
import { untilTheyWrite } from "../live/snoozed";
import type { Held } from "../live/state";
import { say, type Key } from "../words";
import { AttachButton, Attachments, useFiles } from "./Attach";
import { Icon } from "./Icon";
import { statusWords } from "./List";
import { MailFields } from "./Mail";
import { isTouch, useDesk, useNow, usePage } from "./use";

type Mode = "reply" | "note";
type Window = ReturnType<typeof windowStands>;

const WORDS = { reply: { label: "replyTo", hint: "replyHint" }, note: { label: "noteFor", hint: "noteHint" } } as const;

interface Props {
  each: Held;
  writeNote: (text: string) => Promise<unknown>;
}

export function Composer({ each, writeNote }: Props) {
  const desk = useDesk(), page = usePage(), draft = desk.drafts.draft(each.id);
  const [mode, write] = useMode(each);
  const [saving, save] = useState(false);
  const text = draft[mode], limit = limitOf(desk.names.plan, each.state, text), window = useWindow(each);
  const can = mode === "note" ? !saving : canWrite(desk) && !window.closed;
  const files = useFiles(each, can && mode === "reply");
  const ready = can && (mode === "note" ? text.trim() !== "" : isWhole(desk, each) && !limit.over);
  const box = useBox(each.id, can);

  const change = (value: string) => {
    desk.drafts.write(each.id, { [mode]: value });
    if (value) desk.looking.writing(mode);
    if (mode === "reply" && value) desk.signals.typing(each.id); // what is internal is nothing to them
  };
  const reply = (then?: Then) => desk.send(each.id, then);
  const keep = () => {
    save(true);
    // A failure is told by who asked, and the text stays.
    void writeNote(text).then(() => change(""), () => undefined).finally(() => save(false));
  };
  const sendAnd = (how: Exclude<Sending, "send">) => {
    if (how === "wrap-up") reply({ verb: "wrap-up", body: {} });
    else if (how === "wait") reply(untilTheyWrite(clock.now()));
    else page.open(how, AFTER_REPLY);
  };
  const send = () => {
    if (ready) (mode === "reply" ? reply : keep)();
  };
  const onKey = (event: KeyboardEvent) => {
    const how = event.nativeEvent.isComposing || isTouch() ? undefined : sendingOf(event);
    if (!how) return;
    event.preventDefault();
    if (how === "send") send();
    else if (mode === "reply" && ready) sendAnd(how);
  };

  return (
    // Dropping is a shorthand of the button, which keyboards reach.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- as above
    <form className={`composer ${mode}`} onDrop={files.onDrop} onSubmit={(event) => { event.preventDefault(); send(); }}>
      <Modes each={each} mode={mode} write={write} can={can} />
      {mode === "reply" && <BeforeWords each={each} can={can} />}
      <textarea
        ref={box} id="reply" rows={3} maxLength={16_000} value={text} disabled={!can} onKeyDown={onKey} onPaste={files.onPaste}
        aria-label={say(WORDS[mode].label)} aria-describedby="count" placeholder={isTouch() ? "" : say(WORDS[mode].hint)}
        onChange={({ target }) => change(target.value)}
      />
      <div className="row">
        <span id="count" className={limit.over && mode === "reply" ? "bad grow" : "soft grow"}>
          {mode === "note" ? say("noteNotSent") : replyWords(desk, each, limit.words, window)}
        </span>
        {mode === "reply" && <SendAnd ready={ready} act={sendAnd} />}
        <button type="submit" className="primary" disabled={!ready}>{say(verbOf(mode, saving))}</button>
      </div>
    </form>
  );
}

/** What was begun; who is consulted writes notes, and nothing else. */
function useMode({ id, state }: Held) {
  const desk = useDesk(), { note, reply } = desk.drafts.draft(id);
  return useState<Mode>(desk.store.looksOn(state) || (note && !reply) ? "note" : "reply");
}

/** There is something to send, and no file is on its way or was refused. */
const isWhole = (desk: Desk, { id }: Held): boolean => desk.drafts.says(id) && !desk.uploads.of(id).length;

/** What stands above the words of a reply: a mail's head, and files. */
const BeforeWords = ({ each, can }: { each: Held; can: boolean }) => (
  <>
    <MailFields each={each} can={can} />
    <Attachments each={each} />
  </>
);

const verbOf = (mode: Mode, saving: boolean): Key => (mode === "reply" ? "send" : saving ? "saving" : "keepNote");

/** Below the box: why nothing can be sent, or how much, and until when. */
function replyWords(desk: Desk, each: Held, limit: string, window: Window): string {
  if (each.state.opted_out) return say("opted-out");
  if (!canWrite(desk) && !desk.actions.of(each.id).length) return say("cannotWrite", { why: statusWords(desk, each, clock.now()) });
  if (desk.uploads.of(each.id).length) return say("filesWait");
  return window.closed ? window.words : [limit, window.words].filter(Boolean).join(" · ");
}

/** To the customer or to colleagues: one look tells which. */
function Modes({ each, mode, write, can }: { each: Held; mode: Mode; write: (mode: Mode) => void; can: boolean }) {
  const desk = useDesk(), page = usePage(), modes: Mode[] = desk.store.looksOn(each.state) ? ["note"] : ["reply", "note"];
  return (
    <div className="row">
      <div className="row grow" role="radiogroup" aria-label={say("writeWhat")}>
        {modes.map((one) => (
          <label key={one} className="tab">
            <input type="radio" name="mode" value={one} checked={mode === one} onChange={() => write(one)} data-mode={one} />
            {one === "note" && <Icon name="lock" />}{say(one)}
          </label>
        ))}
      </div>
      {mode === "reply" && <AttachButton each={each} can={can} />}
      {mode === "reply" && (
        <button type="button" className="quiet" aria-label={say("cannedReply")} title={say("cannedReply")} disabled={!can} onClick={() => page.open("canned")}><Icon name="canned" /> <span className="wide-only">{say("cannedReply")}</span></button>
      )}
    </div>
  );
}

function SendAnd({ ready, act }: { ready: boolean; act: (how: Exclude<Sending, "send">) => void }) {
  return (
    <details className="menu">
      <summary className="button" aria-label={say("sendAnd")} title={say("sendAnd")}><Icon name="down" /></summary>
      <div className="card">
        {SENDING.map(({ how, keys, title }) => how !== "send" && (
          <button key={how} type="button" disabled={!ready} onClick={() => act(how)}>{say(title)}<kbd>{keys}</kbd></button>
        ))}
      </div>
    </details>
  );
}

/** Until when the channel takes a reply, counted down. */
function useWindow({ state }: Held): Window {
  const desk = useDesk(), now = useNow();
  return windowStands(windowEnd(desk.names.plan, state), now);
}

/** The box takes the focus when its conversation is chosen and one may write; on a phone it waits to be touched. */
function useBox(conversation: string, can: boolean) {
  const ref = useRef<HTMLTextAreaElement>(null), waits = useRef(true);
  useEffect(() => {
    const box = ref.current;
    if (!box || !can || !waits.current) return;
    waits.current = false;
    const elsewhere = document.activeElement;
    if (!isTouch() && (elsewhere === document.body || elsewhere?.closest(".list, .offers, #who"))) box.focus();
  }, [conversation, can]);
  return ref;
}
