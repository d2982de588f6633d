// Latvian, for mail.
import type { en } from "./mail.en";

export const lv: Record<keyof typeof en, string> = {
  subject: "Temats",
  cc: "Kopija",
  ccHint: "adreses, atdalītas ar komatiem",
  editHead: "Labot tematu un kopiju",
  earlierWords: "Agrāk rakstītais",
  asSent: "Kā nosūtīts",
  noLook: "To nevar parādīt: {why}",
  from: "sūtītājs: {name}",
  stranger: "No kāda, kas iepriekš nepiedalījās.",
  failedChecks: "Sūtītāja adrese var būt viltota: {why}",
};
