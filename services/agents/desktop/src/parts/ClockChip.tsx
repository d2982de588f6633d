// The one time that matters now: to what was promised next, else since when the customer waits.
import { nextClock, urgencyOf, type Clock } from "../live/clocks";
import type { Desk } from "../live/desk";
import { askedOf, targetOf, type Held } from "../live/state";
import { lengthOf, say } from "../words";

interface Chip {
  words: string;
  kind: "calm" | "soon" | "late";
  meaning: string;
}

/** In a list a figure; with `whole`, in words. */
export function ClockChip({ desk, each, now, whole = false }: { desk: Desk; each: Held; now: number; whole?: boolean }) {
  const chip = chipOf(desk, each, now);
  if (!chip) return null;
  if (whole) return <span className={`chip ${chip.kind}`}>{chip.meaning}</span>;
  return <span className={`chip ${chip.kind}`} title={chip.meaning}><span className="hidden">{chip.meaning}</span><span aria-hidden="true">{chip.kind === "late" ? "−" : ""}{chip.words}</span></span>;
}

function chipOf(desk: Desk, { state, messages }: Held, now: number): Chip | null {
  if (state.owner !== desk.me.id && !askedOf(state).includes(desk.me.id)) return null;
  if (state.status === "closed" || state.status === "wrapping-up") return null;
  const clock = nextClock(state), last = messages.at(-1);
  if (clock) return clockChip(desk, clock, now);
  if (!state.replied_at && state.due) return targetChip(targetOf(state) - now);
  return last?.direction === "inbound" ? waitChip(Math.max(0, now - Date.parse(last.at))) : null;
}

function clockChip(desk: Desk, clock: Clock, now: number): Chip {
  const kind = urgencyOf(clock, now, desk.opening.of(clock.calendar)), time = lengthOf(Math.abs(clock.at - now));
  return { words: time, kind, meaning: `${say(`clock.${clock.name}`)}: ${say(kind === "late" ? "lateBy" : "dueIn", { time })}` };
}

function targetChip(left: number): Chip {
  const time = lengthOf(Math.abs(left));
  if (left < 0) return { words: time, kind: "late", meaning: say("lateBy", { time }) };
  return { words: time, kind: left < 60_000 ? "soon" : "calm", meaning: say("dueIn", { time }) };
}

function waitChip(waits: number): Chip {
  const time = lengthOf(waits);
  return { words: time, kind: waits > 300_000 ? "soon" : "calm", meaning: say("waitsFor", { time }) };
}
