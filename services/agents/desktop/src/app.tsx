// Who is at the desk: nobody knows yet, nobody, or somebody.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, Problem, want } from "./api/client";
import type { Agent } from "./api/schema";
import { deviceName } from "./live/device";
import { Desk } from "./live/desk";
import { readPrefs } from "./live/prefs";
import { Frame } from "./pages/Frame";
import { SignIn } from "./pages/SignIn";
import { DeskContext } from "./parts/use";
import { say, speak, whyNot } from "./words";

type View = { name: "boot"; words: string } | { name: "sign-in"; words: string } | { name: "desk"; desk: Desk };

const device = deviceName();

export function App() {
  const [view, show] = useState<View>({ name: "boot", words: "…" });
  const queries = useQueryClient();

  const start = useCallback(async (me: Agent) => {
    speak(readPrefs().locale || me.locale);
    const desk = new Desk(me, await device, () => {
      desk.stop();
      queries.clear();
      document.title = "Trunkline";
      show({ name: "sign-in", words: say("signedOut") });
    });
    desk.start();
    show({ name: "desk", desk });
  }, [queries]);

  useEffect(() => {
    const life = new AbortController();
    void boot(life.signal, start, show);
    return () => life.abort();
  }, [start]);

  switch (view.name) {
    case "boot": return <p className="boot" role="status">{view.words}</p>;
    case "sign-in": return <SignIn words={view.words} signedIn={start} />;
    case "desk": return <DeskContext value={view.desk}><Frame key={view.desk.me.id} /></DeskContext>;
  }
}

/** Ask who is signed in, until somebody answers. */
async function boot(life: AbortSignal, start: (me: Agent) => Promise<void>, show: (view: View) => void): Promise<void> {
  try {
    const { agent } = await want(api.GET("/api/v1/session"));
    if (!life.aborted) await start(agent);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (life.aborted) return;
    if (problem.status === 401) {
      show({ name: "sign-in", words: "" });
      return;
    }
    show({ name: "boot", words: whyNot(problem) });
    setTimeout(() => {
      if (!life.aborted) void boot(life, start, show);
    }, 2_000 + Math.random() * 3_000);
  }
}
