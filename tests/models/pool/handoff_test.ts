/**
 * Connections handed from one worker to another: who gets the next one, what lies in an inbox, and
 * what becomes of it when a worker does not come back.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { BEHIND_MS, type Handed, HANDED_MAX, Handoff } from "../../../models/pool/handoff.ts";

/** Any time, as the workers' clock tells it. */
const NOW = 1_800_000_000_000.25;

const REMOTE = { family: 4, host: "192.0.2.1", port: 40_000 } as const;

/** The views of `count` workers, open, whose eventfds are 100, 101, ... */
function workers(count: number): [Handoff, ...Handoff[]] {
  const memory = Handoff.allocate(count);
  const views = Array.from({ length: count }, (_, worker) => new Handoff(memory, worker));
  for (const [worker, view] of views.entries()) view.open(100 + worker);
  return views as [Handoff, ...Handoff[]];
}

function handed(fd: number): Handed {
  return { fd, remote: REMOTE };
}

function descriptors(taken: readonly Handed[]): number[] {
  return taken.map(({ fd }) => fd);
}

Deno.test("Handoff gives to whoever has the fewest sessions, to itself among equals", () => {
  const [one, two, three] = workers(3);
  assertEquals(one.give(handed(1), NOW), { to: "self" });
  assertEquals(one.give(handed(2), NOW), { to: "other", wake: 101 });
  assertEquals(one.give(handed(3), NOW), { to: "other", wake: 102 });
  assertEquals(one.give(handed(4), NOW), { to: "self" });
  one.ended();
  one.ended();
  assertEquals(one.give(handed(5), NOW), { to: "self" });
  assertEquals([two!, three!].map((view) => descriptors(view.take())), [[2], [3]]);
});

Deno.test("Handoff wakes a worker for the first connection in its inbox only", () => {
  const [one, two] = workers(2);
  for (let session = 0; session < 3; session++) one.give(handed(0), NOW);
  assertEquals(one.give(handed(1), NOW), { to: "other", wake: undefined });
  assertEquals(descriptors(two!.take()), [0, 1]);
  assertEquals(two!.take(), []);
  one.give(handed(2), NOW);
  assertEquals(one.give(handed(3), NOW), { to: "other", wake: 101 });
});

Deno.test("Handoff keeps the descriptor and the address as they were accepted", () => {
  const all: Handed[] = [
    { fd: 1_000_000, remote: { family: 4, host: "255.255.255.255", port: 65_535 } },
    { fd: 0, remote: { family: 6, host: "::1", port: 1 } },
    {
      fd: 7,
      remote: {
        family: 6,
        host: "fe80:1111:2222:3333:4444:5555:6666:7777%interface-name1",
        port: 0,
      },
    },
  ];
  const [one, two] = workers(2);
  for (const connection of all) {
    one.give(handed(0), NOW);
    one.give(connection, NOW);
  }
  assertEquals(two!.take(), all);
});

Deno.test("Handoff spreads a burst and what follows it evenly over any number of workers", () => {
  for (const count of [1, 2, 3, 4, 7]) {
    const views = workers(count);
    const sessions = views.map(() => 0);
    const spread = (connections: number) => {
      for (let fd = 0; fd < connections; fd++) {
        if (views[0].give(handed(fd), NOW).to === "self") sessions[0]! += 1;
      }
      for (const [worker, view] of views.entries()) sessions[worker]! += view.take().length;
    };
    spread(HANDED_MAX);
    for (let session = 0; session < 10; session++) spread(1);
    assertEquals(sessions.reduce((total, open) => total + open, 0), HANDED_MAX + 10);
    assertEquals(Math.max(...sessions) - Math.min(...sessions) <= 1, true);
  }
});

Deno.test("Handoff gives nothing to a worker that is not open", () => {
  const memory = Handoff.allocate(3);
  const [one, two, three] = [0, 1, 2].map((worker) => new Handoff(memory, worker));
  one!.open(100);
  two!.open(101);
  const given = [0, 1, 2, 3].map((fd) => one!.give(handed(fd), NOW).to);
  assertEquals(given, ["self", "other", "self", "other"]);
  assertEquals(descriptors(two!.close()), [1, 3]);
  assertEquals([0, 1, 2].map(() => one!.give(handed(0), NOW).to), ["self", "self", "self"]);
  assertEquals([two!.take(), three!.take()], [[], []]);
});

Deno.test("Handoff keeps a connection where all other inboxes are full", () => {
  const [one, two] = workers(2);
  for (let session = 0; session < 2 * HANDED_MAX; session++) one.give(handed(session), NOW);
  for (let session = 0; session < 3; session++) {
    assertEquals(one.give(handed(0), NOW), { to: "self" });
  }
  assertEquals(two!.take().length, HANDED_MAX);
  assertEquals(one.give(handed(0), NOW).to, "other");
});

Deno.test("Handoff passes over a worker that has let something lie, until it has taken it", () => {
  const [one, two, three] = workers(3);
  for (let session = 0; session < 2; session++) one.give(handed(session), NOW);
  const later = NOW + BEHIND_MS + 1;
  assertEquals(one.give(handed(2), later), { to: "other", wake: 102 });
  assertEquals(one.give(handed(3), later), { to: "self" });
  assertEquals(one.give(handed(4), later), { to: "other", wake: undefined });
  assertEquals(descriptors(two!.take()), [1]);
  assertEquals(one.give(handed(5), later), { to: "other", wake: 101 });
  assertEquals(descriptors(three!.take()), [2, 4]);
});

Deno.test("Handoff takes a clock that is a moment behind for no delay", () => {
  const [one, two] = workers(2);
  one.give(handed(0), NOW);
  one.give(handed(1), NOW);
  one.give(handed(2), NOW - 5);
  assertEquals(one.give(handed(3), NOW - 5), { to: "other", wake: undefined });
  assertEquals(descriptors(two!.take()), [1, 3]);
});

Deno.test("Handoff lets another worker accept when the acceptor is stuck, and only then", () => {
  const [one, two, three] = workers(3);
  const all = [one, two!, three!];
  const supervisor = all[0]!;
  assertEquals(all.map((view) => view.accepts), [true, false, false]);
  assertEquals(supervisor.relieve([false, true, false], NOW), []);
  assertEquals(all.map((view) => view.accepts), [true, false, false]);
  assertEquals(supervisor.relieve([true, true, false], NOW), [2]);
  assertEquals(all.map((view) => view.accepts), [false, false, true]);
  assertEquals(supervisor.relieve([false, false, false], NOW), []);
  assertEquals(all.map((view) => view.accepts), [false, false, true]);
});

Deno.test("Handoff gives nothing to a stuck worker until it has come back", () => {
  const [one, two] = workers(2);
  one.relieve([false, true], NOW);
  const given = [0, 1, 2].map((fd) => one.give(handed(fd), NOW).to);
  assertEquals(given, ["self", "self", "self"]);
  one.relieve([false, false], NOW);
  assertEquals(one.give(handed(3), NOW), { to: "other", wake: 101 });
  assertEquals(descriptors(two!.take()), [3]);
});

Deno.test("Handoff moves what lies with a stuck worker to the others, evenly", () => {
  const [one, two, three] = workers(3);
  for (let session = 0; session < 12; session++) one.give(handed(session), NOW);
  three!.take();
  assertEquals(one.relieve([false, true, false], NOW).sort(), [0, 2]);
  assertEquals(descriptors(two!.take()), []);
  assertEquals([one.take().length, three!.take().length], [2, 2]);
  one.relieve([false, false, false], NOW); // it has come back, and has none of six each
  const given = Array.from({ length: 7 }, (_, fd) => one.give(handed(fd), NOW).to);
  assertEquals(given, [...Array(6).fill("other"), "self"]);
  assertEquals([two!.take().length, three!.take().length], [6, 0]);
});

Deno.test("Handoff leaves everything where it is while all workers are stuck", () => {
  const [one, two] = workers(2);
  for (let session = 0; session < 4; session++) one.give(handed(session), NOW);
  one.relieve([true, true], NOW);
  assertEquals([one.accepts, two!.accepts], [true, false]);
  assertEquals(descriptors(two!.take()), [1, 3]);
  one.relieve([false, false], NOW);
  assertEquals([4, 5].map((fd) => one.give(handed(fd), NOW).to), ["self", "other"]);
});

Deno.test("Handoff gives up what lies in any inbox when no worker is left", () => {
  const [one, two, three] = workers(3);
  for (let session = 0; session < 6; session++) one.give(handed(session), NOW);
  assertEquals(descriptors(one.clear()), [1, 4, 2, 5]);
  assertEquals([two!.take(), three!.take()], [[], []]);
});

Deno.test("Handoff lets a stuck worker that accepts keep what it finds, if others have more", () => {
  const [one] = workers(2);
  for (let session = 0; session < 2; session++) one.give(handed(session), NOW);
  one.ended();
  one.relieve([true, true], NOW);
  assertEquals(one.give(handed(2), NOW), { to: "self" });
});
