/**
 * The server of one loop whose kernel has no room for an interest: in its listener it pauses, as
 * after an accept that failed, and without its eventfd it cannot begin.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { ServeError } from "../../../models/mod.ts";
import { CLOSING } from "../../../models/pool/link.ts";
import { ReadinessServer } from "../../../models/readiness/server.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";
import { OPTIONS } from "../options.ts";
import { stopWorker, workerOf } from "../worker.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** An epoll(7) that has no room for one descriptor, so many times. */
class FullSelector extends EpollSelector {
  full = -1;
  times = Infinity;
  /** What it does when there was room at last. */
  onRoom: () => void = () => {};

  override set(fd: number, interest: number): number {
    if (fd !== this.full) return super.set(fd, interest);
    if (this.times-- > 0) return -c.ENOMEM;
    this.onRoom();
    return super.set(fd, interest);
  }
}

function serverTest(
  name: string,
  body: (stage: ReturnType<typeof workerOf>, server: ReadinessServer, full: FullSelector) => void,
): void {
  testWith(["ffi", "read"], `ReadinessServer ${name}`, () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const root = Deno.realPathSync(".");
    const { fd: listener } = loopback.listen("127.0.0.1", c.SOCK_NONBLOCK);
    const wake = loopback.open(libc.eventfd());
    const stage = workerOf({ options: { ...OPTIONS, root }, listener, wake });
    const selector = new FullSelector(libc, "level");
    body(stage, new ReadinessServer(stage.context, libc, selector), selector);
  }, absent);
}

serverTest("pauses where there is no room for its listener, says so, and then listens", (
  {
    context,
    posted,
  },
  server,
  selector,
) => {
  selector.full = context.listener;
  selector.times = 1;
  selector.onRoom = () => stopWorker(context, CLOSING);
  server.run();
  const said = posted.flatMap((message) => message.kind === "events" ? message.events : []);
  assertEquals(said.map(({ event }) => "text" in event ? event.text : event.kind), [
    "Accepting pauses: out of memory",
  ]);
});

serverTest("does not begin where there is no room for its eventfd", (
  {
    context,
    posted,
  },
  server,
  selector,
) => {
  selector.full = context.wake;
  assertThrows(() => server.run(), ServeError, "Cannot start a worker: out of memory");
  assertEquals(posted, []);
  selector.close();
});
