/**
 * A store that is slow now and then: which reads wait.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { slowStore } from "../../../models/files/slow_disk.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { MemoryGround } from "./grounds.ts";
import { ALL, NAMES, REPLACE, Stage } from "./stage.ts";

/** A slow store over memory, and how long it waited. */
function slow(every: number | undefined) {
  const ground = new MemoryGround();
  const waits: number[] = [];
  const counts = { delayed: 0 };
  const counters = { add: () => counts.delayed++ };
  const store = slowStore(
    new VolumeStore(ground.volume),
    every === undefined ? undefined : { ms: 5, every },
    counters,
    (ms) => void waits.push(ms),
  );
  return { ground, waits, counts, slot: store.slot(), store };
}

Deno.test("slowStore: one block of n is later, not always the same one, and counted", () => {
  for (const every of [1, 2, 3, 7]) {
    const rounds = 6;
    const { ground, slot, waits, counts } = slow(every);
    ground.write("/file", "x".repeat(rounds * every));
    slot.perform({ do: "openRead", path: "/file", offset: 0 }, () => {});
    assertEquals([slot.descriptor, slot.length], [undefined, rounds * every]);
    const places: number[] = [];
    for (let count = 0; count < rounds * every; count++) {
      const waited = waits.length;
      let answered = 0;
      const client = { filled: () => answered++, written: () => {}, fileFailed: () => {} };
      slot.read(new Uint8Array(1), client);
      if (waits.length > waited) places.push(count);
      assertEquals(answered, 1);
    }
    assertEquals(places.map((place) => Math.floor(place / every)), [0, 1, 2, 3, 4, 5]);
    assertEquals(new Set(places.map((place) => place % every)).size > 1, every > 1);
    assertEquals([waits.length, counts.delayed], [rounds, rounds]);
    assertEquals(new Set(waits), new Set([5]));
  }
});

Deno.test("slowStore: listings, uploads and everything else are as fast as ever", () => {
  const { ground, store, waits } = slow(1);
  const stage = new Stage(store, ground);
  assertEquals(stage.whole(REPLACE, "content", "/a"), 0);
  assertEquals(stage.list("/", ALL, NAMES), ["a"]);
  assertEquals(stage.stat("/a").size, 7);
  assertEquals(waits, []);
});

Deno.test("slowStore: without a delay it is the store itself", () => {
  assertEquals(slow(undefined).store instanceof VolumeStore, true);
});
