// What a customer was promised, and when the next of it ends.
import type { RawState, State } from "./frames";

export type ClockName = "first_reply" | "next_reply" | "resolution" | "window";

export interface Clock {
  name: ClockName;
  at: number;
  /** How long it lasts in all, in ms of the hours it counts. */
  lasts: number;
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
  const [first = 0, following = 0, resolution = 0, window = 0] = state.clocks.split(":").map(Number);
  const all: Clock[] = [
    { name: "first_reply", at: state.first_reply_by, lasts: first }, { name: "next_reply", at: state.next_reply_by, lasts: following },
    { name: "resolution", at: state.resolve_by, lasts: resolution }, { name: "window", at: state.unanswered_at ? state.window_by : 0, lasts: window },
  ];
  return all.filter(({ at }) => at > 0).sort((one, other) => one.at - other.at)[0] ?? null;
}

export type Urgency = "calm" | "soon" | "late";

/** Soon is the last quarter of it. */
export function urgencyOf({ at, lasts }: Clock, now: number): Urgency {
  const left = at - now;
  return left < 0 ? "late" : left <= lasts / 4 ? "soon" : "calm";
}
