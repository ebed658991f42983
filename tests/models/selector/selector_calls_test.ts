/**
 * What single selectors promise beyond the common contract: when they sleep, how often they call
 * the kernel, what they do with a descriptor that is not open.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { Deadlines } from "../../../models/driver/deadlines.ts";
import { EBADF, EINVAL, EMFILE } from "../../../models/libc/constants.ts";
import { CALL_NAMES, type CallName, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { ServeError } from "../../../models/mod.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { READ, ReadyList, WRITE } from "../../../models/selector/mod.ts";
import { ScanSelector } from "../../../models/selector/scan.ts";
import { SelectSelector } from "../../../models/selector/select.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";
import { kinds } from "./selector_kinds.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

function made(libc: Libc, name: CallName): number {
  return libc.calls[CALL_NAMES.indexOf(name)]!;
}

testWith(["ffi"], "ScanSelector sleeps unless it is told not to wait, or at interval 0", () => {
  for (const interval of [0, 1]) {
    const libc = new Libc();
    const scan = new ScanSelector(libc, interval);
    const ready = new ReadyList();
    scan.wait(0, ready);
    scan.wait(0, ready);
    assertEquals(made(libc, "nanosleep"), 0);
    scan.wait(-1, ready);
    scan.wait(5, ready);
    assertEquals(made(libc, "nanosleep"), interval === 0 ? 0 : 2);
  }
}, absent);

testWith(["ffi"], "ScanSelector sleeps no longer than it may wait", () => {
  const scan = new ScanSelector(new Libc(), 3_600_000);
  scan.wait(1, new ReadyList()); // returns
}, absent);

for (const { name, make } of kinds) {
  testWith(["ffi"], `Selector.wait forgets what the list held before [${name}]`, () => {
    const selector = make(new Libc());
    const ready = new ReadyList();
    ready.add(999, READ);
    selector.wait(0, ready);
    assertEquals([ready.count, ready.descriptors()], [0, []]);
    selector.close();
  }, absent);
}

for (const { name, make } of kinds) {
  testWith(["ffi"], `Selector.wait takes the time until any deadline [${name}]`, () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const selector = make(libc);
    const [fd, ready] = [loopback.open(libc.eventfd()), new ReadyList()];
    libc.write(fd, new Uint8Array(new BigUint64Array([1n]).buffer)); // nobody waits for long
    for (const after of [30 * 24 * 3_600_000, 1e15, Infinity]) {
      const deadlines = new Deadlines();
      deadlines.after(after, () => {});
      selector.set(fd, READ);
      selector.wait(deadlines.timeout(0), ready);
      assertEquals(ready.descriptors(), [fd], `${after}`);
      selector.remove(fd);
    }
    selector.close();
  }, absent);
}

testWith(["ffi"], "EpollSelector calls epoll_ctl only when an interest changes", () => {
  for (const [trigger, expected] of [["level", 4], ["edge", 2]] as const) {
    using loopback = new Loopback();
    const { libc } = loopback;
    const selector = new EpollSelector(libc, trigger);
    const { server } = loopback.connect();
    for (const interest of [READ, READ, WRITE, WRITE, READ, READ]) selector.set(server, interest);
    selector.remove(server);
    selector.forget(server);
    assertEquals(made(libc, "epoll_ctl"), expected);
    selector.close();
  }
}, absent);

testWith(["ffi"], "EpollSelector.set gives -errno of what the kernel has no room for", () => {
  using loopback = new Loopback();
  const selector = new EpollSelector(loopback.libc, "level");
  const fd = loopback.open(loopback.libc.eventfd());
  loopback.close(fd);
  assertEquals(selector.set(fd, READ), -EBADF);
  assertEquals(selector.set(fd, READ), -EBADF); // it is not taken for registered
  const next = loopback.open(loopback.libc.eventfd());
  assertEquals(next, fd);
  assertEquals(selector.set(next, READ), 0);
  selector.close();
}, absent);

testWith(["ffi"], "EpollSelector is a ServeError where descriptors are wanting", () => {
  const libc = new Libc();
  libc.epollCreate = () => -EMFILE;
  const make = () => new EpollSelector(libc, "level");
  assertThrows(make, ServeError, "Cannot make an epoll: too many open files");
}, absent);

testWith(["ffi"], "SelectSelector.set does not watch what it refuses, and gives EINVAL", () => {
  const libc = new Libc();
  const counts: number[] = [];
  libc.select = (count) => {
    counts.push(count);
    return 0;
  };
  for (const bits of [64, 100]) { // the sets are of whole longs, of 128 bits the second
    const selector = new SelectSelector(libc, bits);
    assertEquals(selector.refuses(bits - 1), undefined);
    assertEquals(selector.set(bits - 1, READ), 0);
    for (const fd of [bits, 128, 5_000]) {
      assertEquals(selector.refuses(fd), `select(2) cannot watch descriptor ${fd}`);
      for (const interest of [READ, WRITE]) assertEquals(selector.set(fd, interest), -EINVAL);
      assertEquals(selector.set(fd, 0), 0);
      selector.forget(fd);
    }
    selector.wait(0, new ReadyList());
  }
  assertEquals(counts, [64, 100]);
}, absent);
