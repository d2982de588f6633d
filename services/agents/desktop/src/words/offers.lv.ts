// Latvian, for offers.
import type { en } from "./offers.en";

export const lv: Record<keyof typeof en, string> = {
  offers: "Piedāvājumi",
  offerTitle: "Piedāvāts jums ({s} s)",
  accept: "Pieņemt",
  decline: "Noraidīt",
  whyDecline: "Noraidīšanas iemesls…",
  timeOver: "laiks beidzies",
  reason: "Iemesls",
  ownWords: "Saviem vārdiem (nav obligāti)",
  busy: "jau notiek cita saruna",
  "not-my-skill": "nav mana joma",
  break: "pauze",
  meeting: "sapulce",
  training: "apmācība",
  other: "cits",
  passedOn: "Sarunu jums nodeva {name}.",
  passedOnWith: "Sarunu jums nodeva {name}: „{note}”",
  woken: "Tā bija atlikta; atlikšanas laiks ir beidzies.",
  wrote: "Tā bija atlikta; klients ir uzrakstījis.",
  isTyping: "{name} raksta…",
  isLooking: "{name} skatās",
  isWritingNote: "{name} raksta piezīmi",
  isWritingReply: "{name} raksta atbildi",
};
