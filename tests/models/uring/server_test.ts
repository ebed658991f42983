/**
 * The server of one ring that cannot have what it needs: it is not made. And what it takes for a
 * client, where a kernel gives numbers that are none.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { WAKE } from "../../../models/kernel/sockets.ts";
import * as c from "../../../models/libc/constants.ts";
import { Ring } from "../../../models/libc/uring.ts";
import { ServeError } from "../../../models/mod.ts";
import { CLOSING } from "../../../models/pool/link.ts";
import { UringServer } from "../../../models/uring/server.ts";
import { OPTIONS } from "../options.ts";
import { stopWorker, workerOf } from "../worker.ts";
import { stageTest } from "./stage.ts";

stageTest(
  "UringServer is not made where the kernel takes no buffers, and leaves nothing open",
  ({ loopback }) => {
    const { context, posted } = workerOf({ options: { ...OPTIONS, root: Deno.realPathSync(".") } });
    const next = loopback.next();
    const { register } = Ring.prototype;
    Ring.prototype.register = () => -c.ENOMEM;
    try {
      const reason = "Cannot start a worker: the limit on locked memory (ulimit -l) has no room";
      assertThrows(() => new UringServer(context, loopback.libc), ServeError, reason);
    } finally {
      Ring.prototype.register = register;
    }
    assertEquals([loopback.next(), posted], [next, []]);
  },
  ["ffi", "read"],
);

stageTest(
  "UringServer is not made where its folder cannot be opened, and leaves nothing open",
  ({ loopback }) => {
    const { context, posted } = workerOf({ options: { ...OPTIONS, root: "/nowhere" } });
    const next = loopback.next();
    const make = () => new UringServer(context, loopback.libc);
    assertThrows(make, ServeError, "Cannot open the served folder: ");
    assertEquals([loopback.next(), posted], [next, []]);
  },
);

/** Whose the descriptor is that an accept ends with, and how many clients there are then of two. */
const ENDS = { "a client's": 1, "a pipe's": 1, "the listener's": 1, "nobody's": 2 } as const;

for (const whose of Object.keys(ENDS) as (keyof typeof ENDS)[]) {
  const clients = ENDS[whose];
  stageTest(
    `UringServer: an accept that ends with ${whose} descriptor leaves it ${clients} of 2 clients`,
    ({ loopback }) => {
      const { libc } = loopback;
      const { fd: listener, address } = loopback.listen("127.0.0.1", c.SOCK_NONBLOCK);
      const wake = loopback.open(libc.eventfd());
      const { from, to } = loopback.pipe();
      const options = { ...OPTIONS, root: Deno.realPathSync("."), port: address.port };
      const { context } = workerOf({ options, listener, wake });
      const server = new UringServer(context, libc);
      for (let client = 0; client < 2; client++) {
        assertEquals(libc.connect(loopback.open(libc.socket(4, 0)), address), 0);
      }
      const { acceptMany, reap } = Ring.prototype;
      let accepting: number | undefined;
      Ring.prototype.acceptMany = function (fd, flags, tag) {
        accepting = tag;
        acceptMany.call(this, fd, flags, tag);
      };
      const accepted: number[] = [];
      let sessions = 0;
      Ring.prototype.reap = function (onCompletion) {
        reap.call(this, (tag, result, flags) => {
          if (tag !== accepting || result < 0) return onCompletion(tag, result, flags);
          accepted.push(result);
          if (accepted.length === 1) return onCompletion(tag, result, flags);
          const last: Record<keyof typeof ENDS, number> = {
            "a client's": accepted[0]!,
            "a pipe's": from,
            "the listener's": listener,
            "nobody's": result,
          };
          onCompletion(tag, last[whose], 0);
          ({ sessions } = context.counters.read());
          stopWorker(context, CLOSING);
          libc.write(wake, WAKE);
        });
      };
      try {
        server.run();
      } finally {
        Object.assign(Ring.prototype, { acceptMany, reap });
      }
      assertEquals(sessions, clients);
      if (clients === 1) libc.close(accepted[1]!); // whom the kernel has lost
      libc.write(to, Uint8Array.of(1));
      assertEquals(libc.read(from, new Uint8Array(2)), 1);
      assertEquals(libc.localAddress(listener).port, address.port);
    },
    ["ffi", "read"],
  );
}
