// What a conversation asks for, and who of those with room comes first, in sentences.
import type { Asked } from "../api/schema";
import { numberOf, say, type Key } from "../words";
import { skillWords, type SkillNames } from "./skills";

export interface PlaceNames extends SkillNames {
  queue(name: string): string;
  channel(name: string): string;
  agent(id: string): string;
}

const PRESETS = ["index", "longest-idle", "least-loaded", "best-skilled", "round-robin"] as const;
const WEIGHTS = ["skill", "flexibility", "load", "idle", "turn", "fit"] as const;

/** A policy by its name, else its weights `skill:flexibility:load:idle:turn:fit`. */
export function policyWords(policy: string): string {
  const preset = PRESETS.find((name) => name === policy);
  if (preset) return say(`policy.${preset}`);
  const weights = policy.split(":").map(Number);
  const counted = WEIGHTS.map((name, place) => (weights[place] ? say(`weight.${name}` satisfies Key, { weight: numberOf(weights[place]) }) : ""));
  return say("policyOwn", { weights: counted.filter(Boolean).join(", ") });
}

/** Preferred skills; empty where there are none. */
export const prefersWords = (names: SkillNames, prefers: Record<string, number>): string =>
  Object.keys(prefers).length ? say("prefersSkills", { skills: Object.keys(prefers).map((skill) => names.skill(skill)).join(", ") }) : "";

/** Supervisors stand among the queues of a requirement, under a name that no queue can have. */
const queueWords = (names: PlaceNames, name: string): string => (name === "role.supervisor" ? say("anySupervisor") : names.queue(name));

/** Whose agents, what they need, and what makes one better. */
export function askedWords(names: PlaceNames, { queues, channel, only, skills, prefers, weight }: Asked): string {
  return [
    say("askedOf", { queues: queues.map((name) => queueWords(names, name)).join(` ${say("or")} `), channel: names.channel(channel) }),
    only ? say("askedAlone", { name: names.agent(only) }) : "",
    Object.keys(skills).length ? say("needsSkills", { skills: skillWords(names, skills) }) : say("needsNoSkill"),
    prefersWords(names, prefers),
    weight > 1 ? say("weighs", { weight }) : "",
  ].filter(Boolean).join(" ");
}

/** What the roster lacks altogether, and so what would mend it. */
export const rosterWords = (names: SkillNames, lacks: Record<string, number>): string =>
  Object.keys(lacks).length ? say("nobodyEver", { skills: skillWords(names, lacks) }) : say("nobodyServes");
