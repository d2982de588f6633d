// What a person prefers on this computer: look, sound, keys, notifications.
import { useState } from "react";
import { askLeave } from "../live/attention";
import type { Theme } from "../live/prefs";
import { LOCALES, locale, OWN_NAMES, say, speak } from "../words";
import { Dialog } from "./Dialog";
import { useDesk } from "./use";

const THEMES: Theme[] = ["auto", "light", "dark"];

export function PreferencesDialog({ close }: { close: () => void }) {
  const desk = useDesk(), [asked, ask] = useState(() => "Notification" in window && Notification.permission !== "default");
  return (
    <Dialog title={say("preferences")} close={close}>
      <label>{say("language")}
        <select value={locale()} onChange={({ target }) => {
          speak(target.value);
          desk.prefer({ locale: target.value });
        }}>{LOCALES.map((each) => <option key={each} value={each}>{OWN_NAMES[each]}</option>)}</select>
      </label>
      <label>{say("look")}
        <select value={desk.prefs.theme} onChange={({ target }) => desk.prefer({ theme: target.value as Theme })}>
          {THEMES.map((each) => <option key={each} value={each}>{say(`theme-${each}`)}</option>)}
        </select>
      </label>
      <label className="check">
        <input type="checkbox" checked={desk.prefs.sound} onChange={({ target }) => desk.prefer({ sound: target.checked })} />{say("sound")}
      </label>
      <label className="check">
        <input type="checkbox" checked={desk.prefs.singleKeys} onChange={({ target }) => desk.prefer({ singleKeys: target.checked })} />{say("singleKeys")}
      </label>
      <p><button type="button" disabled={asked} onClick={() => { askLeave(); ask(true); }}>{say("allowNotifications")}</button></p>
      <p className="row end"><button type="button" onClick={() => void desk.signOut()}>{say("signOut")}</button></p>
    </Dialog>
  );
}
