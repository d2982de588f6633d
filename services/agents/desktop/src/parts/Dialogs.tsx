// The dialogs in which an agent says more: why, to whom, with what result.
import { useState, type ReactNode } from "react";
import { AFTER_REPLY, type DialogName } from "../live/commands";
import { say, sayName, type Key } from "../words";
import { Asking } from "./Asking";
import { Beginning } from "./Beginning";
import { CannedDialog } from "./Canned";
import { Draining } from "./Draining";
import { Explaining } from "./Explaining";
import { KeyList, Palette } from "./Palette";
import { Assigning, Consulting, Escalating, Snoozing, Transferring } from "./Passing";
import { PreferencesDialog } from "./Preferences";
import { Shutting } from "./Shutting";
import { useDesk } from "./use";

const DECLINE: Key[] = ["busy", "not-my-skill", "break", "other"];
const AWAY: Key[] = ["break", "meeting", "training", "other"];
const RESULTS: Key[] = ["resolved", "no-answer", "spam", "other"];

export interface Open {
  dialog: DialogName;
  subject: string;
  about: string;
  /** Which opening this is: the browser says late that a dialog closed, and that must not close the next one. */
  turn: number;
}

export function Dialogs({ open: { dialog, subject, about }, close }: { open: Open; close: () => void }): ReactNode {
  switch (dialog) {
    case "palette": return <Palette close={close} />;
    case "keys": return <KeyList close={close} />;
    case "decline": return <Declining conversation={subject} close={close} />;
    case "away": return <GoingAway close={close} />;
    case "transfer": return <Transferring close={close} />;
    case "consult": return <Consulting close={close} />;
    case "escalate": return <Escalating close={close} />;
    case "snooze": return <Snoozing afterReply={subject === AFTER_REPLY} close={close} />;
    case "close": return <Closing afterReply={subject === AFTER_REPLY} close={close} />;
    case "canned": return <CannedDialog close={close} />;
    case "why": return <Explaining conversation={subject} close={close} />;
    case "begin": return <Beginning conversation={subject} address={about} close={close} />;
    case "preferences": return <PreferencesDialog close={close} />;
    default: return <Supervising dialog={dialog} subject={subject} close={close} />;
  }
}

/** What only supervisors are asked. */
function Supervising({ dialog, subject, close }: { dialog: "assign" | "shut" | "drain"; subject: string; close: () => void }) {
  switch (dialog) {
    case "assign": return <Assigning conversation={subject} close={close} />;
    case "shut": return <Shutting named={subject} close={close} />;
    case "drain": return <Draining close={close} />;
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

/** Close; after a reply, first that reply is sent, and a reply that fails leaves the conversation open. */
function Closing({ afterReply, close }: { afterReply: boolean; close: () => void }) {
  const desk = useDesk(), [id] = useState(desk.chosen), words = say(afterReply ? "sendAndClose" : "close");
  return (
    <Asking title={words} verb={words} close={close} done={({ code = "", note = "" }) => desk.end(id, afterReply, { verb: "close", body: { code, note } })}>
      <label>{say("result")}
        <select name="code">{RESULTS.map((key) => <option key={key} value={key}>{sayName(key)}</option>)}</select>
      </label>
      <label>{say("closeNote")}<textarea name="note" rows={3} maxLength={4000} /></label>
    </Asking>
  );
}
