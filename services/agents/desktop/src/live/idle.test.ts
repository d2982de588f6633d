import { afterEach, expect, test, vi } from "vitest";
import { speak } from "../words";
import { idleWords } from "./idle";

vi.stubGlobal("document", { documentElement: { lang: "" } });
afterEach(() => speak("en"));

const names = { skill: (name: string) => ({ "lang.lv": "Latvian" })[name] ?? name };
const me = { queues: ["*"], capacity: 2 };
const line = { waiting: 0, fitting: 0, lacking: [] };

test("what of the roster keeps everything from an agent is named first", () => {
  expect(idleWords(names, { ...me, queues: [] }, line)).toMatch(/^You serve no queue/);
  expect(idleWords(names, { ...me, capacity: 0 }, line)).toMatch(/^Your capacity is 0/);
});

test("an idle agent reads what waits, for which skills, and what comes next", () => {
  const lacking = { waiting: 3, fitting: 0, lacking: [{ skills: { "lang.lv": 3 }, waiting: 3 }] };
  expect(idleWords(names, me, line)).toMatch(/^Nothing waits in your queues/);
  expect(idleWords(names, me, lacking)).toMatch(/^3 conversations wait in your queues .*: Latvian ≥ 3\./);
  expect(idleWords(names, me, { ...lacking, fitting: 1, waiting: 4 })).toMatch(/^1 conversation that you could take waits/);
  expect(idleWords(names, me, undefined)).toMatch(/^No conversations yet/);
});
