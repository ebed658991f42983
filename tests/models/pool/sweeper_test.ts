/**
 * What the sweeper takes for today. Needs no permission.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { FileStore } from "../../../models/files/contract.ts";
import { Sweeper } from "../../../models/pool/sweeper.ts";

Deno.test("Sweeper goes by the system's clock, which may be set after the start", async () => {
  const days: number[] = [];
  const timers: (() => unknown)[] = [];
  const store = {
    sweep(_: number, now: number) {
      days.push(now);
      return { ended: true };
    },
    close() {},
  } as unknown as FileStore;
  const { setTimeout } = globalThis;
  const clock = Date.now;
  try {
    globalThis.setTimeout = ((run: () => void) => timers.push(run)) as unknown as typeof setTimeout;
    const sweeper = new Sweeper(() => Promise.resolve(store), 7, () => {});
    Date.now = () => 5_000;
    await timers[0]!();
    Date.now = () => 9_000;
    timers[1]!();
    sweeper.stop();
  } finally {
    globalThis.setTimeout = setTimeout;
    Date.now = clock;
  }
  assertEquals(days, [5_000, 9_000]);
});
