/** The fit of what a wake-up costs, over made-up cells whose coefficients are known. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { costOf, fitWakeups, type Wakeup } from "../../bench/claims/fit.ts";
import { randomFrom } from "../../bench/claims/statistics.ts";

/** Cells of a grid as the scenario has it; each off by up to `noise`, as a share of itself. */
function grid(
  coefficients: readonly [number, number, number],
  { noise = 0, blocks = 11, seed = 1 }: { noise?: number; blocks?: number; seed?: number } = {},
): Wakeup[] {
  const random = randomFrom(seed);
  return Array.from(
    { length: blocks },
    (_, block) =>
      [3, 1_003, 4_003, 10_003].flatMap((watched) =>
        [1, 5, 31].map((batch) => {
          const cost = costOf(coefficients, { watched, batch }) * (1 + noise * (2 * random() - 1));
          return { block, watched, batch, cost, isClean: true };
        })
      ),
  ).flat();
}

Deno.test("fitWakeups finds what the cells were made from", () => {
  const fit = fitWakeups(grid([4, 0.05, 6]));
  if ("unfit" in fit) throw new Error(fit.unfit);
  for (const [index, value] of [4, 0.05, 6].entries()) {
    assert(Math.abs(fit.medians[index]! / value - 1) < 1e-6, `${fit.medians}`);
  }
  assert(fit.within < 1 + 1e-9);
  assertEquals(fit.a.count, 11);
});

Deno.test("fitWakeups: intervals hold the truth as often as their level says", () => {
  const runs = 200;
  const held = [0, 0, 0];
  for (let seed = 1; seed <= runs; seed++) {
    const fit = fitWakeups(grid([4, 0.05, 6], { noise: 0.1, seed }));
    if ("unfit" in fit) throw new Error(fit.unfit);
    for (const [index, { interval: [low, high] }] of [fit.a, fit.b, fit.c].entries()) {
      const truth = [4, 0.05, 6][index]!;
      if (low <= truth && truth <= high) held[index]!++;
    }
    assert(fit.within > 1 && fit.within < 1.12);
  }
  // At 98.8 % of 200 fewer than 190 would be an accident of one in 10,000.
  for (const count of held) assert(count >= 190, String(held));
});

Deno.test("fitWakeups: a wait that costs nothing per descriptor has a b about 0", () => {
  const fit = fitWakeups(grid([4, 0, 6], { noise: 0.05 }));
  if ("unfit" in fit) throw new Error(fit.unfit);
  const [low, high] = fit.b.interval;
  assert(low < 0.001 && high > -0.001 && high < 0.001, `${low} to ${high}`);
});

Deno.test("fitWakeups says why it cannot tell coefficients apart", () => {
  const why = (cells: readonly Wakeup[]) => {
    const fit = fitWakeups(cells);
    return "unfit" in fit ? fit.unfit : "fitted";
  };
  const all = grid([4, 0.05, 6]);
  assertEquals(why([]), "its wake-ups are not counted");
  assertStringIncludes(why(all.map((cell) => ({ ...cell, batch: 1 }))), "hardly share wake-ups");
  assertStringIncludes(why(all.map((cell) => ({ ...cell, watched: 9 }))), "hardly varied");
  assertStringIncludes(why(all.filter(({ block }) => block < 8)), "8 of 8 blocks have 6 clean");
  assertStringIncludes(why(all.map((cell) => ({ ...cell, isClean: false }))), "carry a claim");
});

Deno.test("fitWakeups fits what may carry a claim, whatever the other cells say", () => {
  const all = grid([4, 0.05, 6]);
  const fit = fitWakeups(
    all.map((cell) => cell.batch === 1 ? { ...cell, cost: 9 * cell.cost, isClean: false } : cell),
  );
  if ("unfit" in fit) throw new Error(fit.unfit);
  assert(Math.abs(fit.medians[0] / 4 - 1) < 1e-6 && fit.within < 1 + 1e-9, `${fit.medians}`);
});
