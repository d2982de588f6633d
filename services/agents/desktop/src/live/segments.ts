// How an SMS travels: the same count as trunkline.channels.sms (3GPP TS 23.038, default alphabet and extension).
const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€");

export interface Segments {
  encoding: "GSM-7" | "UCS-2";
  units: number;
  segments: number;
  remaining: number;
}

/** A pair (escape or surrogate) is never split between segments; an empty text takes none. */
export function segments(text: string): Segments {
  const characters = Array.from(text); // by code points, as the standard counts
  const gsm = characters.every((c) => BASIC.has(c) || EXTENSION.has(c));
  const encoding = gsm ? "GSM-7" : "UCS-2";
  const widths = characters.map((c) => ((gsm ? EXTENSION.has(c) : c.length > 1) ? 2 : 1));
  const [alone, chained] = gsm ? [160, 153] : [70, 67];
  const units = widths.reduce((sum, width) => sum + width, 0);
  if (units <= alone) return { encoding, units, segments: units ? 1 : 0, remaining: alone - units };
  let count = 1, used = 0;
  for (const width of widths) {
    if (used + width > chained) {
      count += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, units, segments: count, remaining: chained - used };
}
