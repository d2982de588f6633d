import { expect, test, vi } from "vitest";
import { say } from "../words";
import { tellByItself } from "./byItself";
import type { Desk } from "./desk";
import { blank, stateOf } from "./state";

vi.stubGlobal("document", { hidden: false }); // somebody looks: no notification

const held = blank(stateOf({ id: "0-a", fence: 2, display: "Zane", version: 3 }));

function desk({ writing = false, underway = 0, answered = "" } = {}) {
  const notices: string[] = [], chosen: string[] = [];
  const it = {
    prefs: { sound: false }, chosen: "0-b", answered: new Set([answered]), actions: { of: () => Array.from({ length: underway }) },
    drafts: { of: () => (writing ? "Dear" : "") }, notice: (words: string) => notices.push(words), choose: (id: string) => chosen.push(id),
  };
  return { it: it as unknown as Desk, notices, chosen };
}

test("what came by itself says so and opens, unless something is being written", () => {
  const calm = desk(), busy = desk({ writing: true });
  tellByItself(calm.it, "given", held);
  tellByItself(busy.it, "given", held);
  expect(calm.notices).toEqual([say("cameByItself", { who: "Zane" })]);
  expect(calm.chosen).toEqual(["0-a"]);
  expect(busy.notices).toEqual(calm.notices);
  expect(busy.chosen).toEqual([]);
});

test("who was not quick enough is told once: by the event, or as the answer to what they did", () => {
  const looking = desk(), waiting = desk({ underway: 1 }), refused = desk({ answered: "0-a:2" });
  for (const each of [looking, waiting, refused]) tellByItself(each.it, "taken", held);
  expect(looking.notices).toEqual([`Zane: ${say("taken")}`]);
  expect([...waiting.notices, ...refused.notices]).toEqual([]);
});
