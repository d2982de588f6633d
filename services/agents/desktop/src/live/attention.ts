// Calling a person who looks elsewhere: a sound, the title, and a notification while the page is hidden.
import { say } from "../words";

let audio: AudioContext | null = null;

/** Two short tones. Silent before the person has touched the page: browsers forbid it. */
export function chime(): void {
  audio ??= new AudioContext();
  const context = audio;
  void context.resume().then(() => {
    [660, 880].forEach((pitch, place) => tone(context, pitch, context.currentTime + place * 0.16));
  });
}

function tone(context: AudioContext, pitch: number, at: number): void {
  const oscillator = context.createOscillator(), gain = context.createGain();
  oscillator.frequency.value = pitch;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.16);
}

/** A desktop notification while the page is hidden and the person has allowed it; one click leads here. */
export function notify(title: string, body: string, tag: string): void {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const note = new Notification(title, { body, tag });
  note.onclick = () => {
    window.focus();
    note.close();
  };
}

/** Ask for leave to notify, once; the browser shows its own question. */
export function askLeave(): void {
  if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
}

/** What the tab says: an open offer with its seconds before unread messages. */
export function title(offers: number, leftS: number, unread: number): string {
  if (offers) return `● ${say("offerTitle", { s: leftS })}`;
  return unread ? `(${unread}) Trunkline` : "Trunkline";
}
