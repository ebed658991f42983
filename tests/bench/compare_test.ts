/**
 * How lessons compare: blocks in the order of chance, ratios within them, verdicts. Needs no
 * permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { estimate, inBlocks, ratio, verdictBy } from "../../bench/lab/stage/compare.ts";

Deno.test("inBlocks: every variant once in each block, in the order of chance", async () => {
  const order: string[] = [];
  const { signal } = new AbortController();
  const results = await inBlocks(["a", "b", "c"], 20, signal, (variant) => order.push(variant));
  for (let block = 0; block < 20; block++) {
    assertEquals(order.slice(3 * block, 3 * block + 3).sort(), ["a", "b", "c"]);
  }
  assert(new Set(results.get("a")!.values().map((place) => place % 3)).size > 1);
  assertEquals([...results.keys()], ["a", "b", "c"]);
});

Deno.test("ratio: quotients within blocks, so that what disturbs a block cancels", () => {
  const baseline = new Map([[0, 1], [1, 10], [2, 100]]);
  const values = new Map([[0, 2], [1, 20], [2, 200]]);
  assertEquals(ratio(values, baseline), { median: 2, interval: [2, 2], level: 0.75 });
});

Deno.test("verdictBy: too few blocks decide nothing, nor does neither rule", () => {
  assertEquals(verdictBy(8, true, false), "inconclusive");
  assertEquals(verdictBy(8, false, true), "inconclusive");
  assertEquals(verdictBy(9, true, false), "confirmed");
  assertEquals(verdictBy(9, false, true), "refuted");
  assertEquals(verdictBy(9, false, false), "inconclusive");
  assertEquals(estimate([1, 2, 3]).median, 2);
});
