// Pieces of the sentences in which a configuration is told.
import type { WideningStep } from "../api/schema";
import type { Desk } from "../live/desk";
import { lengthOf, say } from "../words";

/** Skills with their levels, for a sentence. */
export const needs = (desk: Desk, skills: Record<string, number>): string =>
  Object.entries(skills).map(([skill, level]) => `${desk.names.skill(skill)} ≥ ${level}`).join(", ");

/** A step of a queue's widening: after how long, and what is asked for less. A group, `lang.*`, is called by its name. */
export function widens(desk: Desk, step: WideningStep): string {
  const skill = (name: string): string => desk.names.skill(name.replace(/\.\*$/, ""));
  const changes = [
    ...Object.entries(step.lower).map(([name, level]) => say("widensLower", { skill: skill(name), level })),
    ...step.drop.map((name) => say("widensDrop", { skill: skill(name) })),
    ...step.queues.map((name) => say("widensQueue", { queue: desk.names.queue(name) })),
  ];
  return say("widens", { time: lengthOf(step.after_s * 1000), changes: changes.join(", ") });
}
