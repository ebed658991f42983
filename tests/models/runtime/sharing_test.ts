/**
 * How the transfers of one async worker make room for everybody else.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Counters } from "../../../models/pool/counters.ts";
import { CALLS, Sharing } from "../../../models/runtime/sharing.ts";

/** More blocks than may pass between two looks. */
const BLOCKS = 64;

function sharing(alone: boolean, root = "."): Sharing {
  return new Sharing(new Counters(Object.keys(CALLS)), root, () => alone);
}

/** The look that comes after some blocks, and how many those were. */
function firstLook(shared: Sharing): { look: Promise<void> | undefined; blocks: number } {
  for (let blocks = 1; blocks <= BLOCKS; blocks++) {
    const look = shared.breathe(1);
    if (look !== undefined) return { look, blocks };
  }
  return { look: undefined, blocks: BLOCKS };
}

Deno.test("Sharing.breathe: a transfer that is alone never waits", () => {
  assertEquals(firstLook(sharing(true)).look, undefined);
});

Deno.test("Sharing.breathe: beside others all transfers wait for the same look", async () => {
  const shared = sharing(false);
  const { look, blocks } = firstLook(shared);
  assert(look !== undefined && blocks < BLOCKS);
  assertStrictEquals(shared.breathe(1), look);
  await look;
  assertEquals(firstLook(shared).blocks, blocks, "Counting begins again behind it");
});

Deno.test("Sharing.breathe: a root that is gone ends no transfer", async () => {
  await firstLook(sharing(false, "./no such folder")).look;
});

Deno.test("Sharing.afterOthers: runs once everybody's sockets were looked at", async () => {
  await new Promise<void>((resolve) => sharing(true).afterOthers(resolve));
});
