// What is looked for in History.
import type { Status } from "../api/schema";

/** Which conversations History lists. */
export interface Sought {
  words: string;
  status: Status | "";
  queue: string;
}

export const NOTHING_SOUGHT: Sought = { words: "", status: "", queue: "" };
