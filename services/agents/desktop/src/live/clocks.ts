// What a customer was promised, and when the next of it ends.
import type { RawState, State } from "./frames";
import { openBetween, type Open } from "./opening";

export type ClockName = "first_reply" | "next_reply" | "resolution" | "window";

export interface Clock {
  name: ClockName;
  at: number;
  /** How long it lasts in all, in ms of the hours it counts. */
  lasts: number;
  /** By whose open hours; '' around the clock. */
  calendar: string;
}

type Field = "clocks" | "target_at" | "unanswered_at" | "first_reply_by" | "next_reply_by" | "resolve_by" | "window_by";

/** The clocks of a state as it comes; of the record's, which has none, those known before. */
export function clocksOf(raw: RawState, before?: State): Pick<State, Field> {
  const from: Partial<Record<string, unknown>> = "clocks" in raw ? raw : { ...before };
  const time = (name: string) => Number(from[name]) || 0;
  return {
    clocks: typeof from.clocks === "string" ? from.clocks : "", target_at: time("target_at"), unanswered_at: time("unanswered_at"),
    first_reply_by: time("first_reply_by"), next_reply_by: time("next_reply_by"), resolve_by: time("resolve_by"), window_by: time("window_by"),
  };
}

/** The clock that ends next; null where none runs. The window asks for something only while the customer waits. */
export function nextClock(state: State): Clock | null {
  if (!state.clocks) return null;
  const promises = state.clocks.split(":"), [first = 0, following = 0, resolution = 0, window = 0] = promises.map(Number);
  const calendar = promises[5] ?? "";
  const all: Clock[] = [
    { name: "first_reply", at: state.first_reply_by, lasts: first, calendar }, { name: "next_reply", at: state.next_reply_by, lasts: following, calendar },
    { name: "resolution", at: state.resolve_by, lasts: resolution, calendar }, { name: "window", at: state.unanswered_at ? state.window_by : 0, lasts: window, calendar: "" },
  ];
  return all.filter(({ at }) => at > 0).sort((one, other) => one.at - other.at)[0] ?? null;
}

export type Urgency = "calm" | "soon" | "late";

/** Soon is the last quarter of it: of its open hours where `open` says when those are, else of the clock's. */
export function urgencyOf({ at, lasts }: Clock, now: number, open: Open | null = null): Urgency {
  if (at < now) return "late";
  return (open ? openBetween(open, now, at) : at - now) <= lasts / 4 ? "soon" : "calm";
}
