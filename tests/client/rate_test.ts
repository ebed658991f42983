/**
 * RateLimit: by a clock that stands still until somebody waits.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LocalError, pause, type RateClock, RateLimit } from "../../client/mod.ts";
import { withPauses } from "../../client/rate.ts";
import { retr, scripted } from "./scripted_test_case.ts";

/** A clock whose waits are over at once, and moved it. */
class FakeClock implements RateClock {
  ms = 1_000;
  /** The longest wait. */
  longestMs = 0;
  now(): number {
    return this.ms;
  }
  wait(delayMs: number): Promise<void> {
    this.ms += delayMs;
    this.longestMs = Math.max(this.longestMs, delayMs);
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
  for (const rate of [0, -1, NaN]) {
    const text = `Cannot limit the rate to ${rate}: it is a number over 0`;
    assertThrows(() => new RateLimit(rate), LocalError, text);
  }
});

/** What comes fast enough to be read in one piece. */
const SENT = "x".repeat(60_000);

for (const [rate, most, size] of [[100_000, 5_000, 213], [1_000, 1_024, 502]] as const) {
  scripted(`RateLimit lets a download of ${rate} octets a second flow`, {
    answers: { RETR: retr(SENT), SIZE: `${size} ${SENT.length}` },
  }, async (client) => {
    const clock = new FakeClock();
    const limit = new RateLimit(rate, clock);
    const [lengths, moved]: [number[], number[]] = [[], []];
    const sink = limit.sink({ write: (chunk) => void lengths.push(chunk.length) });
    await client.download("a", sink, { onProgress: (octets) => void moved.push(octets) });
    assertEquals(lengths.filter((length) => length > most), []);
    assertEquals([moved.length, moved.at(-1)], [lengths.length, SENT.length]);
    const pauseMs = Math.round(clock.longestMs);
    assertEquals(pauseMs <= 1_000 * most / rate, true, `paused ${pauseMs} ms`);
  });
}

Deno.test("RateLimit leaves a sink the chunks that it can take", () => {
  assertEquals(new RateLimit(100_000).sink({ most: 10, write() {} }).most, 10);
});

Deno.test("withPauses ends the pauses of what it ran, however that ended", async () => {
  const signals: AbortSignal[] = [];
  assertEquals(await withPauses((over) => Promise.resolve(signals.push(over))), 1);
  await assertRejects(() =>
    withPauses((over) => {
      signals.push(over);
      return Promise.reject(new RangeError("broken"));
    }), RangeError);
  assertEquals(signals.map((signal) => signal.aborted), [true, true]);
});

Deno.test("pause ends with its signal, and leaves no timer", async () => {
  const abort = new AbortController();
  const waiting = pause(3_600_000, abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(async () => await pause(3_600_000, abort.signal), Error, "enough");
});
