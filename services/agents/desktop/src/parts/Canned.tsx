// Canned replies, seen as they will be sent before they are taken.
import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { useState } from "react";
import { api, want } from "../api/client";
import type { CannedReply } from "../api/schema";
import type { Desk } from "../live/desk";
import { whoOf } from "../live/who";
import { say } from "../words";
import { Dialog } from "./Dialog";
import { useDesk } from "./use";

export const useCanned = () =>
  useQuery({ queryKey: ["canned"], queryFn: () => want(api.GET("/api/v1/canned-replies")), staleTime: 60_000 });

/** The words of a canned reply with its variables filled in. */
export function filled(desk: Desk, text: string): string {
  const state = desk.current()?.state;
  const values: Record<string, string> = {
    contact: state ? whoOf(state) : "", agent: desk.me.name, queue: desk.names.queue(state?.queue ?? ""),
  };
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

export function CannedDialog({ close }: { close: () => void }) {
  const desk = useDesk(), { data, isPending } = useCanned(), [id] = useState(desk.chosen), [at, move] = useState("");
  const queue = desk.current()?.state.queue;
  const offered = (data?.items ?? []).filter((each) => !each.queue || each.queue === queue);
  const seen = offered.find((each) => each.id === at);
  const take = (each: CannedReply) => {
    const begun = desk.drafts.draft(id).reply;
    desk.drafts.write(id, { reply: (begun ? `${begun}\n` : "") + filled(desk, each.text) });
    close();
  };
  return (
    <Dialog title={say("cannedReply")} close={close} wide>
      <Command label={say("cannedReply")} value={at} onValueChange={move} className="command">
        <Command.Input placeholder={say("search")} aria-label={say("search")} />
        <Command.Empty>{say(isPending ? "loading" : "noCanned")}</Command.Empty>
        <Command.List label={say("cannedReply")}>
          {offered.map((each) => (
            <Command.Item key={each.id} value={each.id} keywords={[each.shortcut, each.title, each.text]} onSelect={() => take(each)}>
              <strong>{each.title}</strong> <span className="soft">{each.shortcut}</span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
      <p className="preview text" aria-live="polite">{seen ? filled(desk, seen.text) : ""}</p>
    </Dialog>
  );
}
