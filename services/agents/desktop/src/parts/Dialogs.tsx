// The dialogs in which an agent says more: why, to whom, with what result.
import { useEffect, useState, type ReactNode } from "react";
import { Problem } from "../api/client";
import type { DialogName } from "../live/commands";
import { say, sayName, whyNot, type Key } from "../words";
import { CannedDialog } from "./Canned";
import { Dialog, DialogButtons } from "./Dialog";
import { KeyList, Palette } from "./Palette";
import { PreferencesDialog } from "./Preferences";
import { useDesk } from "./use";

const DECLINE: Key[] = ["busy", "not-my-skill", "break", "other"];
const AWAY: Key[] = ["break", "meeting", "training", "other"];
const RESULTS: Key[] = ["resolved", "no-answer", "spam", "other"];

export interface Open {
  dialog: DialogName;
  subject: string;
}

export function Dialogs({ open: { dialog, subject }, close }: { open: Open; close: () => void }): ReactNode {
  switch (dialog) {
    case "palette": return <Palette close={close} />;
    case "keys": return <KeyList close={close} />;
    case "decline": return <Declining conversation={subject} close={close} />;
    case "away": return <GoingAway close={close} />;
    case "transfer": return <Transferring close={close} />;
    case "close": return <Closing afterReply={subject === "after-reply"} close={close} />;
    case "canned": return <CannedDialog close={close} />;
    case "preferences": return <PreferencesDialog close={close} />;
  }
}

function Reasons({ keys, words }: { keys: Key[]; words: Key }) {
  return (
    <>
      <label>{say(words)}
        <select name="reason">{keys.map((key) => <option key={key} value={key}>{sayName(key)}</option>)}</select>
      </label>
      <label>{say("ownWords")}<input name="own" maxLength={200} autoComplete="off" /></label>
    </>
  );
}

const given = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : ""]));

/** A form in a dialog; Enter in a select sends it too. */
function Asking({ title, verb, close, done, children }: {
  title: string; verb: string; close: () => void; done: (given: Record<string, string>) => void; children: ReactNode;
}) {
  return (
    <Dialog title={title} close={close}>
      {/* Keys are caught for what is inside the form; the form itself is no control. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- as above */}
      <form onSubmit={(event) => {
        event.preventDefault();
        done(given(event.currentTarget));
        close();
      }} onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement)) return;
        event.preventDefault();
        event.currentTarget.requestSubmit();
      }}>
        {children}
        <DialogButtons verb={verb} />
      </form>
    </Dialog>
  );
}

function Declining({ conversation, close }: { conversation: string; close: () => void }) {
  const desk = useDesk(), offer = desk.offers().find(({ id }) => id === conversation);
  const [fence] = useState(offer?.state.fence ?? 0);
  return (
    <Asking title={say("whyDecline")} verb={say("decline")} close={close} done={({ own, reason = "" }) =>
      desk.actions.start("decline", conversation, { fence, reason: own || reason })}>
      {!offer && <p className="bad" role="alert">{say("gone")}</p>}
      <Reasons keys={DECLINE} words="reason" />
    </Asking>
  );
}

function GoingAway({ close }: { close: () => void }) {
  const desk = useDesk();
  return (
    <Asking title={say("whyAway")} verb={say("away")} close={close} done={({ own, reason = "" }) => desk.present("away", own || reason)}>
      <Reasons keys={AWAY} words="reason" />
    </Asking>
  );
}

function Transferring({ close }: { close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen);
  // Who is here changes all day. Unless somebody answers, those of before are shown.
  useEffect(() => void desk.meetColleagues().catch((problem: unknown) => desk.notice(problem instanceof Problem ? whyNot(problem) : String(problem))), [desk]);
  const others = desk.colleagues.filter((one) => one.id !== desk.me.id && one.presence !== "offline");
  return (
    <Asking title={say("transfer")} verb={say("transfer")} close={close} done={({ to = "", note = "" }) => {
      const [kind, name = ""] = to.split(":");
      desk.actions.start("transfer", id, { ...(kind === "agent" ? { to_agent: name } : { to_queue: name }), note });
    }}>
      <label>{say("transferTo")}
        <select name="to">
          <optgroup label={say("queues")}>
            {desk.plan.queues.map(({ name, title }) => <option key={name} value={`queue:${name}`}>{title}</option>)}
          </optgroup>
          <optgroup label={say("colleagues")}>
            {others.map((one) => (
              <option key={one.id} value={`agent:${one.id}`}>
                {one.name} · {sayName(one.presence)}{one.room ? "" : ` · ${say("noRoom")}`}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <label>{say("transferNote")}<textarea name="note" rows={3} maxLength={2000} /></label>
    </Asking>
  );
}

/** Close; after a reply, first that reply is sent, and a reply that fails leaves the conversation open. */
function Closing({ afterReply, close }: { afterReply: boolean; close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen);
  return (
    <Asking title={say(afterReply ? "sendAndClose" : "close")} verb={say(afterReply ? "sendAndClose" : "close")} close={close} done={({ code = "", note = "" }) => {
      const text = desk.drafts.draft(id).reply;
      if (!afterReply || !text.trim()) {
        desk.actions.start("close", id, { code, note });
        return;
      }
      desk.drafts.write(id, { reply: "" });
      desk.reply(id, text, { verb: "close", code, note });
    }}>
      <label>{say("result")}
        <select name="code">{RESULTS.map((key) => <option key={key} value={key}>{sayName(key)}</option>)}</select>
      </label>
      <label>{say("closeNote")}<textarea name="note" rows={3} maxLength={4000} /></label>
    </Asking>
  );
}
