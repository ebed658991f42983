/**
 * Listening data sockets over the C library: who gets through to them, what is turned away, and how
 * many calls that takes; and which errors of accept(2) are one connection's only.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { CALL_NAMES, type Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { PASSIVE_BACKLOG } from "../../../models/limits.ts";
import { isAcceptRetry, passiveDescriptors } from "../../../models/kernel/sockets.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";
import { OPTIONS } from "../options.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** Why IPv6 cannot be tried here, in one sentence. */
function ipv6Unavailable(): string | undefined {
  if (missing(["ffi"]).length > 0 || absent !== undefined) return absent;
  using loopback = new Loopback();
  const fd = loopback.open(loopback.libc.socket(6, 0));
  const result = loopback.libc.bind(fd, { family: 6, host: "::1", port: 0 });
  return result === 0 ? undefined : "this machine has no ::1";
}

const CLIENT = "127.0.0.1", STRANGER = "127.0.0.2";

/** Connections that come while nobody expects one. */
const LATE = 3;

/** More than a backlog holds. */
const STRANGERS = 2 * PASSIVE_BACKLOG;

/** How many calls of accept4 there were. */
function accepts(libc: Libc): number {
  return libc.calls[CALL_NAMES.indexOf("accept4")]!;
}

/** A port of nobody: those that servers lend by default may be lent by one of another test. */
function freePort(loopback: Loopback): number {
  const { fd, address } = loopback.listen();
  loopback.close(fd);
  return address.port;
}

/** A socket of `host` that has begun to connect to `port` of `to`; what connect(2) said. */
function connecting(loopback: Loopback, host: string, port: number, to = CLIENT) {
  const { libc } = loopback;
  const family = host.includes(":") ? 6 : 4;
  const fd = loopback.open(libc.socket(family, c.SOCK_NONBLOCK));
  assertEquals(libc.bind(fd, { family, host, port: 0 }), 0);
  return { fd, result: libc.connect(fd, { family, host: to, port }) };
}

for (const flags of [c.SOCK_NONBLOCK, 0]) {
  const kind = flags === 0 ? "blocking" : "non-blocking";
  testWith(["ffi"], `PassiveDescriptor turns away who came before it was lent [${kind}]`, () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const port = freePort(loopback);
    const pool = passiveDescriptors(libc, { ...OPTIONS, passivePorts: [port, port] }, flags);
    const socket = pool.lend(CLIENT);
    assert(socket !== undefined);
    const clients = Array.from({ length: LATE }, () => {
      const client = loopback.open(libc.socket(4, 0));
      assertEquals(libc.connect(client, { family: 4, host: CLIENT, port }), 0);
      return client;
    });
    pool.giveBack(socket);

    assertEquals(pool.lend(CLIENT), socket);
    assertEquals(accepts(libc), LATE + 1); // the last one finds nobody
    for (const client of clients) assertEquals(libc.recv(client, new Uint8Array(1), 1n, 0), 0);
    pool.giveBack(socket);

    assertEquals(pool.lend(CLIENT), socket);
    assertEquals(accepts(libc), LATE + 1); // nobody has come: no call looks for one
    pool.giveBack(socket);
    pool.close();
  }, absent);

  testWith(
    ["ffi"],
    `PassiveDescriptor: strangers take no place of the client's in the backlog [${kind}]`,
    () => {
      using loopback = new Loopback();
      const { libc } = loopback;
      const pool = passiveDescriptors(libc, OPTIONS, flags);
      const socket = pool.lend(CLIENT)!;
      const { port } = socket;
      for (let count = 0; count < STRANGERS; count++) {
        assertEquals(connecting(loopback, STRANGER, port).result, -c.EINPROGRESS);
      }
      assertEquals(libc.backlogLength(socket.fd), 0);
      const client = connecting(loopback, CLIENT, port);
      assert(client.result === 0 || client.result === -c.EINPROGRESS);
      assertEquals(libc.backlogLength(socket.fd), 1);
      assert(loopback.open(libc.accept(socket.fd, 0)) >= 0);
      assertEquals(libc.remoteAddress().host, CLIENT);

      // Lent to another host, it is for that one alone.
      assert(socket.lend(STRANGER));
      connecting(loopback, CLIENT, port);
      assertEquals(libc.backlogLength(socket.fd), 0);
      connecting(loopback, STRANGER, port);
      assertEquals(libc.backlogLength(socket.fd), 1);
      pool.giveBack(socket);
      pool.close();
    },
    absent,
  );
}

testWith(["ffi"], "PassiveDescriptor that listens to all addresses takes its client only", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  for (const host of ["0.0.0.0", "::"]) {
    const pool = passiveDescriptors(libc, { ...OPTIONS, host }, c.SOCK_NONBLOCK);
    const socket = pool.lend(CLIENT)!;
    connecting(loopback, STRANGER, socket.port);
    assertEquals(libc.backlogLength(socket.fd), 0, host);
    connecting(loopback, CLIENT, socket.port);
    assertEquals(libc.backlogLength(socket.fd), 1, host);
    pool.giveBack(socket);
    pool.close();
  }
}, absent);

testWith(["ffi"], "PassiveDescriptor is lent where the kernel lets nobody filter, too", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  const { listenOnlyTo } = libc;
  libc.listenOnlyTo = () => -c.EPERM;
  const pool = passiveDescriptors(libc, OPTIONS, c.SOCK_NONBLOCK);
  const socket = pool.lend(CLIENT)!;
  connecting(loopback, CLIENT, socket.port);
  assertEquals(libc.backlogLength(socket.fd), 1);
  assert(socket.lend(STRANGER), "and to another");
  assertEquals(libc.backlogLength(socket.fd), 0);

  // What has the filter of one host is of no use for another, unless that is taken off.
  libc.listenOnlyTo = listenOnlyTo;
  assert(socket.lend(CLIENT));
  libc.listenOnlyTo = () => -c.EPERM;
  assert(socket.lend(CLIENT), "it has the right one");
  assert(!socket.lend(STRANGER));
  pool.giveBack(socket);
  pool.close();
}, absent);

testWith(["ffi"], "PassiveDescriptor takes its client only, on IPv6 as well", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  for (const host of ["::1", "::"]) {
    const pool = passiveDescriptors(libc, { ...OPTIONS, host }, c.SOCK_NONBLOCK);
    // A loopback has one IPv6 address: the stranger is who is there, and not whom it was lent to.
    for (const [client, waiting] of [["::2", 0], ["::1:0:0:1", 0], ["::1", 1]] as const) {
      const socket = pool.lend(client)!;
      connecting(loopback, "::1", socket.port, "::1");
      assertEquals(libc.backlogLength(socket.fd), waiting, `lent to ${client} on ${host}`);
      pool.giveBack(socket);
    }
    pool.close();
  }
}, ipv6Unavailable());

testWith(["ffi"], "passiveDescriptors tries another port only if that could be better", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  const ports: readonly [number, number] = [61_000, 61_009];
  for (
    const [errno, expected] of [
      ...[[c.EADDRINUSE, 10], [c.EACCES, 10], [c.EPERM, 10]] as const,
      ...[[c.EADDRNOTAVAIL, 1], [c.ENOBUFS, 1], [c.ENOMEM, 1]] as const,
    ]
  ) {
    let tries = 0;
    libc.bind = () => {
      tries++;
      return -errno;
    };
    const pool = passiveDescriptors(libc, { ...OPTIONS, passivePorts: ports }, c.SOCK_NONBLOCK);
    assertEquals([pool.lend(CLIENT), tries], [undefined, expected], `error ${errno}`);
  }
}, absent);

Deno.test("isAcceptRetry: what befell one connection goes on, want of anything pauses", () => {
  const retried = [
    ...[c.EINTR, c.ECONNABORTED, c.ENETDOWN, c.EPROTO, c.ENOPROTOOPT, c.EHOSTDOWN, c.ENONET],
    ...[c.EHOSTUNREACH, c.EOPNOTSUPP, c.ENETUNREACH, c.EPERM],
  ];
  for (const errno of retried) assert(isAcceptRetry(-errno), `${errno}`);
  const [EMFILE, ENFILE, ENOBUFS, ENOMEM] = [24, 23, 105, 12];
  for (const errno of [c.EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, c.EINVAL, c.EIO, 0]) {
    assert(!isAcceptRetry(-errno), `${errno}`);
  }
});
