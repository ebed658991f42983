/**
 * RateLimit: by a clock that stands still until somebody waits.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { pause, type RateClock, RateLimit } from "../../client/mod.ts";

/** A clock whose waits are over at once, and moved it. */
class FakeClock implements RateClock {
  ms = 1_000;
  now(): number {
    return this.ms;
  }
  wait(delayMs: number): Promise<void> {
    this.ms += delayMs;
    return Promise.resolve();
  }
}

Deno.test("RateLimit lets octets pass at its rate, whatever their pieces", async () => {
  for (const piece of [1, 1_000, 10_000, 100_000]) {
    const clock = new FakeClock();
    const limit = new RateLimit(10_000, clock);
    for (let moved = 0; moved < 100_000; moved += piece) await limit.take(piece);
    assertEquals(Math.round(clock.ms), 11_000, `in pieces of ${piece}`);
  }
});

Deno.test("RateLimit gives back no more than a tenth of a second after a standstill", async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(10_000, clock);
  clock.ms += 60_000;
  const before = clock.ms;
  await limit.take(11_000);
  assertEquals(Math.round(clock.ms - before), 1_000);
});

Deno.test("RateLimit is one rate for all who share it", async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(1_000, clock);
  const sink = limit.sink({ write() {} });
  const source = limit.source({ read: (buffer) => buffer.length });
  await sink.write(new Uint8Array(3_000));
  for (let octets = 0; octets < 4_096; octets += 1_024) await source.read(new Uint8Array(65_536));
  assertEquals(Math.round(clock.ms), 1_000 + 3_000 + 4_096);
});

Deno.test("RateLimit takes a number over 0", () => {
  for (const rate of [0, -1, NaN]) assertThrows(() => new RateLimit(rate), RangeError);
});

Deno.test("pause ends with its signal, and leaves no timer", async () => {
  const abort = new AbortController();
  const waiting = pause(3_600_000, abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(async () => await pause(3_600_000, abort.signal), Error, "enough");
});
