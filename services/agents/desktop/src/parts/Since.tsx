// How long ago, counted on while it is looked at.
import { spanOf } from "../words";
import { useNow } from "./use";

/** In its largest whole unit. */
export function Since({ at }: { at: number }) {
  const now = useNow();
  return <span role="timer" aria-live="off">{spanOf(Math.max(0, now - at))}</span>;
}
