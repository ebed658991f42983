/**
 * Counters in shared memory: what a worker counts is what the supervisor reads.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { LANES, type WorkerStats } from "../../../models/model.ts";
import { Counters } from "../../../models/pool/counters.ts";

const NOTHING: WorkerStats = {
  lane: "starting",
  calls: {},
  eagain: 0,
  wakeups: 0,
  emptyWakeups: 0,
  emptyAccepts: 0,
  octetsIn: 0,
  octetsOut: 0,
  octetsCopied: 0,
  delayedReads: 0,
  sessions: 0,
  sessionsOpen: 0,
};

const FIELDS = [
  "wakeups",
  "emptyWakeups",
  "emptyAccepts",
  "octetsIn",
  "octetsOut",
  "octetsCopied",
  "delayedReads",
  "sessions",
  "sessionsOpen",
] as const;

Deno.test("Counters begin with nothing counted", () => {
  assertEquals(new Counters(["recv", "send"]).read(), NOTHING);
});

Deno.test("Counters keep every field apart from the others and from the calls", () => {
  for (const names of [[], ["recv"], ["recv", "send", "close"]]) {
    for (const field of FIELDS) {
      const counters = new Counters(names);
      counters.add(field, 3);
      counters.add(field, -1);
      assertEquals(counters.read(), { ...NOTHING, [field]: 2 });
    }
  }
});

Deno.test("Counters name the calls that were made, and count EAGAIN after them", () => {
  const counters = new Counters(["recv", "send", "close"]);
  counters.calls[0] = 2;
  counters.calls[2] = 2 ** 40; // beyond 32 bits: a server runs for long
  counters.calls[3] = 5;
  assertEquals(counters.read(), { ...NOTHING, calls: { recv: 2, close: 2 ** 40 }, eagain: 5 });
});

Deno.test("Counters tell each lane by its name", () => {
  const counters = new Counters(["recv"]);
  for (const lane of LANES) {
    counters.enter(lane);
    assertEquals(counters.read(), { ...NOTHING, lane });
  }
});

Deno.test("Counters over the same memory read what the other wrote", async () => {
  const written = new Counters(["recv", "send"]);
  // A message copies everything but shared memory, as it does on its way to a worker.
  const { port1, port2 } = new MessageChannel();
  const received = Promise.withResolvers<SharedArrayBuffer>();
  port2.onmessage = ({ data }) => received.resolve(data);
  port1.postMessage(written.buffer);
  const reader = new Counters(["recv", "send"], await received.promise);
  port1.close();
  port2.close();
  written.calls[1]! += 7;
  written.add("octetsOut", 9);
  written.enter("transferring");
  assertEquals(reader.read(), {
    ...NOTHING,
    lane: "transferring",
    calls: { send: 7 },
    octetsOut: 9,
  });
});
