// Skills in words.
export interface SkillNames {
  skill(name: string): string;
}

/** Each with its lowest level, for a sentence or a cell. */
export const skillWords = (names: SkillNames, skills: Record<string, number>): string =>
  Object.entries(skills).map(([skill, level]) => `${names.skill(skill)} ≥ ${level}`).join(", ");
