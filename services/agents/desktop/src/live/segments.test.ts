import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { segments } from "./segments";

interface Row {
  name: string;
  text: string;
  encoding: "gsm7" | "ucs2";
  units: number;
  segments: number;
  remaining: number;
}

const table = new URL("../../../../../tests/payloads/sms-segments.json", import.meta.url);
const rows = JSON.parse(readFileSync(table, "utf-8")) as Row[];

test.each(rows)("$name is counted as the channel counts it", ({ text, encoding, units, segments: count, remaining }) => {
  expect(segments(text)).toEqual({ encoding: encoding === "gsm7" ? "GSM-7" : "UCS-2", units, segments: count, remaining });
});
