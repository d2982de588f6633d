// A queue's widening in words.
import type { WideningStep } from "../api/schema";
import type { Desk } from "../live/desk";
import { say, spanOf } from "../words";

/** A step: after how long, and what is asked for less. */
export function widens({ names }: Desk, step: WideningStep): string {
  const skill = (name: string): string => names.skills(name);
  const changes = [
    ...Object.entries(step.lower).map(([name, level]) => say("widensLower", { skill: skill(name), level })),
    ...step.drop.map((name) => say("widensDrop", { skill: skill(name) })),
    ...(step.supervisors ? [say("widensSupervisors")] : []),
    ...step.queues.map((name) => say("widensQueue", { queue: names.queue(name) })),
    ...(step.tell ? [say(`tells.${step.tell}`)] : []),
  ];
  return say("widens", { time: spanOf(step.after_s * 1000), changes: changes.join(", ") });
}
