/**
 * What single selectors promise beyond the common contract: when they sleep, how often they call
 * the kernel, what they do with a descriptor that is not open.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { CALL_NAMES, type CallName, Libc, unavailableReason } from "../../models/libc/mod.ts";
import { EpollSelector } from "../../models/selector/epoll.ts";
import { READ, WRITE } from "../../models/selector/mod.ts";
import { ScanSelector } from "../../models/selector/scan.ts";
import { missing, testWith } from "../permission.ts";
import { Loopback } from "./loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

function made(libc: Libc, name: CallName): number {
  return libc.calls[CALL_NAMES.indexOf(name)]!;
}

testWith(["ffi"], "ScanSelector sleeps only when idle, not at once, and not at interval 0", () => {
  for (const interval of [0, 1]) {
    const libc = new Libc();
    const scan = new ScanSelector(libc, interval);
    const tell = () => {};
    scan.wait(0, true, tell);
    scan.wait(-1, false, tell);
    scan.wait(5, false, tell);
    assertEquals(made(libc, "nanosleep"), 0);
    scan.wait(-1, true, tell);
    scan.wait(5, true, tell);
    assertEquals(made(libc, "nanosleep"), interval === 0 ? 0 : 2);
  }
}, absent);

testWith(["ffi"], "ScanSelector sleeps no longer than it may wait", () => {
  const scan = new ScanSelector(new Libc(), 3_600_000);
  scan.wait(1, true, () => {}); // returns
}, absent);

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

testWith(["ffi"], "EpollSelector: a descriptor that is not open is an error", () => {
  using loopback = new Loopback();
  const selector = new EpollSelector(loopback.libc, "level");
  const fd = loopback.open(loopback.libc.eventfd());
  loopback.close(fd);
  assertThrows(() => selector.set(fd, READ), Error, `Cannot watch descriptor ${fd}`);
  selector.close();
}, absent);
