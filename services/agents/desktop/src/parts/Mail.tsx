// What a mail has beside its words: a head, to read and to write, and a look of its own.
import { useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";
import type { Message } from "../api/schema";
import { readLook } from "../live/look";
import { usualHead } from "../live/mail";
import type { Held } from "../live/state";
import { say } from "../words";
import { useDesk } from "./use";

type Head = Extract<Message["parts"][number], { kind: "mail" }>;

export function MailHead({ head: { subject, sender, cc, stranger, automatic, failed_checks: failed } }: { head: Head }) {
  return (
    <div className="mail-head">
      {subject && <p><strong>{subject}</strong></p>}
      {sender && <p className="soft">{say("from", { name: sender })}</p>}
      {cc.length > 0 && <p className="soft">{say("cc")}: {cc.join(", ")}</p>}
      {sender && automatic && <p className="soft">{say("automatic", { why: automatic })}</p>}
      {stranger && <p className="bad">{say("stranger")}</p>}
      {failed && <p className="bad">{say("failedChecks", { why: failed })}</p>}
    </div>
  );
}

/** Subject and cc of the answer; nothing where nobody wrote a mail. */
export function MailFields({ each, can }: { each: Held; can: boolean }) {
  const desk = useDesk(), usual = usualHead(each);
  if (!usual) return null;
  const head = desk.drafts.draft(each.id).head ?? usual;
  const change = (part: Partial<typeof head>) => desk.drafts.write(each.id, { head: { ...head, ...part } });
  return (
    <div className="mail-fields">
      <label>{say("subject")}
        <input id="subject" value={head.subject} maxLength={998} disabled={!can} onKeyDown={toBox} onChange={({ target }) => change({ subject: target.value })} />
      </label>
      <label>{say("cc")}
        <input id="cc" value={head.cc} maxLength={16_000} disabled={!can} onKeyDown={toBox} placeholder={say("ccHint")} onChange={({ target }) => change({ cc: target.value })} />
      </label>
    </div>
  );
}

/** Enter in a field of the head goes on to the words; it must not send them. */
function toBox(event: KeyboardEvent): void {
  if (event.key !== "Enter") return;
  event.preventDefault();
  document.getElementById("reply")?.focus();
}

/** The mail as its writer made it look, when it is asked for: in a frame where nothing runs, and nothing is fetched. */
export function Look({ conversation, digest }: { conversation: string; digest: string }) {
  const [open, show] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["look", conversation, digest],
    queryFn: () => readLook(conversation, digest),
    enabled: open,
    staleTime: Infinity,
  });
  return (
    <details className="look" onToggle={({ currentTarget }) => show(currentTarget.open)}>
      <summary>{say("asSent")}</summary>
      {error && <p className="bad" role="alert">{say("noLook", { why: error.message })}</p>}
      {data !== undefined && <iframe title={say("asSent")} sandbox="" referrerPolicy="no-referrer" srcDoc={data} />}
    </details>
  );
}
