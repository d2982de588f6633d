// A supervisor shuts a queue for a while, or until somebody opens it; and opens it again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, clock, newId, Problem, want } from "../api/client";
import type { LiveQueue } from "../api/schema";
import { say, whyNot } from "../words";
import { Asking } from "./Asking";

const MINUTES = [15, 30, 60, 120, 240, 480];

interface Word {
  /** The same for every try: a word given twice is done once. */
  key: string;
  shut: boolean;
  minutes: number;
  note: string;
}

async function tell(queue: string, { key, shut, minutes, note }: Word): Promise<void> {
  const params = { path: { queue }, header: { "idempotency-key": key } };
  if (!shut) {
    await want(api.POST("/api/v1/queues/{queue}/open", { params }));
    return;
  }
  const until = minutes ? new Date(clock.now() + minutes * 60_000).toISOString() : null;
  await want(api.POST("/api/v1/queues/{queue}/shut", { params, body: { until, note } }));
}

export function ShutOrOpen({ queue: { name, title, shut } }: { queue: LiveQueue }) {
  const [asking, ask] = useState(false), cache = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (word: Word) => tell(name, word),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["live"] }),
  });
  const open = () => mutate({ key: newId(), shut: false, minutes: 0, note: "" });
  return (
    <>
      <button type="button" className="quiet" disabled={isPending} aria-label={say(shut ? "openNamed" : "shutNamed", { queue: title })} onClick={() => (shut ? open() : ask(true))}>
        {say(shut ? "openQueue" : "shutQueue")}
      </button>
      {error && <span className="bad" role="alert">{whyNot(error instanceof Problem ? error : { code: "", detail: error.message })}</span>}
      {asking && (
        <Asking title={say("shutNamed", { queue: title })} verb={say("shutQueue")} close={() => ask(false)} done={({ minutes = "0", note = "" }) =>
          mutate({ key: newId(), shut: true, minutes: Number(minutes), note })}>
          <p>{say("shutExplained")}</p>
          <label>{say("shutFor")}
            <select name="minutes">
              {MINUTES.map((count) => <option key={count} value={count}>{say("shutForMinutes", { count })}</option>)}
              <option value={0}>{say("shutForEver")}</option>
            </select>
          </label>
          <label>{say("ownWords")}<input name="note" maxLength={2000} autoComplete="off" /></label>
        </Asking>
      )}
    </>
  );
}
