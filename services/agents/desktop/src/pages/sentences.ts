// Pieces of the sentences in which a configuration is told.
import type { Desk } from "../live/desk";

/** Skills with their levels, for a sentence. */
export const needs = (desk: Desk, skills: Record<string, number>): string =>
  Object.entries(skills).map(([skill, level]) => `${desk.names.skill(skill)} ≥ ${level}`).join(", ");
