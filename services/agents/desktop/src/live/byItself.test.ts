import { expect, test, vi } from "vitest";
import { say } from "../words";
import { byItself, tellByItself } from "./byItself";
import type { Desk } from "./desk";
import { blank, stateOf } from "./state";

vi.stubGlobal("document", { hidden: false }); // somebody looks: no notification

const held = blank(stateOf({ id: "0-a", fence: 2, display: "Zane", version: 3, owner: "ben", offered_to: "ben" }));

function desk({ writing = false, underway = 0, answered = "" } = {}) {
  const notices: string[] = [], chosen: string[] = [];
  const it = {
    prefs: { sound: false }, chosen: "0-b", answered: new Set([answered]), actions: { of: () => Array.from({ length: underway }) },
    drafts: { of: () => (writing ? "Dear" : "") }, notices: { news: (words: string) => notices.push(words) },
    names: { agent: (id: string) => `Agent ${id}`, agents: (ids: string) => `Agent ${ids}` }, choose: (id: string) => chosen.push(id),
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
  expect(looking.notices).toEqual([say("takenBy", { who: "Zane", name: "Agent ben" })]);
  expect([...waiting.notices, ...refused.notices]).toEqual([]);
});

const known = (more: object) => blank(stateOf({ id: "0-a", version: 2, ...more }));
const next = (more: object) => stateOf({ id: "0-a", version: 3, ...more });

test("whose conversation another has now is told, but not by whose word it went", () => {
  const mine = known({ owner: "ana" }), gone = next({ owner: "ben" });
  for (const kind of ["taken-over", "assigned"]) {
    expect(byItself(`trunkline.conversation.${kind}.v1`, gone, mine, "ana", { by: "ben" })).toBe("gone");
    expect(byItself(`trunkline.conversation.${kind}.v1`, gone, mine, "ana", { by: "ana" })).toBeNull();
  }
  const calm = desk();
  tellByItself(calm.it, "gone", held);
  expect(calm.notices).toEqual([say("hasNow", { who: "Zane", name: "Agent ben" })]);
});

test("who looked on is told that it is over, however it ended, unless they ended it or took it over", () => {
  const looks = known({ owner: "ana", consulted: "ben,cem" });
  expect(byItself("trunkline.conversation.closed.v1", next({ owner: "" }), looks, "ben")).toBe("over");
  expect(byItself("trunkline.conversation.consultation-ended.v1", next({ owner: "ana", consulted: "cem" }), looks, "ben", { by: "ana" })).toBe("over");
  expect(byItself("trunkline.conversation.consultation-ended.v1", next({ owner: "ana", consulted: "cem" }), looks, "ben", { by: "ben" })).toBeNull();
  expect(byItself("trunkline.conversation.taken-over.v1", next({ owner: "ben" }), looks, "ben", { by: "ben" })).toBeNull();
});
