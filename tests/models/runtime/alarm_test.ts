/**
 * The alarm of an async worker: one timer of the runtime, for the next of all deadlines.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { now, TIMER_MS_MAX } from "../../../models/clock.ts";
import type { Timed } from "../../../models/driver/deadlines.ts";
import { Alarm } from "../../../models/runtime/alarm.ts";

/** How late a deadline may be told, and more. */
const LATE_MS = 50;

/** Timers of the runtime that none fires by itself. */
class Timers implements Disposable {
  /** Those that are set, by number: what they run, and how long they were to wait. */
  readonly set = new Map<number, { readonly run: () => void; readonly ms: number }>();
  /** How many were ever set. */
  count = 0;
  readonly #own = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  constructor() {
    const set = (run: () => void, ms: number) => {
      this.set.set(++this.count, { run, ms });
      return this.count;
    };
    const clear = (id: number) => void this.set.delete(id);
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  /** The waits of those that are set, in steps of a second. */
  get seconds(): number[] {
    return Array.from(this.set.values(), ({ ms }) => Math.round(ms / 1_000));
  }

  /** Has all that are set go off. */
  goOff(): void {
    const gone = [...this.set.values()];
    this.set.clear();
    for (const { run } of gone) run();
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#own);
  }
}

/** Who counts how often it is told that its time has come, and then has no deadline any more. */
class Told implements Timed {
  dueIn: number | undefined;
  times = 0;

  constructor(public deadline: number) {}

  onDeadline(): void {
    this.times += 1;
    this.deadline = Infinity;
  }
}

Deno.test("Alarm sets one timer for all, and another only for who comes before", () => {
  using timers = new Timers();
  const alarm = new Alarm();
  for (let index = 0; index < 100; index++) alarm.update(new Told(now() + 60_000 + index));
  assertEquals([timers.seconds, timers.count], [[60], 1]);
  alarm.update(new Told(now() + 90_000));
  assertEquals(timers.count, 1);
  alarm.update(new Told(now() + 10_000));
  assertEquals([timers.seconds, timers.count], [[10], 2]);
  alarm.update(new Told(Infinity));
  assertEquals(timers.count, 2);
});

Deno.test("Alarm tells those whose time has come, and goes on to the next", () => {
  using timers = new Timers();
  const alarm = new Alarm();
  const [early, late] = [new Told(now() - LATE_MS), new Told(now() + 60_000)];
  alarm.update(late);
  alarm.update(early);
  timers.goOff();
  assertEquals([early.times, late.times, timers.seconds], [1, 0, [60]]);
});

Deno.test("Alarm looks again where it went off too early", () => {
  using timers = new Timers();
  const alarm = new Alarm();
  const told = new Told(now() + 60_000);
  alarm.update(told);
  timers.goOff();
  assertEquals([told.times, timers.seconds], [0, [60]]);
});

Deno.test("Alarm waits for a deadline that is further away than a timer can be", () => {
  using timers = new Timers();
  const alarm = new Alarm();
  alarm.update(new Told(now() + 2 * TIMER_MS_MAX));
  assertEquals(Array.from(timers.set.values(), ({ ms }) => ms), [TIMER_MS_MAX]);
  timers.goOff();
  assertEquals(Array.from(timers.set.values(), ({ ms }) => ms), [TIMER_MS_MAX]);
});

Deno.test("Alarm forgets who is removed, and leaves no timer when it is closed", () => {
  using timers = new Timers();
  const alarm = new Alarm();
  const told = new Told(now() - LATE_MS);
  alarm.update(told);
  alarm.remove(told);
  timers.goOff();
  assertEquals([told.times, told.dueIn], [0, undefined]);
  alarm.update(new Told(now() + 60_000));
  alarm.close();
  assertEquals(timers.seconds, []);
});
