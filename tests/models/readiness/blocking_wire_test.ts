/**
 * The wire of a thread that blocks, over a kernel that says what a test wants it to say. What it
 * does with real sockets is for conformance to see.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { goBy, now } from "../../../models/clock.ts";
import { PassivePool } from "../../../models/driver/passive.ts";
import { Replies } from "../../../models/driver/replies.ts";
import { MemoryVolume } from "../../../models/files/memory.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { PassiveDescriptor } from "../../../models/kernel/sockets.ts";
import * as c from "../../../models/libc/constants.ts";
import type { Kernel } from "../../../models/libc/mod.ts";
import { CONTROL_BYTES, REPLIES_STALL_MS } from "../../../models/limits.ts";
import { CLOSING, RUNNING, type WorkerContext } from "../../../models/pool/link.ts";
import { type BlockingTools, BlockingWire } from "../../../models/readiness/blocking_wire.ts";
import { ftp } from "../../../server/ftp/mod.ts";
import { TestAdmission, TestLink } from "../../driven/link.ts";
import { PASSWORDS, PEER, SETTINGS } from "../../driven/settings.ts";

const FD = 7;

/** The listening data socket. */
const PASSIVE_FD = 8;

const encoder = new TextEncoder();

/**
 * Serves a client whose socket takes what `send` says of so many octets, and gives what `receive`
 * says, octets or -errno; its link, by which the operator hears.
 */
function served(
  send: (context: { stopping: number }, length: number) => number,
  receive: () => string | number = () => -c.EAGAIN,
) {
  const link = new TestLink(SETTINGS);
  const admission = new TestAdmission();
  admission.admit(PEER.remote.host);
  const closed: number[] = [];
  const counters = { enter() {}, add() {} };
  const context = {
    stopping: RUNNING as number,
    crowded: false,
    counters,
    showControl() {},
    hideControl() {},
  };
  const kernel = {
    setTimeout() {},
    sleep() {},
    listenOnlyTo: () => 0,
    backlogLength: () => 0,
    accept: () => -c.EAGAIN,
    send: (_fd: number, octets: Uint8Array, _flags: number, length = octets.length) =>
      send(context, length),
    recv: (_fd: number, buffer: Uint8Array) => {
      const said = receive();
      return typeof said === "number" ? said : encoder.encodeInto(said, buffer).written;
    },
    close: (fd: number) => void closed.push(fd),
  } as unknown as Kernel;
  const tools = {
    context: context as unknown as WorkerContext,
    controlBuffer: new Uint8Array(CONTROL_BYTES),
    data: { kernel, buffer: new Uint8Array(1) } as unknown as BlockingTools["data"],
    driver: {
      link,
      store: new VolumeStore(new MemoryVolume()),
      passive: new PassivePool<PassiveDescriptor>(
        [1, 1],
        1,
        () => 0,
        (port) => new PassiveDescriptor(kernel, PASSIVE_FD, port, true),
      ),
      admission,
      protocol: ftp,
      replies: new Replies(link.counters),
    },
  };
  new BlockingWire(tools, FD, PEER).serve();
  assertEquals([closed, link.ended], [[FD], 1]);
  admission.assertEmpty();
  return link;
}

Deno.test("BlockingWire: a client that takes no replies for too long is dropped, which is told", () => {
  const { events } = served(() => {
    goBy(now() + REPLIES_STALL_MS + 1);
    return -c.EAGAIN;
  });
  const reason = "it does not read its replies";
  assertEquals(events, [{ kind: "refused", session: 1, host: "127.0.0.1", reason }]);
});

Deno.test("BlockingWire: one that is dropped since the server stops, or has gone, is no news", () => {
  const { events } = served((context) => {
    context.stopping = CLOSING;
    return -c.EAGAIN;
  });
  assertEquals(events, []);
  assertEquals(served(() => -c.ECONNRESET).events, []);
});

Deno.test("BlockingWire: an upload whose client's connection broke is told as given up", () => {
  const said = ["USER writer", `PASS ${PASSWORDS["writer"]}`, "EPSV", "STOR up", ""].join("\r\n");
  const coming = [said];
  const { events } = served((_, length) => length, () => coming.shift() ?? -c.ECONNRESET);
  const event = events.at(-1);
  assert(event?.kind === "transfer", `${event?.kind}`);
  assertEquals([event.outcome, event.reason], ["failed", "the connection was closed"]);
});

Deno.test("BlockingWire: a client that takes replies in sips is served no longer than its login may take", () => {
  let sends = 0;
  const coming = ["FEAT\r\n".repeat(2_000)];
  const sip = (_: unknown, length: number) => {
    sends++;
    goBy(now() + SETTINGS.ftp.limits.loginTimeoutMs / 2);
    return length;
  };
  const { events } = served(sip, () => coming.shift() ?? -c.ECONNRESET);
  const reason = "no login in time";
  assertEquals(events, [{ kind: "refused", session: 1, host: "127.0.0.1", reason }]);
  assert(sends <= 5, `${sends} sends`); // 220, what one turn says, 421
});

Deno.test("BlockingWire: a bug ends its connection, and not the thread", () => {
  const bug = new Error("a bug");
  const { crashes } = served((_, length) => length, () => {
    throw bug;
  });
  assertEquals(crashes, [bug]);
});
