/**
 * Every call of models/libc against what the kernel answers: results, errno, counters.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import {
  CALL_NAMES,
  type CallName,
  EAGAIN_COUNTER,
  Libc,
  unavailableReason,
} from "../../../models/libc/mod.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";
import { eachFileCall } from "./file_calls.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

function libcTest(name: string, body: (libc: Libc, loopback: Loopback) => void): void {
  testWith(["ffi"], `Libc, ${name}`, () => {
    using loopback = new Loopback();
    body(loopback.libc, loopback);
  }, absent);
}

/** The same in a folder of its own with the file "file". */
function folderTest(
  name: string,
  body: (libc: Libc, loopback: Loopback, folder: string) => void,
): void {
  testWith(["ffi", "read", "write"], `Libc, ${name}`, async () => {
    using loopback = new Loopback();
    const folder = await Deno.makeTempDir({ prefix: "ftplab-libc-" });
    await Deno.writeTextFile(`${folder}/file`, "content");
    try {
      body(loopback.libc, loopback, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }, absent);
}

for (const host of ["127.0.0.1", "127.0.0.2", "::1"]) {
  libcTest(`connect and accept give both ends the same addresses [${host}]`, (libc, loopback) => {
    const { client, server, remote } = loopback.connect(host);
    assertEquals(remote, libc.localAddress(client));
    assertEquals(remote.family, host.includes(":") ? 6 : 4);
    assertEquals(libc.localAddress(server).host, host);
  });
}

libcTest("an IPv4 client of an IPv6 listener is seen by its IPv4 address", (libc, loopback) => {
  const { fd, address: { port } } = loopback.listen("::");
  const client = loopback.open(libc.socket(4, 0));
  assertEquals(libc.connect(client, { family: 4, host: "127.0.0.1", port }), 0);
  const server = loopback.open(libc.accept(fd, 0));
  assertEquals(libc.remoteAddress(), libc.localAddress(client));
  assertEquals(libc.localAddress(server), { family: 4, host: "127.0.0.1", port });
});

type Calls = Partial<Record<CallName, () => number | void>>;

/** Every call once, in an order in which none of them fails or blocks. */
function eachCall(libc: Libc, loopback: Loopback, folder: string): Calls {
  const { fd: listening, address } = loopback.listen();
  const { client, server } = loopback.connect();
  libc.send(client, Uint8Array.of(1, 2, 3), 0);
  const file = loopback.open(libc.open(`${folder}/file`, c.O_RDWR, 0));
  const epoll = loopback.open(libc.epollCreate());
  const fresh = loopback.open(libc.socket(4, 0));
  const spare = loopback.open(libc.socket(4, 0));
  const ending = libc.eventfd();
  const { from, to } = loopback.pipe();
  libc.write(to, Uint8Array.of(6));
  return {
    ...eachFileCall(libc, loopback, folder),
    socket: () => loopback.open(libc.socket(4, c.SOCK_NONBLOCK)),
    connect: () => libc.connect(fresh, address),
    accept4: () => loopback.open(libc.accept(listening, 0)),
    bind: () => libc.bind(spare, { ...address, port: 0 }),
    listen: () => libc.listen(spare, 1),
    getsockname: () => libc.localAddress(spare).port,
    getpeername: () => void libc.peerAddress(server),
    setsockopt: () => libc.setOption(client, c.IPPROTO_TCP, c.TCP_NODELAY, 1),
    getsockopt: () => libc.backlogLength(client),
    fcntl: () => libc.setNonBlocking(server, true),
    pipe2: () => void loopback.pipe(),
    splice: () => libc.splice(from, file, 1n),
    poll: () => libc.poll(new Uint8Array(8), 0n, 0),
    select: () => libc.select(0, new Uint8Array(128), new Uint8Array(128), 0),
    recv: () => libc.recv(server, new Uint8Array(2), 2n, 0),
    read: () => libc.read(server, new Uint8Array(1)),
    send: () => libc.send(server, Uint8Array.of(4), 0),
    write: () => libc.write(server, Uint8Array.of(5)),
    open: () => loopback.open(libc.open(`${folder}/file`, c.O_RDONLY, 0)),
    flock: () => libc.tryLock(file),
    sendfile: () => libc.sendfile(server, file, 4n),
    lseek: () => libc.seek(file, 1),
    ftruncate: () => libc.truncate(file, 1),
    epoll_create1: () => loopback.open(libc.epollCreate()),
    epoll_ctl: () => libc.epollControl(epoll, c.EPOLL_CTL_ADD, client, new Uint8Array(16)),
    epoll_wait: () => libc.epollWait(epoll, new Uint8Array(16), 1, 0),
    eventfd: () => loopback.open(libc.eventfd()),
    nanosleep: () => libc.sleep(0),
    prctl: () => libc.nameThread("libc test"),
    shutdown: () => libc.shutdown(client, c.SHUT_RDWR),
    close: () => libc.close(ending),
  };
}

folderTest("open takes paths of any length that the kernel takes", (libc, loopback, folder) => {
  const open = (path: string) => libc.open(`${folder}/${path}`, c.O_RDONLY, 0);
  const room = 4_095 - `${folder}/file`.length; // PATH_MAX less its zero
  const padded = (length: number) => `${"/".repeat(length)}file`;
  for (const length of [0, 1, room - 1, room]) loopback.open(open(padded(length)));
  for (const length of [room + 1, 10_000]) assertEquals(open(padded(length)), -c.ENAMETOOLONG);
  Deno.writeTextFileSync(`${folder}/grün 🐟`, "");
  loopback.open(open("grün 🐟"));
  assertEquals(open("grün"), -c.ENOENT); // nothing of the longer name before is left
});

/** What the rings of uring_test.ts call, and count. */
const RING_CALLS: ReadonlySet<CallName> = new Set<CallName>([
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
  "mmap",
  "munmap",
]);

folderTest("every call is counted by its name, once", (libc, loopback, folder) => {
  const calls = eachCall(libc, loopback, folder);
  const others = CALL_NAMES.filter((name) => !RING_CALLS.has(name));
  assertEquals(Object.keys(calls).sort(), others.sort());
  for (const [name, call] of Object.entries(calls)) {
    const wanted = libc.calls.slice();
    wanted[CALL_NAMES.indexOf(name as CallName)]! += 1;
    const result = call();
    assert(result === undefined || result >= 0, `${name} answered ${result}`);
    assertEquals(libc.calls, wanted, name);
  }
  assertEquals(libc.calls[EAGAIN_COUNTER], 0);
});

folderTest(
  "EAGAIN is counted where a call had nothing to do, and nowhere else",
  (libc, loopback, folder) => {
    const listening = loopback.listen("127.0.0.1", c.SOCK_NONBLOCK);
    const { client, server } = loopback.connect();
    loopback.fill(server);
    const event = loopback.open(libc.eventfd());
    const file = loopback.open(libc.open(`${folder}/file`, c.O_RDONLY, 0));
    const { to } = loopback.pipe();
    const buffer = new Uint8Array(65_536);
    const idle: readonly (() => number)[] = [
      () => libc.accept(listening.fd, 0),
      () => libc.recv(server, buffer, 1n, 0),
      () => libc.read(event, new Uint8Array(8)),
      () => libc.write(server, buffer),
      () => libc.send(server, buffer, 0),
      () => libc.sendfile(server, file, 1n),
      () => libc.splice(server, to, 1n),
    ];
    const first = libc.calls[EAGAIN_COUNTER]!;
    assertEquals(first, 1); // the last send of fill
    for (const [index, call] of idle.entries()) {
      assertEquals(call(), -c.EAGAIN, `${call}`);
      assertEquals(libc.calls[EAGAIN_COUNTER], first + index + 1);
    }
    assertEquals(libc.recv(-1, buffer, 1n, 0), -EBADF);
    assert(libc.recv(client, buffer, 1n, 0) === 1);
    assertEquals(libc.calls[EAGAIN_COUNTER], first + idle.length);
  },
);

/** Numbers that only these tests meet (errno(3)). */
const EBADF = 9, ESPIPE = 29, ENOTSOCK = 88;

folderTest("a call that fails answers its own errno", (libc, loopback, folder) => {
  Deno.symlinkSync(`${folder}/file`, `${folder}/link`);
  Deno.symlinkSync(`${folder}/loop`, `${folder}/loop`);
  const open = (name: string, flags: number) => libc.open(`${folder}/${name}`, flags, 0o600);
  const { fd: listening, address } = loopback.listen();
  const vacant = loopback.listen();
  loopback.close(vacant.fd);
  const [socket, epoll] = [loopback.open(libc.socket(4, 0)), loopback.open(libc.epollCreate())];
  const { from } = loopback.pipe();
  const [locked, other] = [
    loopback.open(open("file", c.O_RDWR)),
    loopback.open(open("file", c.O_RDWR)),
  ];
  const reading = loopback.open(open("file", c.O_RDONLY));
  const { server, client } = loopback.connect();
  libc.shutdown(client, c.SHUT_WR);
  const octets = new Uint8Array(128);
  const none = new Uint8Array(128);
  const wrong = new Uint8Array(128).fill(0xff);

  const failures: readonly (readonly [what: string, errno: number, answered: number])[] = [
    ["bind, in use", c.EADDRINUSE, libc.bind(socket, address)],
    ["bind, foreign", c.EADDRNOTAVAIL, libc.bind(socket, { ...address, host: "192.0.2.1" })],
    ["bind, a name", c.EADDRNOTAVAIL, libc.bind(socket, { ...address, host: "localhost" })],
    ["connect, a name", c.EADDRNOTAVAIL, libc.connect(socket, { ...address, host: "localhost" })],
    ["connect, nobody listens", c.ECONNREFUSED, libc.connect(socket, vacant.address)],
    ["listen, a file", ENOTSOCK, libc.listen(reading, 1)],
    ["accept, not listening", c.EINVAL, libc.accept(socket, 0)],
    ["setOption, a file", ENOTSOCK, libc.setOption(reading, c.SOL_SOCKET, c.SO_KEEPALIVE, 1)],
    ["setTimeout, a file", ENOTSOCK, libc.setTimeout(reading, c.SO_RCVTIMEO, 1)],
    ["backlogLength, a file", ENOTSOCK, libc.backlogLength(reading)],
    ["recv, not connected", c.ENOTCONN, libc.recv(socket, octets, 1n, 0)],
    ["send, after shutdown", c.EPIPE, libc.send(client, octets, 0)],
    ["shutdown, not connected", c.ENOTCONN, libc.shutdown(socket, c.SHUT_RDWR)],
    ["open, missing", c.ENOENT, open("missing", c.O_RDONLY)],
    ["open, there already", c.EEXIST, open("file", c.O_CREAT | c.O_EXCL | c.O_WRONLY)],
    ["open, a link not to follow", c.ELOOP, open("link", c.O_RDONLY | c.O_NOFOLLOW)],
    ["open, a link to itself", c.ELOOP, open("loop", c.O_RDONLY)],
    ["open, below a file", c.ENOTDIR, open("file/more", c.O_RDONLY)],
    ["open, a folder to write", c.EISDIR, open(".", c.O_WRONLY)],
    ["open, a long name", c.ENAMETOOLONG, open("x".repeat(256), c.O_RDONLY)],
    ["read, a folder", c.EISDIR, libc.read(loopback.open(open(".", c.O_RDONLY)), octets)],
    ["write, open for reading", EBADF, libc.write(reading, octets)],
    ["seek, a socket", ESPIPE, libc.seek(socket, 1)],
    ["truncate, open for reading", c.EINVAL, libc.truncate(reading, 1)],
    ["tryLock, free", 0, libc.tryLock(locked)],
    ["tryLock, held", c.EAGAIN, libc.tryLock(other)],
    [
      "sendfile, open for writing",
      EBADF,
      libc.sendfile(server, loopback.open(open("w", 0o101)), 1n),
    ],
    ["splice, open for reading", EBADF, libc.splice(from, reading, 1n)],
    ["splice, without a pipe", c.EINVAL, libc.splice(server, locked, 1n)],
    ["poll, more than may be open", c.EINVAL, libc.poll(octets, 1n << 31n, 0)],
    ["select, not open", EBADF, libc.select(1024, wrong, none, 0)],
    ["epoll_ctl, a regular file", c.EPERM, libc.epollControl(epoll, 1, reading, octets)],
    ["epoll_ctl, not added", c.ENOENT, libc.epollControl(epoll, 3, listening, octets)],
    ["epoll_wait, a socket", c.EINVAL, libc.epollWait(socket, octets, 1, 0)],
  ];
  for (const [what, errno, answered] of failures) {
    assertEquals(answered, errno === 0 ? 0 : -errno, what);
  }
});

libcTest("backlogLength: clients that nobody has accepted yet", (libc, loopback) => {
  const { fd, address } = loopback.listen();
  for (const waiting of [0, 1, 2]) {
    assertEquals(libc.backlogLength(fd), waiting);
    assertEquals(libc.connect(loopback.open(libc.socket(4, 0)), address), 0);
  }
  loopback.open(libc.accept(fd, 0));
  assertEquals(libc.backlogLength(fd), 2);
});

libcTest("isEstablished: until either end has closed its side", (libc, loopback) => {
  const { server, client } = loopback.connect();
  libc.shutdown(server, c.SHUT_RD);
  assert(libc.isEstablished(server), "what is shut for reading is nothing to the peer");
  libc.shutdown(client, c.SHUT_WR);
  assert(!libc.isEstablished(server) && !libc.isEstablished(client));
  const { fd } = loopback.listen();
  assert(!libc.isEstablished(fd) && !libc.isEstablished(-1));
});

libcTest(
  "setTimeout: recv gives up after it, also after a fraction of a second",
  (libc, loopback) => {
    const { server } = loopback.connect();
    libc.setNonBlocking(server, false);
    for (const milliseconds of [1, 1.25]) {
      assertEquals(libc.setTimeout(server, c.SO_RCVTIMEO, milliseconds), 0);
      assertEquals(libc.recv(server, new Uint8Array(1), 1n, 0), -c.EAGAIN);
    }
    for (const milliseconds of [0, 999.9999, 1_000, 1_500, 86_400_000]) {
      assertEquals(libc.setTimeout(server, c.SO_RCVTIMEO, milliseconds), 0, `${milliseconds} ms`);
    }
  },
);

folderTest(
  "read, write, seek, truncate: a file's octets at its position",
  (libc, loopback, folder) => {
    const file = loopback.open(libc.open(`${folder}/file`, c.O_RDWR, 0));
    const buffer = new Uint8Array(3);
    assertEquals(libc.read(file, buffer), 3);
    assertEquals(new TextDecoder().decode(buffer), "con");
    assertEquals(libc.write(file, new TextEncoder().encode("fus")), 3);
    assertEquals(Deno.readTextFileSync(`${folder}/file`), "confust");
    assertEquals(libc.truncate(file, 5), 0);
    assertEquals(libc.seek(file, 3), 3);
    assertEquals(libc.read(file, buffer), 2);
    assertEquals(libc.read(file, buffer), 0);
    assertEquals(libc.seek(file, 2 ** 33), 2 ** 33); // an off_t, not an int
    assertEquals(libc.truncate(file, 2 ** 33), 0);
    assertEquals(Deno.statSync(`${folder}/file`).size, 2 ** 33);
  },
);

folderTest("sendfile: from the file's position to its end, then 0", (libc, loopback, folder) => {
  const file = loopback.open(libc.open(`${folder}/file`, c.O_RDONLY, 0));
  const { client, server } = loopback.connect();
  libc.seek(file, 3);
  assertEquals(libc.sendfile(server, file, 2n), 2);
  assertEquals(libc.sendfile(server, file, 100n), 2);
  assertEquals(libc.sendfile(server, file, 100n), 0);
  const buffer = new Uint8Array(16);
  assertEquals(libc.recv(client, buffer, 16n, 0), 4);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, 4)), "tent");
});

libcTest("close: 0, or what it could not do", (libc) => {
  const fd = libc.eventfd();
  assertEquals([libc.close(fd), libc.close(fd)], [0, -c.EBADF]);
});

testWith(["ffi", "run"], "Libc, nameThread: the system knows the thread by its name", async () => {
  const name = "ftplab libc 15c";
  new Libc().nameThread(`${name} and more`);
  const args = ["-c", `cat /proc/${Deno.pid}/task/*/comm`];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), `${name}\n`);
}, absent);
