import { expect, test, vi } from "vitest";
import { arriving } from "./arriving";

test("a page that cannot be fetched is asked for again, ever slower, until it comes", async () => {
  vi.useFakeTimers();
  const tries: number[] = [];
  const page = arriving(() => {
    tries.push(Date.now());
    return tries.length < 7 ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve("the page");
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await expect(page).resolves.toBe("the page");
  expect(tries.slice(1).map((at, place) => at - (tries[place] ?? 0))).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  vi.useRealTimers();
});
