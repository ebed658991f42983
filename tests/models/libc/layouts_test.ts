/**
 * What crosses the border to the C library as plain data: layouts and numbers, as literals and as
 * the C compiler has them, and socket addresses as octets.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as constants from "../../../models/libc/constants.ts";
import { errorText } from "../../../models/libc/errors.ts";
import {
  decodeSocketAddress,
  encodeSocketAddress,
  EPOLL_EVENT_LAYOUTS,
  type Ipv6Text,
  POLLFD_BYTES,
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN_BYTES,
  type SocketAddress,
  TIMEVAL_BYTES,
} from "../../../models/libc/structs.ts";
import * as structs from "../../../models/libc/structs.ts";
import { missing, testWith } from "../../permission.ts";

const c = constants;

/** Everything that a machine's headers say of the structs in use. */
type Layout = Readonly<Record<string, number>>;

const SHARED_LAYOUT: Layout = {
  "sizeof(struct sockaddr_in)": 16,
  "offsetof(struct sockaddr_in, sin_family)": 0,
  "offsetof(struct sockaddr_in, sin_port)": 2,
  "offsetof(struct sockaddr_in, sin_addr)": 4,
  "sizeof(struct sockaddr_in6)": 28,
  "offsetof(struct sockaddr_in6, sin6_family)": 0,
  "offsetof(struct sockaddr_in6, sin6_port)": 2,
  "offsetof(struct sockaddr_in6, sin6_addr)": 8,
  "sizeof(struct pollfd)": 8,
  "offsetof(struct pollfd, fd)": 0,
  "offsetof(struct pollfd, events)": 4,
  "offsetof(struct pollfd, revents)": 6,
  "sizeof(fd_set)": 128,
  "sizeof(struct timeval)": 16,
  "offsetof(struct timeval, tv_usec)": 8,
  "sizeof(struct timespec)": 16,
  "offsetof(struct timespec, tv_nsec)": 8,
  "sizeof(socklen_t)": 4,
  "sizeof(nfds_t)": 8,
  "sizeof(off_t)": 8,
  "offsetof(struct tcp_info, tcpi_unacked)": 24,
  "sizeof(struct statx)": 256,
  "offsetof(struct statx, stx_nlink)": 16,
  "offsetof(struct statx, stx_uid)": 20,
  "offsetof(struct statx, stx_gid)": 24,
  "offsetof(struct statx, stx_mode)": 28,
  "offsetof(struct statx, stx_ino)": 32,
  "offsetof(struct statx, stx_size)": 40,
  "offsetof(struct statx, stx_mtime)": 112,
  "offsetof(struct statx, stx_dev_major)": 136,
  "offsetof(struct statx, stx_dev_minor)": 140,
  "sizeof(struct open_how)": 24,
  "sizeof(struct statfs)": 120,
  "offsetof(struct statfs, f_bsize)": 8,
  "offsetof(struct statfs, f_bavail)": 32,
  "offsetof(struct dirent64, d_reclen)": 16,
  "offsetof(struct dirent64, d_type)": 18,
  "offsetof(struct dirent64, d_name)": 19,
};

/** By `Deno.build.arch`: what the System V ABIs of the two machines give. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  x86_64: {
    ...SHARED_LAYOUT,
    "sizeof(struct epoll_event)": 12,
    "offsetof(struct epoll_event, data)": 4,
  },
  aarch64: {
    ...SHARED_LAYOUT,
    "sizeof(struct epoll_event)": 16,
    "offsetof(struct epoll_event, data)": 8,
  },
};

const HEADERS = [
  "dirent",
  "errno",
  "fcntl",
  "linux/openat2",
  "netinet/in",
  "netinet/tcp",
  "poll",
  "stddef",
  "stdio",
  "sys/epoll",
  "sys/eventfd",
  "sys/file",
  "sys/prctl",
  "sys/select",
  "sys/socket",
  "sys/stat",
  "sys/statfs",
  "sys/time",
  "time",
  "unistd",
];

/** What the C compiler makes of `expressions`. */
async function compiled(expressions: readonly string[]): Promise<Map<string, number>> {
  const folder = await Deno.makeTempDir({ prefix: "ftplab-headers-" });
  try {
    const lines = expressions.map((text) => `printf("%lld\\n", (long long)(${text}));`);
    const includes = HEADERS.map((header) => `#include <${header}.h>`);
    const source = ["#define _GNU_SOURCE", ...includes, "int main(void) {", ...lines, "}"];
    await Deno.writeTextFile(`${folder}/print.c`, source.join("\n"));
    await run("cc", ["-o", `${folder}/print`, `${folder}/print.c`]);
    const values = (await run(`${folder}/print`, [])).trim().split("\n").map(Number);
    return new Map(expressions.map((text, index) => [text, values[index]!]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Why the headers cannot be asked here. */
function compilerMissing(): string | undefined {
  if (missing(["run"]).length > 0) return undefined;
  try {
    new Deno.Command("cc", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch {
    return "there is no C compiler";
  }
}

/** Fields of struct statx in units of 32 bits. */
const STATX_FIELDS = [
  "NLINK",
  "UID",
  "GID",
  "MODE",
  "INO",
  "SIZE",
  "MTIME",
  "DEV_MAJOR",
  "DEV_MINOR",
] as const;

Deno.test("structs: the layouts are those of x86-64 and arm64", () => {
  for (const [arch, layout] of Object.entries(LAYOUTS)) {
    assertEquals(EPOLL_EVENT_LAYOUTS[arch], {
      bytes: layout["sizeof(struct epoll_event)"]!,
      dataOffset: layout["offsetof(struct epoll_event, data)"]!,
    });
    assertEquals(SOCKADDR_IN_BYTES, layout["sizeof(struct sockaddr_in)"]);
    assertEquals(SOCKADDR_IN6_BYTES, layout["sizeof(struct sockaddr_in6)"]);
    assertEquals(POLLFD_BYTES, layout["sizeof(struct pollfd)"]);
    assertEquals(c.FD_SETSIZE / 8, layout["sizeof(fd_set)"]);
    assertEquals(TIMEVAL_BYTES, layout["sizeof(struct timeval)"]);
    assertEquals(TIMEVAL_BYTES, layout["sizeof(struct timespec)"]);
    assertEquals(structs.STATX_BYTES, layout["sizeof(struct statx)"]);
    assertEquals(structs.OPEN_HOW_BYTES, layout["sizeof(struct open_how)"]);
    assertEquals(structs.STATFS_BYTES, layout["sizeof(struct statfs)"]);
    assertEquals(structs.STATFS_BSIZE * 8, layout["offsetof(struct statfs, f_bsize)"]);
    assertEquals(structs.STATFS_BAVAIL * 8, layout["offsetof(struct statfs, f_bavail)"]);
    assertEquals(structs.DIRENT_RECLEN, layout["offsetof(struct dirent64, d_reclen)"]);
    assertEquals(structs.DIRENT_TYPE, layout["offsetof(struct dirent64, d_type)"]);
    assertEquals(structs.DIRENT_NAME, layout["offsetof(struct dirent64, d_name)"]);
    for (const field of STATX_FIELDS) {
      const place = structs[`STATX_${field}`] * 4;
      assertEquals(place, layout[`offsetof(struct statx, stx_${field.toLowerCase()})`]);
    }
  }
  assertEquals(Object.keys(EPOLL_EVENT_LAYOUTS), Object.keys(LAYOUTS));
});

Deno.test("constants: the number that differs between machines is this machine's", () => {
  const byArch: Record<string, number> = { x86_64: 0o400000, aarch64: 0o100000 };
  assertEquals(c.O_NOFOLLOW, byArch[Deno.build.arch]);
  const directory: Record<string, number> = { x86_64: 0o200000, aarch64: 0o40000 };
  assertEquals(c.O_DIRECTORY, directory[Deno.build.arch]);
});

testWith(["run", "read", "write"], "structs: the C compiler gives the same layouts", async () => {
  const layout = LAYOUTS[Deno.build.arch]!;
  assertEquals(Object.fromEntries(await compiled(Object.keys(layout))), layout);
}, compilerMissing());

testWith(["run", "read", "write"], "constants: the C headers give the same numbers", async () => {
  const expected: Record<string, number> = { ...constants };
  assert(Object.keys(expected).length > 80);
  assertEquals(Object.fromEntries(await compiled(Object.keys(expected))), expected);
}, compilerMissing());

/** Enough of IPv6 for a pure test: what is given is one fixed address. */
const FIXED_IPV6: Ipv6Text = {
  parse: (text) => text === "fixed" ? Uint8Array.from({ length: 16 }, (_, at) => at) : undefined,
  format: (octets) => octets.every((octet, at) => octet === at) ? "fixed" : "another",
};

Deno.test("encodeSocketAddress: octets in the kernel's order, and back", () => {
  const ipv4: SocketAddress = { family: 4, host: "192.0.2.255", port: 0x1234 };
  const encoded = encodeSocketAddress(ipv4, FIXED_IPV6)!;
  assertEquals([...encoded], [2, 0, 0x12, 0x34, 192, 0, 2, 255, ...new Array(8).fill(0)]);
  assertEquals(decodeSocketAddress(encoded, FIXED_IPV6), ipv4);

  const ipv6: SocketAddress = { family: 6, host: "fixed", port: 65_535 };
  const octets = encodeSocketAddress(ipv6, FIXED_IPV6)!;
  assertEquals(octets.length, 28);
  assertEquals([...octets.subarray(0, 8)], [10, 0, 255, 255, 0, 0, 0, 0]);
  assertEquals([...octets.subarray(8, 24)], Array.from({ length: 16 }, (_, at) => at));
  assertEquals(decodeSocketAddress(octets, FIXED_IPV6), ipv6);
});

Deno.test("encodeSocketAddress: what is no dotted quad has no octets", () => {
  const texts = ["1.2.3", "1.2.3.4.5", "256.1.1.1", "-1.2.3.4", "a.b.c.d", "", "1.5.2.3.4"];
  const lenient = ["1.2.3.", "0x7f.0.0.1", "1.2.3.4.", " 1.2.3.4", "1.2.3.0.5", "1e1.0.0.1"];
  for (const host of [...texts, ...lenient]) {
    assertEquals(encodeSocketAddress({ family: 4, host, port: 1 }, FIXED_IPV6), undefined, host);
  }
  const host = "127.0.0.1";
  assertEquals(encodeSocketAddress({ family: 6, host, port: 1 }, FIXED_IPV6), undefined);
});

Deno.test("decodeSocketAddress: an IPv4-mapped address is an IPv4 address", () => {
  const octets = new Uint8Array(SOCKADDR_IN6_BYTES);
  octets.set([10, 0, 0x08, 0x49]);
  octets.set([0xff, 0xff, 127, 1, 2, 3], 18);
  const mapped: SocketAddress = { family: 4, host: "127.1.2.3", port: 2121 };
  assertEquals(decodeSocketAddress(octets, FIXED_IPV6), mapped);
  octets[8] = 1; // no longer ::ffff:0:0/96
  assertEquals(decodeSocketAddress(octets, FIXED_IPV6), { family: 6, host: "another", port: 2121 });
});

Deno.test("errorText: known numbers in words, unknown ones as numbers", () => {
  assertEquals(errorText(c.EADDRINUSE), "address in use");
  assertEquals(errorText(c.EMFILE), "too many open files");
  assertEquals(errorText(9999), "error 9999");
});
