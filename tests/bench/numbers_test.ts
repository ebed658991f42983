/** Tests of how numbers read: bench/report/numbers.ts. @module */

import { assertEquals } from "@std/assert";
import { type Known, summarize } from "../../bench/claims/inference.ts";
import { factorWithInterval, interval, levelsOf } from "../../bench/report/numbers.ts";

/** May be less, more, or either. */
const AT_MOST: Known = { value: 1, least: 0, most: 1 };
const AT_LEAST: Known = { value: 1, least: 1, most: Infinity };
const EITHER: Known = { value: 1, least: 0, most: Infinity };

Deno.test("interval and factorWithInterval tell a measured 0 from an end that is not known", () => {
  const cases: [(number | Known)[], string, string][] = [
    [[0, 0, 0], "0", "0\u00a0×"],
    [[0, 0, 2], "0 to 2", "0\u00a0× (0 to 2.00)"],
    [[0, 1, 2], "0 to 2", "1.00\u00a0× (0 to 2.00)"],
    [[1, 1, 2], "1 to 2", "1.00\u00a0× (1.00 to 2.00)"],
    [[AT_MOST, AT_MOST, AT_MOST], "1 or less", "1.00\u00a0× (1.00 or less)"],
    [[AT_LEAST, AT_LEAST, AT_LEAST], "1 or more", "1.00\u00a0× (1.00 or more)"],
    [[EITHER, EITHER, EITHER], "not known", "1.00\u00a0× (not known)"],
  ];
  for (const [values, plain, ratio] of cases) {
    const summary = summarize(values);
    assertEquals([interval(summary), factorWithInterval(summary)], [plain, ratio]);
  }
});

Deno.test("levelsOf, one value has the level 0, which is no bound", () => {
  const [one, nine] = [1, 9].map((count) => summarize(Array.from({ length: count }, () => 1))!);
  assertEquals(levelsOf([one!, nine!]), "0.0 to 96.1 %, n = 1 to 9");
  assertEquals(levelsOf([nine!]), "96.1 %, n = 9");
});
