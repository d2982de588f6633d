// What to think of a channel account.
import type { AccountHealth } from "../api/schema";

export type Verdict = "failing" | "some-failed" | "well" | "quiet";

/** One word for an account: is its last reply lost, were some, do they go out, or was there nothing to see? */
export function verdictOf({ failed, last_sent_at: sent, last_failed_at: lost, last_inbound_at: wrote }: AccountHealth): Verdict {
  if (failed && lost) return !sent || Date.parse(lost) > Date.parse(sent) ? "failing" : "some-failed";
  return sent || wrote ? "well" : "quiet";
}
