/**
 * The event loop over a selector that tells what a test says: units of work, rounds, and that one
 * owner's crash touches nobody else. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Counters } from "../../../models/pool/counters.ts";
import { Loop, type Watch, watchReadable, type Worked } from "../../../models/readiness/loop.ts";
import { READ, type ReadyList, type Selector, WRITE } from "../../../models/selector/mod.ts";

/** Tells what it is given, once; notes what it is told. */
class ToldSelector implements Selector {
  edge = false;
  guesses = false;
  /** Descriptors that there is no room for. */
  readonly full = new Set<number>();
  readonly log: string[] = [];
  readonly timeouts: number[] = [];
  #next: [fd: number, bits: number][] = [];

  tell(...ready: [fd: number, bits: number][]): void {
    this.#next = ready;
  }
  refuses(): undefined {}
  set(fd: number, interest: number): number {
    if (this.full.has(fd)) return -28;
    this.log.push(`set ${fd} ${interest}`);
    return 0;
  }
  remove(fd: number): void {
    this.log.push(`remove ${fd}`);
  }
  forget(fd: number): void {
    this.log.push(`forget ${fd}`);
  }
  wait(timeoutMs: number, ready: ReadyList): void {
    this.timeouts.push(timeoutMs);
    ready.count = 0;
    for (const [fd, bits] of this.#next) ready.add(fd, bits);
    this.#next = [];
  }
  close(): void {}
}

/** Somebody who works, and notes it. */
class Worker implements Worked {
  /** What it does besides. */
  does: (watch: Watch) => void = () => {};
  resumes: () => void = () => {};

  constructor(readonly log: string[], readonly name: string) {}

  ready(watch: Watch): void {
    this.log.push(`${this.name} ready ${watch.fd}`);
    this.does(watch);
  }
  resume(): void {
    this.log.push(`${this.name} resumes`);
    this.resumes();
  }
  crashed(error: unknown): void {
    this.log.push(`${this.name} crashed: ${error instanceof Error ? error.message : error}`);
  }
}

function stage() {
  const selector = new ToldSelector();
  const counters = new Counters([]);
  const clock = { now: 1_000 };
  const loop = new Loop(selector, counters, () => clock.now);
  const log: string[] = [];
  const worker = (name: string) => new Worker(log, name);
  const watched = (fd: number, name: string, interest = READ) => {
    const owner = worker(name);
    const watch = loop.watch(fd, owner);
    assertEquals(loop.interest(watch, interest), 0);
    return { owner, watch };
  };
  return { selector, counters, clock, loop, log, worker, watched };
}

const bug = () => {
  throw new Error("a bug");
};

Deno.test("Loop: each that is ready has one unit of work a round, in the order told", () => {
  const { loop, selector, log, watched } = stage();
  watched(5, "a");
  watched(6, "b");
  selector.tell([6, READ], [5, READ]);
  loop.round();
  assertEquals(log, ["b ready 6", "a ready 5"]);
  loop.round();
  assertEquals(log.length, 2);
});

Deno.test("Loop: what is ready for something else than its interest waits", () => {
  const { loop, selector, log, watched } = stage();
  const { watch } = watched(5, "a", WRITE);
  selector.tell([5, READ]);
  loop.round();
  assertEquals(log, []);
  assertEquals(loop.interest(watch, READ), 0); // it is known to be readable
  loop.round();
  assertEquals(log, ["a ready 5"]);
});

Deno.test("Loop: edge-triggered readiness holds until a call says that it would wait", () => {
  const { loop, selector, log, watched } = stage();
  selector.edge = true;
  const { owner } = watched(5, "a");
  let units = 0;
  owner.does = (watch) => {
    if (++units === 3) watch.ready = 0; // EAGAIN
  };
  selector.tell([5, READ]);
  for (let round = 0; round < 5; round++) loop.round();
  assertEquals(log.length, 3);
  assertEquals(selector.timeouts, [-1, 0, 0, -1, -1]); // nobody waits while there is work
});

Deno.test("Loop: level-triggered readiness is told again, and not remembered", () => {
  const { loop, selector, log, watched } = stage();
  watched(5, "a");
  selector.tell([5, READ]);
  loop.round();
  loop.round();
  assertEquals([log.length, selector.timeouts], [1, [-1, -1]]);
});

Deno.test("Loop.later: goes on in the next round, behind who is ready, without a wait", () => {
  const { loop, selector, log, watched, worker } = stage();
  const costly = worker("costly");
  let left = 3;
  costly.resumes = () => {
    if (--left > 0) loop.later(costly);
  };
  watched(5, "a");
  loop.later(costly);
  for (let round = 0; round < 3; round++) {
    selector.tell([5, READ]);
    loop.round();
  }
  assertEquals(log, Array(3).fill(["a ready 5", "costly resumes"]).flat());
  assertEquals(selector.timeouts, [0, 0, 0]);
  loop.round();
  assertEquals(selector.timeouts.at(-1), -1);
});

Deno.test("Loop: the crash of one owner touches nobody else", () => {
  const { loop, selector, log, watched, worker } = stage();
  watched(5, "a").owner.does = bug;
  watched(6, "b");
  const [late, later] = [worker("late"), worker("later")];
  late.resumes = bug;
  loop.later(late);
  loop.later(later);
  selector.tell([5, READ], [6, READ]);
  loop.round();
  assertEquals(log, [
    "a ready 5",
    "a crashed: a bug",
    "b ready 6",
    "late resumes",
    "late crashed: a bug",
    "later resumes",
  ]);
});

Deno.test("Loop: one that ends another in the same round spares it its work", () => {
  const { loop, selector, log, watched } = stage();
  const first = watched(5, "a");
  const second = watched(6, "b");
  first.owner.does = () => loop.forget(second.watch);
  selector.tell([5, READ], [6, READ], [7, READ]); // and one that nobody knows
  loop.round();
  assertEquals(log, ["a ready 5"]);
});

Deno.test("Loop: a descriptor's number that is another's now is told to the other", () => {
  const { loop, selector, log, watched } = stage();
  const old = watched(5, "old");
  const { watch } = watched(5, "new"); // closed, and given out again before it was forgotten
  loop.forget(old.watch);
  selector.tell([5, READ]);
  loop.round();
  assertEquals(log, ["new ready 5"]);
  assert(!watch.closed);
});

Deno.test("Loop.interest: a kernel without room says so, and the interest stays as it was", () => {
  const { loop, selector, watched, worker } = stage();
  selector.full.add(7);
  const watch = loop.watch(7, worker("c"));
  assertEquals([loop.interest(watch, READ), watch.interest], [-28, 0]);
  const { watch: other } = watched(5, "a");
  selector.full.add(5);
  assertEquals([loop.interest(other, WRITE), other.interest], [-28, READ]);
  assertEquals(loop.interest(other, READ), 0); // nothing is to be changed: nobody is asked
});

Deno.test("Loop.unwatch leaves nothing behind, whatever the interest was last", () => {
  const { loop, selector, watched } = stage();
  for (const interest of [READ, 0]) {
    selector.log.length = 0;
    const { watch } = watched(5, "a");
    loop.interest(watch, interest);
    selector.log.length = 0;
    loop.unwatch(watch);
    loop.unwatch(watch);
    loop.forget(watch);
    assertEquals(selector.log, ["remove 5"], `interest ${interest}`);
  }
});

Deno.test("Deadlines.after runs once in a loop, not before its time, and the wait is no longer than that", () => {
  const { loop, selector, clock, log } = stage();
  loop.deadlines.after(loop.now + 100, () => log.push("now"));
  loop.round();
  assert(selector.timeouts[0]! > 0 && selector.timeouts[0]! <= 120, `${selector.timeouts}`);
  assertEquals(log, []);
  for (let count = 0; count < 3; count++) {
    clock.now += 200;
    loop.round();
  }
  assertEquals(log, ["now"]);
});

Deno.test("Loop: a round that nothing came of is counted as empty", () => {
  const { loop, selector, counters, watched } = stage();
  const { owner } = watched(5, "a");
  loop.round();
  selector.tell([5, READ]);
  loop.round();
  owner.does = () => loop.progressed();
  selector.tell([5, READ]);
  loop.round();
  const { wakeups, emptyWakeups } = counters.read();
  assertEquals([wakeups, emptyWakeups], [3, 2]);
});

Deno.test("Loop: a selector that guesses is asked again at once after it guessed right", () => {
  const { loop, selector, watched } = stage();
  selector.guesses = true;
  watched(5, "a").owner.does = () => loop.progressed();
  selector.tell([5, READ]);
  loop.round();
  loop.round();
  loop.round();
  assertEquals(selector.timeouts, [-1, 0, -1]);
});

Deno.test("watchReadable: an error is its own affair", () => {
  const { loop, selector } = stage();
  watchReadable(loop, 5, bug, (error) => {
    throw error;
  });
  selector.tell([5, READ]);
  assertThrows(() => loop.round(), Error, "a bug");
});

Deno.test("watchReadable: a kernel without room says so, and nothing is watched", () => {
  const { loop, selector } = stage();
  selector.full.add(5);
  assertEquals(watchReadable(loop, 5, bug, bug), -28);
  selector.tell([5, READ]);
  loop.round();
  assertEquals(selector.log, ["forget 5"]);
});
