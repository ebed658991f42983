/**
 * The server of one loop that cannot have what it waits for: where the kernel has no room for its
 * listener it pauses, as after an accept that failed. Without its eventfd, or with descriptors that
 * its selector cannot watch, it does not begin. Nothing is left open then, nor after a bug.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { type Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { ServeError } from "../../../models/mod.ts";
import { CLOSING } from "../../../models/pool/link.ts";
import { ReadinessServer } from "../../../models/readiness/server.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import type { Selector } from "../../../models/selector/mod.ts";
import { SelectSelector } from "../../../models/selector/select.ts";
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

type Stage = ReturnType<typeof workerOf>;

/** A server over what `make` makes, of a listener and an eventfd with the two numbers. */
function serverTest<S extends Selector>(
  name: string,
  make: (libc: Libc, listener: number, wake: number) => S,
  body: (stage: Stage, server: ReadinessServer, selector: S) => void,
): void {
  testWith(["ffi", "read"], `ReadinessServer ${name}`, () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const root = Deno.realPathSync(".");
    const { fd: listener } = loopback.listen("127.0.0.1", c.SOCK_NONBLOCK);
    const wake = loopback.open(libc.eventfd());
    const stage = workerOf({ options: { ...OPTIONS, root }, listener, wake });
    const next = loopback.next();
    const selector = make(libc, listener, wake);
    body(stage, new ReadinessServer(stage.context, libc, selector), selector);
    assertEquals(loopback.next(), next);
  }, absent);
}

const full = (libc: Libc) => new FullSelector(libc, "level");

serverTest("pauses where there is no room for its listener, says so, and then listens", full, (
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

serverTest("does not begin where there is no room for its eventfd", full, (
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
});

serverTest(
  "does not begin where select cannot watch its eventfd",
  (libc, _, wake) => new SelectSelector(libc, wake),
  ({ context: { wake }, posted }, server) => {
    const reason = `Cannot start a worker: select(2) cannot watch descriptor ${wake}`;
    assertThrows(() => server.run(), ServeError, reason);
    assertEquals(posted, []);
  },
);

/** Watches all but one. */
class Choosy extends SelectSelector {
  constructor(libc: Libc, readonly unwatched: number) {
    super(libc);
  }

  override refuses(fd: number): string | undefined {
    return fd === this.unwatched ? `It cannot watch descriptor ${fd}` : super.refuses(fd);
  }
}

serverTest(
  "does not begin where its listener cannot be watched",
  (libc, listener) => new Choosy(libc, listener),
  ({ context: { listener }, posted }, server) => {
    const reason = `Cannot start a worker: It cannot watch descriptor ${listener}`;
    assertThrows(() => server.run(), ServeError, reason);
    assertEquals(posted, []);
  },
);

serverTest("leaves nothing open where a bug ends its loop", full, (_, server, selector) => {
  selector.wait = () => {
    throw new Error("a bug");
  };
  assertThrows(() => server.run(), Error, "a bug");
});

testWith(
  ["ffi"],
  "ReadinessServer is not made where its folder cannot be opened, and leaves nothing open",
  () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const { context, posted } = workerOf({ options: { ...OPTIONS, root: "/nowhere" } });
    const next = loopback.next();
    const make = () => new ReadinessServer(context, libc, new EpollSelector(libc, "level"));
    assertThrows(make, ServeError, "Cannot open the served folder: ");
    assertEquals([loopback.next(), posted], [next, []]);
  },
  absent,
);
