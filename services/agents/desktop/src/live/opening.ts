// When calendars are open: what is left of a clock is open time, as the board counts it.
import { api, Problem, want } from "../api/client";
import type { OpenSpans } from "../api/schema";

export type Open = Pick<OpenSpans, "spans" | "until">;

const AGAIN_MS = 5_000, FRESH_MS = 12 * 3_600_000;

/** Open time from one moment to another, in ms; around the clock where it never opens, and beyond what is known. */
export function openBetween({ spans, until }: Open, from: number, to: number): number {
  if (!spans.length) return to - from;
  const within = spans.reduce((sum, { begins, ends }) => sum + Math.max(0, Math.min(ends, to) - Math.max(begins, from)), 0);
  return within + Math.max(0, to - Math.max(from, until));
}

/** Calendars by their names, each asked for when a clock first counts by it. */
export class Opening {
  private readonly known = new Map<string, Open>();
  private readonly askAt = new Map<string, number>();

  constructor(private readonly changed: () => void, private readonly ask = asked) {}

  /** null: around the clock, or not known yet. */
  of(calendar: string): Open | null {
    if (calendar && Date.now() >= (this.askAt.get(calendar) ?? 0)) void this.learn(calendar);
    return this.known.get(calendar) ?? null;
  }

  private async learn(calendar: string): Promise<void> {
    this.askAt.set(calendar, Infinity); // one question at a time
    const told = await this.ask(calendar);
    this.askAt.set(calendar, Date.now() + (told ? FRESH_MS : AGAIN_MS));
    if (!told) return;
    this.known.set(calendar, told);
    this.changed();
  }
}

async function asked(calendar: string): Promise<Open | null> {
  try {
    return await want(api.GET("/api/v1/calendars/{calendar}/open", { params: { path: { calendar } } }));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return null; // the next look at the clock asks again
  }
}
