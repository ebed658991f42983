/**
 * One clock for all threads of a server. Needs no permission.
 *
 * @module
 */

import { assert } from "@std/assert";
import { goBy, now } from "../../models/clock.ts";

Deno.test("goBy: the clock goes on from there, and not back", () => {
  const there = now() + 3_600_000; // this thread began before the system's clock was set
  goBy(there);
  const first = now();
  assert(first >= there && first < there + 60_000, `${first - there}`);
  assert(now() >= first);
});
