// Signing in.
import { useState, type SyntheticEvent } from "react";
import { api, Problem, want } from "../api/client";
import type { Agent } from "../api/schema";
import { say, whyNot } from "../words";

export function SignIn({ words, signedIn }: { words: string; signedIn: (me: Agent) => Promise<void> }) {
  const [error, tell] = useState(words), [asking, ask] = useState(false);
  const signIn = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget), text = (name: string) => form.get(name) as string;
    ask(true);
    tell("");
    try {
      const { agent } = await want(api.POST("/api/v1/session", { body: { login: text("login"), password: text("password") } }));
      await signedIn(agent);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      tell(problem.code === "too-many-attempts" ? say("too-many-attempts", { s: problem.retryAfter || 60 }) : whyNot(problem));
      ask(false);
    }
  };
  return (
    <main className="sign-in card">
      <h1>Trunkline</h1>
      <form onSubmit={(event) => void signIn(event)}>
        <label>{say("login")}<input name="login" autoComplete="username" autoCapitalize="none" required /></label>
        <label>{say("password")}<input name="password" type="password" autoComplete="current-password" required /></label>
        <p className="bad" role="alert">{error}</p>
        <button type="submit" className="primary" disabled={asking}>{say("signIn")}</button>
      </form>
    </main>
  );
}
