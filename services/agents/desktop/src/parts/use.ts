// What components ask for: the desk as it is now, the time, the page they are on.
import { createContext, use, useEffect, useState, useSyncExternalStore } from "react";
import { clock } from "../api/client";
import type { Page } from "../live/commands";
import type { Desk } from "../live/desk";

export const DeskContext = createContext<Desk | null>(null);
export const PageContext = createContext<Page | null>(null);

/** The desk; the component is drawn again whenever anything on it changed. */
export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (!desk) throw new Error("outside of a desk");
  useSyncExternalStore(desk.watched.subscribe, desk.watched.version);
  return desk;
}

export function usePage(): Page {
  const page = use(PageContext);
  if (!page) throw new Error("outside of a page");
  return page;
}

const waiting = new Set<() => void>();
let ticking = 0;

function everySecond(listener: () => void): () => void {
  waiting.add(listener);
  ticking ||= window.setInterval(() => waiting.forEach((each) => each()), 1000);
  return () => {
    waiting.delete(listener);
    if (waiting.size) return;
    clearInterval(ticking);
    ticking = 0;
  };
}

/** The server's time in ms, anew each second. */
export const useNow = (): number => useSyncExternalStore(everySecond, second);

const second = (): number => Math.floor(clock.now() / 1000) * 1000;

const PAUSE_MS = 250;

/** A value once nobody has changed it for a moment: what is typed is asked for when its word is written. */
export function useSettled<T>(value: T): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

const narrow = matchMedia("(max-width: 760px)"); // as the style sheets have it

function onWidth(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

/** Whether the page is as narrow as a phone. */
export const useNarrow = (): boolean => useSyncExternalStore(onWidth, () => narrow.matches);

const coarse = matchMedia("(pointer: coarse)");

/** A time of this wall's clock, as the browser's own field for times wants it. */
export function localTime(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Whether fingers point here: then Enter makes a new line, and no keys are shown. */
export const isTouch = (): boolean => coarse.matches;
