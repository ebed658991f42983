/**
 * One clock for all threads of a server. Needs no permission.
 *
 * @module
 */

import { assert } from "@std/assert";
import { goBy, now } from "../../models/clock.ts";

/** Longer than the finest step of the runtime's clock, milliseconds. */
const STEP_MS = 1;

Deno.test("goBy: the clock goes on from there", () => {
  const there = now() + 3_600_000; // this thread began before the system's clock was set
  goBy(there);
  const first = now();
  assert(first >= there && first < there + 60_000, `${first - there}`);
  const begun = performance.now();
  while (performance.now() < begun + STEP_MS) continue;
  assert(now() > first, "it stands still");
});
