/**
 * Deadlines in slots of time: nobody is told too early, nobody is forgotten.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Deadlines, type Timed } from "../../../models/driver/deadlines.ts";

/** How late a deadline may be told: the length of a slot. */
const LATE_MS_MAX = 20;

class Timer implements Timed {
  dueIn: number | undefined;
  readonly told: number[] = [];

  constructor(public deadline: number, readonly then?: (timer: Timer) => void) {}

  onDeadline(now: number): void {
    this.told.push(now);
    this.deadline = Infinity;
    this.then?.(this);
  }
}

/** Lets time pass as a loop does: sleeps for as long as it may, then tells. */
function run(deadlines: Deadlines, from: number, to: number): number {
  let rounds = 0;
  for (let now = from; now < to;) {
    const timeout = deadlines.timeout(now);
    now = timeout < 0 ? to : Math.min(to, now + timeout);
    deadlines.expire(now);
    assert(++rounds < 10_000, "The loop spins");
  }
  return rounds;
}

Deno.test("Deadlines tells each once, not before its time, and at most a slot late", () => {
  const deadlines = new Deadlines();
  const start = 1_700_000_000_000.25;
  const after = [0, 0.5, 1, 19, 20, 21, 500, 1_000, 1_000.25, 60_000];
  const timers = after.map((delay) => new Timer(start + delay));
  for (const timer of timers.toReversed()) deadlines.update(timer);
  run(deadlines, start, start + 100_000);
  for (const [index, timer] of timers.entries()) {
    assertEquals(timer.told.length, 1);
    const late = timer.told[0]! - (start + after[index]!);
    assert(late >= 0 && late <= LATE_MS_MAX, `${late} ms late`);
  }
  assertEquals(deadlines.timeout(start + 100_000), -1);
});

Deno.test("Deadlines.timeout: never without deadlines, 0 for what is due, else the time left", () => {
  const deadlines = new Deadlines();
  assertEquals(deadlines.timeout(1_000), -1);
  deadlines.update(new Timer(Infinity));
  assertEquals(deadlines.timeout(1_000), -1);
  deadlines.update(new Timer(2_000));
  assertEquals(deadlines.timeout(1_000), 1_000);
  deadlines.update(new Timer(1_500));
  assertEquals(deadlines.timeout(1_000), 500);
  assertEquals(deadlines.timeout(5_000), 0);
});

Deno.test("Deadlines.timeout: of a deadline far away what poll(2) can wait, and then the rest", () => {
  const deadlines = new Deadlines();
  const [start, days] = [1_700_000_000_000, 24 * 3_600_000];
  const timer = new Timer(start + 30 * days);
  deadlines.update(timer);
  assertEquals(deadlines.timeout(start), 2 ** 31 - 1);
  assertEquals(run(deadlines, start, start + 31 * days), 3);
  assertEquals(timer.told, [start + 30 * days]);
});

Deno.test("Deadlines: Infinity is never, from the beginning and after another one", () => {
  const deadlines = new Deadlines();
  const [endless, moved] = [new Timer(Infinity), new Timer(100)];
  deadlines.update(endless);
  assertEquals(deadlines.timeout(0), -1);
  deadlines.update(moved);
  moved.deadline = Infinity;
  run(deadlines, 0, 1_000);
  assertEquals([endless.told, moved.told], [[], []]);
  assertEquals(deadlines.timeout(1_000), -1);
});

Deno.test("Deadlines: one that moved later is told at its new time only", () => {
  const deadlines = new Deadlines();
  const timer = new Timer(1_000);
  deadlines.update(timer);
  for (let now = 0; now < 5_000; now += 100) {
    timer.deadline = now + 1_000; // as every command moves the end of a session's patience
    deadlines.update(timer);
    deadlines.expire(now);
  }
  assertEquals(timer.told, []);
  run(deadlines, 5_000, 10_000);
  assertEquals(timer.told, [5_900]);
});

Deno.test("Deadlines: one that moved earlier is told at its new time, once", () => {
  const deadlines = new Deadlines();
  const timer = new Timer(60_000);
  deadlines.update(timer);
  timer.deadline = 100;
  deadlines.update(timer);
  run(deadlines, 0, 100_000);
  assertEquals(timer.told, [100]);
});

Deno.test("Deadlines: one that was removed, or wants none any more, is not told", () => {
  const deadlines = new Deadlines();
  const [removed, undone, other] = [new Timer(100), new Timer(100), new Timer(100)];
  for (const timer of [removed, undone, other]) deadlines.update(timer);
  deadlines.remove(removed);
  deadlines.remove(removed);
  undone.deadline = Infinity;
  run(deadlines, 0, 1_000);
  assertEquals([removed.told, undone.told, other.told], [[], [], [100]]);
});

Deno.test("Deadlines: one that is removed by another of its slot is not told", () => {
  const deadlines = new Deadlines();
  const second = new Timer(100);
  const first = new Timer(100, () => {
    second.deadline = Infinity; // as a connection that is closed wants nothing any more
    deadlines.remove(second);
  });
  deadlines.update(first);
  deadlines.update(second);
  run(deadlines, 0, 1_000);
  assertEquals([first.told, second.told], [[100], []]);
});

Deno.test("Deadlines: one that is told may ask again, and begin others", () => {
  const deadlines = new Deadlines();
  const begun: Timer[] = [];
  const repeating = new Timer(100, (timer) => {
    if (timer.told.length < 3) timer.deadline = timer.told.at(-1)! + 100;
    begun.push(new Timer(timer.told.at(-1)! + 40));
    deadlines.update(begun.at(-1)!);
  });
  deadlines.update(repeating);
  run(deadlines, 0, 1_000);
  assertEquals(repeating.told, [100, 200, 300]);
  assertEquals(begun.map(({ told }) => told), [[140], [240], [340]]);
});

Deno.test("Deadlines: one that stays due is told again a slot later, not for ever at once", () => {
  const deadlines = new Deadlines();
  let times = 0;
  const stubborn: Timed = { dueIn: undefined, deadline: 100, onDeadline: () => times++ };
  deadlines.update(stubborn);
  deadlines.expire(100);
  assertEquals(times, 1);
  assertEquals(deadlines.timeout(100), LATE_MS_MAX);
  deadlines.expire(120);
  assertEquals(times, 2);
});

Deno.test("Deadlines: a loop that was held up tells all that came due meanwhile", () => {
  const deadlines = new Deadlines();
  const timers = Array.from({ length: 1_000 }, (_, index) => new Timer(index * 7));
  for (const timer of timers) deadlines.update(timer);
  deadlines.expire(3_500);
  for (const [index, timer] of timers.entries()) {
    assertEquals(timer.told.length, Math.ceil(index * 7 / 20) * 20 <= 3_500 ? 1 : 0);
  }
});
