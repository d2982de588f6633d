// Putting off: when one may want a conversation back, and what one has put off already.
import { api, Problem, want } from "../api/client";
import type { Then } from "./actions";
import type { Store } from "./store";

const HOUR_MS = 3_600_000, MORNING = 9, AGAIN_MS = 5_000;

export type Until = "hour" | "hours" | "tomorrow" | "monday";

/** The usual times to wake a conversation, in ms, by the clock on this wall; days begin at nine. */
export function usualTimes(now: number): Record<Until, number> {
  return { hour: now + HOUR_MS, hours: now + 3 * HOUR_MS, tomorrow: morning(now, 1), monday: morning(now, daysToMonday(now)) };
}

const WAIT_MS = 7 * 24 * HOUR_MS;

/** What waits for the customer takes no room: it comes back when they write, and at the latest in a week. */
export const untilTheyWrite = (now: number): Then => ({ verb: "snooze", body: { until: new Date(now + WAIT_MS).toISOString(), note: "" } });

function morning(now: number, days: number): number {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  return date.setHours(MORNING, 0, 0, 0);
}

/** At least one: on a Monday, the next one is meant. */
const daysToMonday = (now: number): number => ((8 - new Date(now).getDay()) % 7) || 7;

/** A snapshot has what holds room; what was put off is looked up in the record, until it answers. */
export async function recallSnoozed(agent: string, store: Store, stopped: () => boolean): Promise<void> {
  try {
    for (const id of await snoozedBy(agent)) if (!store.all.has(id)) void store.read(id);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status !== 401 && !stopped()) setTimeout(() => void recallSnoozed(agent, store, stopped), AGAIN_MS);
  }
}

/** Ids of all that the agent has put off, as the record knows them; a Problem if it does not say. */
async function snoozedBy(agent: string): Promise<string[]> {
  const found: string[] = [];
  let after = "";
  do {
    const query = { status: ["snoozed" as const], limit: 200, ...(after ? { after } : {}) };
    const page = await want(api.GET("/api/v1/conversations", { params: { query } }));
    found.push(...page.items.filter((one) => one.last_agent === agent).map(({ id }) => id));
    after = page.next ?? "";
  } while (after);
  return found;
}
