// Turkish, for offers.
import type { en } from "./offers.en";

export const tr: Record<keyof typeof en, string> = {
  offers: "Teklifler",
  offerTitle: "Size sunuldu ({s} sn)",
  accept: "Kabul et",
  decline: "Reddet",
  whyDecline: "Ret nedeni…",
  timeOver: "süre doldu",
  reason: "Neden",
  ownWords: "Kendi sözlerinizle (isteğe bağlı)",
  busy: "başka bir görüşmeyle meşgul",
  "not-my-skill": "uzmanlık alanım değil",
  break: "mola",
  meeting: "toplantı",
  training: "eğitim",
  other: "diğer",
  passedOn: "Size {name} aktardı.",
  passedOnWith: "Size {name} aktardı: “{note}”",
  woken: "Ertelenmişti; süresi doldu.",
  wrote: "Ertelenmişti; müşteri yazdı.",
  isTyping: "{name} yazıyor…",
  isLooking: "{name} bakıyor",
  isWritingNote: "{name} not yazıyor",
  isWritingReply: "{name} yanıt yazıyor",
};
