// The dialog in which an agent writes first: whom, by which account, and the first words.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, newId, Problem, want } from "../api/client";
import type { Panel } from "../api/schema";
import { addressesLeft, begin, nameOf, obstacle, waysTo, type Known, type Way } from "../live/begin";
import type { Desk } from "../live/desk";
import { limitOf } from "../live/limits";
import { replyBody } from "../live/mail";
import { say, whyNot } from "../words";
import { Dialog, DialogButtons } from "./Dialog";
import { useDesk } from "./use";

const MOST = 16_000;

export function Beginning({ conversation, address, close }: { conversation: string; address: string; close: () => void }) {
  const params = { path: { conversation } };
  const { data, error } = useQuery({
    queryKey: ["contact", conversation, "begin"],
    queryFn: () => want(api.GET("/api/v1/conversations/{conversation}/contact", { params })),
    staleTime: 0,
  });
  return (
    <Dialog title={say("begin")} close={close}>
      {error && <p className="bad" role="alert">{error instanceof Problem ? whyNot(error) : error.message}</p>}
      {data ? <Writing panel={data} conversation={conversation} address={address} close={close} /> : !error && <p role="status">{say("loading")}</p>}
    </Dialog>
  );
}

function Writing({ panel, conversation, address, close }: { panel: Panel; conversation: string; address: string; close: () => void }) {
  const desk = useDesk(), { ways, known } = around(desk, conversation, panel);
  const first = ways.find((each) => each.address === address) ?? ways[0];
  const [name, choose] = useState(first ? nameOf(first) : ""), [text, write] = useState(""), [subject, title] = useState(""), [keys] = useState(() => new Map<string, string>());
  const way = ways.find((each) => nameOf(each) === name), isMail = way?.scheme === "mailto";
  const { mutate, isPending, error } = useMutation({
    // The same key for the same way: it may have been made, though nobody heard of it.
    mutationFn: ({ to }: { to: Way; subject: string }) => begin(to, keyOf(keys, nameOf(to))),
    onSuccess: (begun, { subject }) => {
      desk.actions.start("reply", begun, replyBody(text, subject ? { subject, cc: "" } : null));
      desk.choose(begun);
      close();
    },
  });
  if (!way) return <p className="soft">{say("nobodyToWriteTo")}</p>;
  const limit = limitOf(desk.names.plan, way, text), block = obstacle(way, known);
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      mutate({ to: way, subject: isMail ? subject.trim() : "" });
    }}>
      <label>{say("writeTo")}
        <select name="way" value={name} onChange={({ target }) => choose(target.value)}>
          {ways.map((each) => <option key={nameOf(each)} value={nameOf(each)}>{each.address} · {desk.names.channel(each.channel)} · {each.account}</option>)}
        </select>
      </label>
      {block && <p className="bad" role="alert">{block.opted_out ? say("opted-out") : openWords(desk.names.agent(block.owner || block.offered_to))}</p>}
      {isMail && <label>{say("subject")}<input name="subject" required maxLength={998} autoComplete="off" value={subject} onChange={({ target }) => title(target.value)} /></label>}
      <label>{say("text")}<textarea name="text" rows={5} required maxLength={MOST} value={text} onChange={({ target }) => write(target.value)} /></label>
      <p className={limit.over ? "bad" : "soft"}>{limit.words}</p>
      {error && <p className="bad" role="alert">{wordsOf(error, (id) => desk.names.agent(id))}</p>}
      <DialogButtons verb={say("send")} disabled={isPending || limit.over || !text.trim() || Boolean(block)} />
    </form>
  );
}

function around({ names, store }: Desk, conversation: string, panel: Panel): { ways: Way[]; known: Known[] } {
  const held = store.all.get(conversation);
  const here = held ? [{ ...held.state, address: held.state.contact }] : [];
  return { ways: waysTo(panel, names.plan, addressesLeft(held?.messages ?? [])), known: [...here, ...panel.earlier] };
}

const openWords = (agent: string): string => say(agent ? "openWith" : "openWithNobody", { agent });

const wordsOf = (error: Error, agent: (id: string) => string): string => {
  if (!(error instanceof Problem)) return error.message;
  return error.code === "open" ? openWords(error.detail.includes(" ") ? "" : agent(error.detail)) : whyNot(error);
};

function keyOf(keys: Map<string, string>, way: string): string {
  const key = keys.get(way) ?? newId();
  keys.set(way, key);
  return key;
}
