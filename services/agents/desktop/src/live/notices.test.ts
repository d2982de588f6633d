import { expect, test } from "vitest";
import { Notices } from "./notices";

function notices() {
  const clock = { now: 0 };
  return { clock, it: new Notices(() => undefined, () => clock.now), words: (of: Notices) => of.all.map((each) => each.words) };
}

test("news goes by itself, or when its conversation is chosen; a problem stays until it is put away", () => {
  const { it, clock, words } = notices();
  it.problem("not saved");
  it.news("Zane is yours", "0-a");
  it.news("Ben asks", "0-b");
  it.seen("0-a");
  expect(words(it)).toEqual(["not saved", "Ben asks"]);
  clock.now = 19_999;
  it.tick();
  expect(words(it)).toEqual(["not saved", "Ben asks"]);
  clock.now = 20_000;
  it.tick();
  expect(words(it)).toEqual(["not saved"]);
  it.seen("");
  it.dismiss(it.all[0]?.id ?? 0);
  expect(words(it)).toEqual([]);
});

test("of many the last three are shown", () => {
  const { it, words } = notices();
  for (const each of ["1", "2", "3", "4"]) it.problem(each);
  expect(words(it)).toEqual(["2", "3", "4"]);
});
