import { afterEach, expect, test, vi } from "vitest";
import type { Asked } from "../api/schema";
import { speak } from "../words";
import { askedWords, policyWords, rosterWords } from "./asked";

vi.stubGlobal("document", { documentElement: { lang: "" } });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
afterEach(() => speak("en"));

const NAMES = {
  skill: (name: string) => (name === "lang.lv" ? "Latvian" : name),
  queue: (name: string) => (name === "support" ? "Support" : name),
  channel: () => "SMS",
  agent: (id: string) => (id === "a1" ? "Ana" : id),
};
const PLAIN: Asked = { queues: ["support"], channel: "sms", weight: 1, skills: {}, only: "", prefers: {}, policy: "index" };

test("what is asked for is said whole, each thing once", () => {
  const all = { ...PLAIN, queues: ["support", "role.supervisor"], weight: 3, skills: { "lang.lv": 3 }, only: "a1", prefers: { gold: 2 } };
  expect(askedWords(NAMES, PLAIN)).toBe("Wanted: an agent of Support, on SMS. It needs no skill.");
  expect(askedWords(NAMES, all)).toBe(
    "Wanted: an agent of Support or the supervisors, on SMS. For now only Ana is asked. It needs Latvian ≥ 3. Better with gold. It takes 3 of an agent’s capacity.",
  );
});

test("a policy is told by its name, or by the weights that count", () => {
  expect(policyWords("longest-idle")).toBe("First comes who has been free longest.");
  expect(policyWords("2:0:0.5:0:0")).toBe("First comes the lowest index, in which count: skill 2, load 0.5.");
});

test("what nobody can ever take says which skill would mend it, or that none would", () => {
  expect(rosterWords(NAMES, { "lang.lv": 3 })).toContain("somebody needs Latvian ≥ 3.");
  expect(rosterWords(NAMES, {})).toContain("nobody serves the queue.");
});
