/**
 * The loop of completions: one call a round, cancels, deadlines, and that one owner's crash touches
 * nobody else.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { memoryAddress } from "../../../models/libc/uring.ts";
import { Owner, STAGE_ENTRIES, stageTest } from "./stage.ts";

stageTest(
  "RingLoop hands over what many write down in one call, and tells each",
  ({ loop, ring }) => {
    const owners = Array.from({ length: 5 }, () => new Owner());
    const operations = owners.map((owner) => loop.operation(owner));
    for (const operation of operations) ring.nop(loop.begin(operation));
    loop.round();
    assertEquals(ring.enters, 1);
    assertEquals(loop.worked, 5);
    for (const [index, { log }] of owners.entries()) {
      assertEquals(log, [[operations[index]!.tag, 0]]);
      assertEquals(operations[index]!.underWay, false);
    }
  },
);

stageTest("RingLoop.worked: the first who is told knows how many are", ({ loop, ring }) => {
  const seen: number[] = [];
  const owners = Array.from({ length: 3 }, () => new Owner());
  for (const owner of owners) {
    owner.does = () => seen.push(loop.worked);
    ring.nop(loop.begin(loop.operation(owner)));
  }
  loop.later({ resume: () => seen.push(loop.worked), crashed() {} });
  loop.round();
  assertEquals(seen, [4, 4, 4, 4]);
});

stageTest("RingLoop: who throws is told to end, and others are served", ({ loop, ring }) => {
  const [bad, good] = [new Owner(), new Owner()];
  bad.does = () => {
    throw new Error("a bug");
  };
  for (const owner of [bad, good]) ring.nop(loop.begin(loop.operation(owner)));
  loop.round();
  assertEquals(bad.crashes.map(String), ["Error: a bug"]);
  assertEquals([good.log.length, good.crashes.length], [1, 0]);
});

stageTest("RingLoop.begin and release refuse what is under way", ({ loop, ring, loopback }) => {
  const operation = loop.operation(new Owner());
  const { server } = loopback.connect();
  ring.poll(server, c.POLLIN, loop.begin(operation));
  assertThrows(() => loop.begin(operation), Error, "under way");
  assertThrows(() => loop.release(operation), Error, "under way");
});

stageTest("RingLoop.cancel: once for each, and each completes", (stage) => {
  const { loop, ring, loopback } = stage;
  const { server } = loopback.connect();
  const owner = new Owner();
  const [waiting, idle] = [loop.operation(owner), loop.operation(owner)];
  ring.poll(server, c.POLLIN, loop.begin(waiting));
  for (let times = 0; times < 3; times++) loop.cancel(waiting, idle);
  stage.rounds(() => !waiting.underWay);
  assertEquals(owner.log, [[waiting.tag, -c.ECANCELED]]);
  loop.release(waiting, idle);
});

stageTest(
  "RingLoop: a tag is used again, and a late word for the former owner is not heard",
  (stage) => {
    const { loop, ring } = stage;
    const [former, next] = [new Owner(), new Owner()];
    const operation = loop.operation(former);
    ring.nop(loop.begin(operation));
    loop.round();
    loop.release(operation);
    const again = loop.operation(next);
    assertEquals(again.tag, operation.tag);
    ring.nop(loop.begin(again));
    loop.round();
    assertEquals([former.log.length, next.log.length], [1, 1]);
  },
);

stageTest("RingLoop.later goes on in the next round, which does not wait", (stage) => {
  const { loop, counters } = stage;
  const log: string[] = [];
  loop.later({ resume: () => log.push("first"), crashed() {} });
  loop.later({
    resume() {
      throw new Error("a bug");
    },
    crashed: (error) => log.push(String(error)),
  });
  loop.round();
  assertEquals(log, ["first", "Error: a bug"]);
  assertEquals([counters.read().wakeups, counters.read().emptyWakeups], [1, 0]);
});

stageTest("RingLoop tells deadlines, and waits no longer than to the next", (stage) => {
  const { loop, counters } = stage;
  const log: string[] = [];
  loop.deadlines.after(loop.now + 10, () => log.push("due"));
  loop.round(); // waits for it, by the kernel's clock
  assertEquals(log, []);
  assertEquals(counters.read().emptyWakeups, 1);
  stage.now += 100;
  loop.round();
  assertEquals(log, ["due"]);
});

stageTest("RingLoop waits for what comes before a deadline, however far away", (stage) => {
  const { loop, ring } = stage;
  for (const after of [Infinity, 1e15, 30 * 24 * 3_600_000]) { // the next comes first
    const owner = new Owner();
    loop.deadlines.after(loop.now + after, () => {});
    ring.nop(loop.begin(loop.operation(owner)));
    loop.round();
    assertEquals(owner.log.length, 1);
  }
});

stageTest("RingLoop: more operations than the rings have places are all done", (stage) => {
  const { loop, ring } = stage;
  const owner = new Owner();
  const operations = Array.from({ length: 500 }, () => loop.operation(owner));
  for (const operation of operations) ring.nop(loop.begin(operation));
  stage.rounds(() => owner.log.length === operations.length);
  assert(operations.every(({ underWay }) => !underWay));
});

stageTest("RingLoop.beginSilent: success is told before all else, and failure once", (stage) => {
  const { loop, ring, loopback } = stage;
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(8);
  const owner = new Owner();
  const [sending, failing, other] = [1, 2, 3].map(() => loop.operation(owner));
  ring.nop(loop.begin(other!));
  ring.sendNow(server, memoryAddress(memory), 8, loop.beginSilent(sending!, 8));
  ring.sendNow(-1, memoryAddress(memory), 8, loop.beginSilent(failing!, 8));
  loop.hurry(sending!);
  loop.round();
  assertEquals(owner.log, [[sending!.tag, 8], [other!.tag, 0], [failing!.tag, -c.EBADF]]);
  assertEquals(loopback.drain(client), 8);
  stage.rounds(() => true);
  assertEquals(owner.log.length, 3);
});

stageTest(
  "RingLoop.hurry: a round does not wait for others when somebody waits for a silent one",
  (stage) => {
    const { loop, ring, loopback } = stage;
    const { server } = loopback.connect();
    const owner = new Owner();
    const [sending, waiting] = [loop.operation(owner), loop.operation(owner)];
    ring.poll(server, c.POLLIN, loop.begin(waiting)); // nothing will come
    const memory = new Uint8Array(8);
    ring.sendNow(server, memoryAddress(memory), 8, loop.beginSilent(sending, 8));
    loop.hurry(waiting); // which is not silent: of no effect
    loop.hurry(sending);
    loop.round();
    assertEquals(owner.log, [[sending.tag, 8]]);
  },
);

stageTest(
  "RingLoop.hurry: nor does the next one, where the kernel took nothing of the first",
  (stage) => {
    const { loop, ring, loopback, counters } = stage;
    const { server } = loopback.connect();
    const owner = new Owner();
    const sending = loop.operation(owner);
    const memory = new Uint8Array(8);
    ring.sendNow(server, memoryAddress(memory), 8, loop.beginSilent(sending, 8));
    loop.hurry(sending);
    loop.deadlines.after(loop.now + 10, () => {}); // lest it wait for ever
    const leasts: number[] = [];
    const { enter } = ring;
    ring.enter = (least, timeoutMs) => {
      leasts.push(least);
      return leasts.length === 1 ? -c.ENOMEM : enter.call(ring, least, timeoutMs);
    };
    loop.round();
    assertEquals(owner.log, []);
    loop.round();
    assertEquals([owner.log, leasts], [[[sending.tag, 8]], [0, 0]]);
    assertEquals(counters.read().emptyWakeups, 0);
  },
);

stageTest(
  "RingLoop.beginSilent: a failure that waits for room is not taken for success",
  (stage) => {
    const { loop, ring } = stage;
    const [crowd, owner] = [new Owner(), new Owner()];
    // More than the completions that there is room for, which is twice the entries.
    const many = Array.from({ length: 3 * STAGE_ENTRIES }, () => loop.operation(crowd));
    for (const operation of many) ring.nop(loop.begin(operation));
    const failing = loop.operation(owner);
    ring.sendNow(-1, memoryAddress(new Uint8Array(8)), 8, loop.beginSilent(failing, 8));
    loop.hurry(failing);
    stage.rounds(() => crowd.log.length === many.length && owner.log.length > 0);
    assertEquals(owner.log, [[failing.tag, -c.EBADF]]);
  },
);
