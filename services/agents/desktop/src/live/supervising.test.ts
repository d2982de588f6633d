import { expect, test } from "vitest";
import { Actions, type Desk } from "./actions";
import { isTurning, open, shut, toldWhileShut } from "./supervising";

const place = { getItem: () => null, setItem: () => undefined };

test("a queue is shut without a line too: the word is kept with its time, and said when there is one", () => {
  const sent: Record<string, unknown>[] = [], line = { up: false };
  const desk: Desk = { send: (frame) => line.up && sent.push(frame as Record<string, unknown>) > 0, changed: () => undefined, settled: () => undefined };
  const actions = new Actions(desk, place);
  shut({ actions }, "support", "2026-11-23T12:00:00.000Z", "fire drill");
  expect([sent, isTurning({ actions }, "support"), isTurning({ actions }, "sales")]).toEqual([[], true, false]);

  line.up = true;
  actions.reconnected();
  expect(sent).toMatchObject([{ verb: "shut", conversation: "", queue: "support", until: "2026-11-23T12:00:00.000Z", note: "fire drill" }]);
  actions.answer({ type: "answer", id: String(sent[0]?.id), status: "done" });
  expect(isTurning({ actions }, "support")).toBe(false);
  open({ actions }, "support");
  expect(sent[1]).toMatchObject({ verb: "open", queue: "support" });
});

test("what customers are told is shown in the reader's language, with the words for a time where there are such", () => {
  const tells = { shut: { en: "Not now.", lv: "Ne tagad." }, shut_until: { en: "Not before {until}." } };
  expect(toldWhileShut({ tells }, false, "lv")).toBe("Ne tagad.");
  expect(toldWhileShut({ tells }, true, "lv")).toBe("Not before {until}.");
  expect(toldWhileShut({ tells: null }, true, "en")).toBe("");
});
