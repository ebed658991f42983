/** The server of one ring that cannot have what it needs: it is not made. @module */

import { assertEquals, assertThrows } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { Ring } from "../../../models/libc/uring.ts";
import { ServeError } from "../../../models/mod.ts";
import { UringServer } from "../../../models/uring/server.ts";
import { OPTIONS } from "../options.ts";
import { workerOf } from "../worker.ts";
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
