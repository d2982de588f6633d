// What a person prefers on this computer.
export type Theme = "auto" | "light" | "dark";

export interface Prefs {
  /** Another language than the roster says; empty: as the roster says. */
  locale: string;
  theme: Theme;
  sound: boolean;
  /** Keys without Ctrl or Alt act while nothing is being typed. */
  singleKeys: boolean;
}

const PLACE = "trunkline-desk";
const DEFAULTS: Prefs = { locale: "", theme: "auto", sound: true, singleKeys: true };

export function readPrefs(): Prefs {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Prefs>) };
  } catch {
    return DEFAULTS; // somebody else's words under our name
  }
}

export function writePrefs(prefs: Prefs): void {
  localStorage.setItem(PLACE, JSON.stringify(prefs));
  show(prefs);
}

/** Put the theme on the page; the style sheet does the rest. */
export function show({ theme }: Prefs): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
