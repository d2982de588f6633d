import { expect, test } from "vitest";
import { Bell } from "./bell";
import type { State } from "./frames";
import { blank, lastWords, type Held } from "./state";

const offer = (words = ""): Held => ({ ...blank({ id: "0-a", fence: 1, last_words: words } as unknown as State) });

function bell() {
  const told: string[] = [];
  const at = { now: 10_000 };
  const it = new Bell({ chime: () => told.push("chime"), notify: (each) => told.push(`says ${lastWords(each) || "nothing"}`), now: () => at.now });
  return { it, told, at };
}

test("an offer sounds at once, and notifies once with the customer's words when they are known", () => {
  const { it, told } = bell();
  it.ring([offer()], true);
  it.ring([offer()], true);
  expect(told).toEqual(["chime"]);
  it.ring([offer("Where is it?")], true);
  it.ring([offer("Where is it?")], true);
  expect(told).toEqual(["chime", "says Where is it?"]);
});

test("while the record is away the notification does not wait for the words", () => {
  const { it, told, at } = bell();
  it.ring([offer()], false);
  at.now += 2_000;
  it.ring([offer()], false);
  it.ring([offer("late")], false);
  expect(told).toEqual(["says nothing"]);
});
