/**
 * Workers that do not come back: when one counts as stuck, and who takes over.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Counters } from "../../../models/pool/counters.ts";
import { Handoff } from "../../../models/pool/handoff.ts";
import { Relief } from "../../../models/pool/relief.ts";

const NOW = 1_800_000_000_000;

/** Two workers as a pool has them, and who was woken. */
class Pair implements Disposable {
  readonly memory = Handoff.allocate(2);
  readonly handoffs = [0, 1].map((worker) => new Handoff(this.memory, worker));
  readonly workers = [0, 1].map(() => ({ counters: new Counters([]), running: true }));
  readonly woken: number[] = [];
  readonly relief: Relief;

  constructor() {
    for (const handoff of this.handoffs) handoff.open(0);
    for (const { counters } of this.workers) counters.enter("waiting");
    this.relief = new Relief(
      new Handoff(this.memory, -1),
      this.workers,
      (worker) => this.woken.push(worker),
    );
  }

  /** Index of the worker that accepts. */
  get acceptor(): number {
    return this.handoffs.findIndex((handoff) => handoff.accepts);
  }

  /** What a loop's turn leaves in the counters. */
  turn(worker: number): void {
    this.workers[worker]!.counters.add("wakeups", 1);
  }

  [Symbol.dispose](): void {
    this.relief.stop();
  }
}

Deno.test("Relief leaves workers alone that wait, however long", () => {
  using pair = new Pair();
  for (let looks = 0; looks < 5; looks++) pair.relief.look();
  assertEquals([pair.acceptor, pair.woken], [0, []]);
});

Deno.test("Relief leaves a worker alone that is found working while its loop turns", () => {
  using pair = new Pair();
  pair.workers[0]!.counters.enter("working");
  for (let looks = 0; looks < 5; looks++) {
    pair.relief.look();
    pair.turn(0);
  }
  assertEquals([pair.acceptor, pair.woken], [0, []]);
});

Deno.test("Relief leaves a worker alone that began to work only after the last look", () => {
  using pair = new Pair();
  pair.relief.look();
  pair.workers[0]!.counters.enter("working");
  pair.relief.look();
  assertEquals([pair.acceptor, pair.woken], [0, []]);
});

Deno.test("Relief has another worker accept when the acceptor is in one turn for two looks", () => {
  using pair = new Pair();
  pair.workers[0]!.counters.enter("working");
  pair.relief.look();
  assertEquals([pair.acceptor, pair.woken], [0, []]);
  pair.relief.look();
  assertEquals([pair.acceptor, pair.woken], [1, [1]]);
});

Deno.test("Relief moves what lies with a stuck worker, and stops when that comes back", () => {
  using pair = new Pair();
  const [one, two] = pair.handoffs;
  const remote = { family: 4, host: "192.0.2.1", port: 1 } as const;
  for (let fd = 0; fd < 2; fd++) one!.give({ fd, remote }, NOW);
  pair.workers[1]!.counters.enter("working");
  pair.relief.look();
  pair.relief.look();
  assertEquals(pair.woken, [0]);
  assertEquals([one!.take(), two!.take()], [[{ fd: 1, remote }], []]);
  pair.turn(1);
  pair.relief.look();
  one!.ended();
  one!.ended();
  one!.give({ fd: 2, remote }, NOW);
  assertEquals(one!.give({ fd: 3, remote }, NOW).to, "other");
});

Deno.test("Relief has the others take over at once from a worker that has ended", () => {
  using pair = new Pair();
  pair.workers[0]!.running = false;
  pair.relief.look();
  assertEquals([pair.acceptor, pair.woken], [1, [1]]);
});
