// A name for this window, as the desk's socket wants it.
import { newId } from "../api/client";

const PLACE = "device";

/** Kept over reloads; a tab that was duplicated must not share it. */
export async function deviceName(): Promise<string> {
  const mine = sessionStorage.getItem(PLACE) ?? newId();
  const name = (await isFree(mine)) ? mine : newId();
  sessionStorage.setItem(PLACE, name);
  return name;
}

function isFree(name: string): Promise<boolean> {
  const locks = (navigator as { locks?: LockManager }).locks; // only where the page came by https or from this machine
  if (!locks) return Promise.resolve(true);
  return new Promise((answer) => {
    void locks.request(`device-${name}`, { ifAvailable: true }, (lock) => {
      answer(Boolean(lock));
      return lock ? new Promise(() => undefined) : undefined; // held until the page is gone
    });
  });
}
