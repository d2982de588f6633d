// Canned replies: written here, used in the composer.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem, want } from "../api/client";
import type { CannedReply, CannedText } from "../api/schema";
import { useCanned } from "../parts/Canned";
import { Dialog, DialogButtons } from "../parts/Dialog";
import { useDesk } from "../parts/use";
import { LOCALES, OWN_NAMES, say, whyNot } from "../words";

export default function CannedReplies() {
  const desk = useDesk(), queries = useQueryClient(), { data, error } = useCanned();
  const [edited, edit] = useState<CannedReply | "new" | null>(null);
  const again = () => queries.invalidateQueries({ queryKey: ["canned"] });
  const save = useMutation({
    mutationFn: ({ reply, text }: { reply: CannedReply | "new"; text: CannedText }) => keep(reply, text),
    onSuccess: () => {
      edit(null);
      return again();
    },
  });
  const remove = useMutation({
    mutationFn: (reply: string) => want(api.DELETE("/api/v1/canned-replies/{reply}", { params: { path: { reply } } })),
    onSuccess: again,
    onError: (problem) => desk.notices.problem(problem instanceof Problem ? whyNot(problem) : problem.message),
  });
  return (
    <main className="board">
      <header className="row">
        <h1 className="grow">{say("pageCanned")}</h1>
        <button type="button" className="primary" onClick={() => edit("new")}>{say("addCanned")}</button>
      </header>
      {error && <p className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</p>}
      {!data && !error && <p className="soft" role="status">{say("loading")}</p>}
      {data?.items.length === 0 && <p className="empty">{say("noCannedYet")}</p>}
      <ul className="plain cards">
        {(data?.items ?? []).map((each) => (
          <li key={each.id} className="card">
            <h2>{each.title} <span className="soft">{each.shortcut}{each.queue && ` · ${desk.names.queue(each.queue)}`}</span></h2>
            <p className="text">{each.text}</p>
            <p className="row end">
              <button type="button" onClick={() => remove.mutate(each.id)}>{say("remove")}</button>
              <button type="button" onClick={() => edit(each)}>{say("edit")}</button>
            </p>
          </li>
        ))}
      </ul>
      {edited && (
        <CannedForm
          key={edited === "new" ? "new" : edited.id} reply={edited === "new" ? null : edited} problem={save.error}
          close={() => { edit(null); save.reset(); }} done={(text) => save.mutate({ reply: edited, text })}
        />
      )}
    </main>
  );
}

async function keep(reply: CannedReply | "new", body: CannedText): Promise<void> {
  if (reply === "new") await want(api.POST("/api/v1/canned-replies", { body }));
  else await want(api.PUT("/api/v1/canned-replies/{reply}", {
    params: { path: { reply: reply.id }, header: { "if-match": String(reply.version) } }, body,
  }));
}

function CannedForm({ reply, problem, close, done }: {
  reply: CannedReply | null; problem: Error | null; close: () => void; done: (text: CannedText) => void;
}) {
  const desk = useDesk();
  return (
    <Dialog title={say(reply ? "editCanned" : "addCanned")} close={close} wide>
      <form onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget), text = (name: string) => (form.get(name) ?? "") as string;
        done({ shortcut: text("shortcut"), title: text("title"), text: text("text"), queue: text("queue"), locale: text("locale") as CannedText["locale"] });
      }}>
        <div className="fields">
          <label>{say("title")}<input name="title" defaultValue={reply?.title} required maxLength={200} /></label>
          <label>{say("shortcut")}<input name="shortcut" defaultValue={reply?.shortcut} required pattern="[a-z0-9][a-z0-9\-]{0,62}" /></label>
          <label>{say("queue")}
            <select name="queue" defaultValue={reply?.queue ?? ""}>
              <option value="">{say("allQueues")}</option>
              {desk.names.plan.queues.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}
            </select>
          </label>
          <label>{say("customersLanguage")}
            <select name="locale" defaultValue={reply?.locale ?? ""}>
              <option value="">{say("anyLanguage")}</option>
              {LOCALES.map((each) => <option key={each} value={each}>{OWN_NAMES[each]}</option>)}
            </select>
          </label>
        </div>
        <label>{say("text")}<textarea name="text" rows={6} defaultValue={reply?.text} required maxLength={4000} /></label>
        <p className="soft">{say("variables", { all: "{contact}, {agent}, {queue}" })}</p>
        {problem && <p className="bad" role="alert">{whyNot(problem instanceof Problem ? problem : { code: "", detail: problem.message })}</p>}
        <DialogButtons verb={say("save")} />
      </form>
    </Dialog>
  );
}
