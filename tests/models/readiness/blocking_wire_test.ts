/**
 * The wire of a thread that blocks, over a kernel that says what a test wants it to say. What it
 * does with real sockets is for conformance to see.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { goBy, now } from "../../../models/clock.ts";
import { PassivePool } from "../../../models/driver/passive.ts";
import { Replies } from "../../../models/driver/replies.ts";
import { MemoryVolume } from "../../../models/files/memory.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import type { PassiveDescriptor } from "../../../models/kernel/sockets.ts";
import * as c from "../../../models/libc/constants.ts";
import type { Kernel } from "../../../models/libc/mod.ts";
import { CONTROL_BYTES, REPLIES_STALL_MS } from "../../../models/limits.ts";
import { CLOSING, RUNNING, type WorkerContext } from "../../../models/pool/link.ts";
import { type BlockingTools, BlockingWire } from "../../../models/readiness/blocking_wire.ts";
import { ftp } from "../../../server/ftp/mod.ts";
import { TestAdmission, TestLink } from "../../driven/link.ts";
import { PEER, SETTINGS } from "../../driven/settings.ts";

const FD = 7;

/** Serves a client whose socket takes nothing, as `send` says; what the operator hears. */
function served(send: (context: { stopping: number }) => number) {
  const link = new TestLink(SETTINGS);
  const admission = new TestAdmission();
  admission.admit(PEER.remote.host);
  const closed: number[] = [];
  const context = { stopping: RUNNING as number, serve() {}, served() {} };
  const kernel = {
    setTimeout() {},
    send: () => send(context),
    close: (fd: number) => void closed.push(fd),
  };
  const tools = {
    context: context as unknown as WorkerContext,
    controlBuffer: new Uint8Array(CONTROL_BYTES),
    data: { kernel: kernel as unknown as Kernel } as BlockingTools["data"],
    driver: {
      link,
      store: new VolumeStore(new MemoryVolume()),
      passive: new PassivePool<PassiveDescriptor>([1, 1], 1, () => 0, () => undefined),
      admission,
      protocol: ftp,
      replies: new Replies(link.counters),
    },
  };
  new BlockingWire(tools, FD, PEER).serve();
  assertEquals([closed, link.ended], [[FD], 1]);
  admission.assertEmpty();
  return link.events;
}

Deno.test("BlockingWire: a client that takes no replies for too long is dropped, which is told", () => {
  const events = served(() => {
    goBy(now() + REPLIES_STALL_MS + 1);
    return -c.EAGAIN;
  });
  const reason = "it does not read its replies";
  assertEquals(events, [{ kind: "refused", session: 1, host: "127.0.0.1", reason }]);
});

Deno.test("BlockingWire: one that is dropped since the server stops, or has gone, is no news", () => {
  assertEquals(
    served((context) => {
      context.stopping = CLOSING;
      return -c.EAGAIN;
    }),
    [],
  );
  assertEquals(served(() => -c.ECONNRESET), []);
});
