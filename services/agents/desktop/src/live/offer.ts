// Which offer: a conversation may be offered to one agent more than once.
import type { Held } from "./state";

export const offerKey = ({ state }: Held): string => `${state.id}:${state.fence}`;
