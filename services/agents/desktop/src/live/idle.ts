// Why nothing is offered to an agent who is available.
import type { InLine } from "../api/schema";
import { say } from "../words";
import { skillWords, type SkillNames } from "./skills";

interface Profile {
  queues: readonly string[];
  capacity: number;
}

/** In a sentence or two, with what would change it; `line` is not known at first. */
export function idleWords(names: SkillNames, { queues, capacity }: Profile, line: InLine | undefined): string {
  if (!queues.length) return say("noQueues");
  if (capacity < 1) return say("noCapacity");
  if (!line) return say("noneYet");
  if (line.fitting) return say("fittingWait", { count: line.fitting });
  if (!line.waiting) return say("nothingForMe");
  return say("lackingWait", { count: line.waiting, skills: line.lacking.map((one) => skillWords(names, one.skills)).join("; ") });
}
