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
import * as abi from "../../../models/libc/uring_abi.ts";
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
  "offsetof(struct statx, stx_ctime)": 96,
  "offsetof(struct statx, stx_mtime)": 112,
  "offsetof(struct statx, stx_dev_major)": 136,
  "offsetof(struct statx, stx_dev_minor)": 140,
  "sizeof(struct open_how)": 24,
  "sizeof(struct statfs)": 120,
  "offsetof(struct statfs, f_bsize)": 8,
  "offsetof(struct statfs, f_blocks)": 16,
  "offsetof(struct statfs, f_bavail)": 32,
  "offsetof(struct statfs, f_frsize)": 72,
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

/** struct io_uring_buf_ring begins with its first buffer, whose last field is the ring's tail. */
const RING_LAYOUT: Readonly<Record<string, readonly [expected: number, own: number]>> = {
  "sizeof(struct io_uring_params)": [120, abi.PARAMS_BYTES],
  "offsetof(struct io_uring_params, sq_entries)": [0, abi.PARAMS_SQ_ENTRIES],
  "offsetof(struct io_uring_params, cq_entries)": [4, abi.PARAMS_CQ_ENTRIES],
  "offsetof(struct io_uring_params, flags)": [8, abi.PARAMS_FLAGS],
  "offsetof(struct io_uring_params, sq_thread_idle)": [16, abi.PARAMS_SQ_IDLE],
  "offsetof(struct io_uring_params, features)": [20, abi.PARAMS_FEATURES],
  "offsetof(struct io_uring_params, sq_off)": [40, abi.PARAMS_SQ_OFF],
  "offsetof(struct io_uring_params, cq_off)": [80, abi.PARAMS_CQ_OFF],
  "offsetof(struct io_sqring_offsets, head)": [0, abi.SQ_OFF_HEAD],
  "offsetof(struct io_sqring_offsets, tail)": [4, abi.SQ_OFF_TAIL],
  "offsetof(struct io_sqring_offsets, flags)": [16, abi.SQ_OFF_FLAGS],
  "offsetof(struct io_sqring_offsets, array)": [24, abi.SQ_OFF_ARRAY],
  "offsetof(struct io_cqring_offsets, head)": [0, abi.CQ_OFF_HEAD],
  "offsetof(struct io_cqring_offsets, tail)": [4, abi.CQ_OFF_TAIL],
  "offsetof(struct io_cqring_offsets, cqes)": [20, abi.CQ_OFF_CQES],
  "sizeof(struct io_uring_sqe)": [64, abi.SQE_BYTES],
  "offsetof(struct io_uring_sqe, opcode)": [0, 0],
  "offsetof(struct io_uring_sqe, flags)": [1, abi.SQE_FLAGS_SHIFT / 8],
  "offsetof(struct io_uring_sqe, ioprio)": [2, abi.SQE_IOPRIO_SHIFT / 8],
  "offsetof(struct io_uring_sqe, fd)": [4, abi.SQE_FD * 4],
  "offsetof(struct io_uring_sqe, off)": [8, abi.SQE_OFF * 4],
  "offsetof(struct io_uring_sqe, addr)": [16, abi.SQE_ADDR * 4],
  "offsetof(struct io_uring_sqe, len)": [24, abi.SQE_LEN * 4],
  "offsetof(struct io_uring_sqe, msg_flags)": [28, abi.SQE_OP_FLAGS * 4],
  "offsetof(struct io_uring_sqe, user_data)": [32, abi.SQE_USER_DATA * 4],
  "offsetof(struct io_uring_sqe, buf_group)": [40, abi.SQE_BUF_GROUP * 4],
  "sizeof(struct io_uring_cqe)": [16, abi.CQE_BYTES],
  "offsetof(struct io_uring_cqe, res)": [8, abi.CQE_RES * 4],
  "offsetof(struct io_uring_cqe, flags)": [12, abi.CQE_FLAGS * 4],
  "sizeof(struct io_uring_buf)": [16, abi.BUF_BYTES],
  "offsetof(struct io_uring_buf, len)": [8, abi.BUF_LEN],
  "offsetof(struct io_uring_buf, bid)": [12, abi.BUF_BID],
  "offsetof(struct io_uring_buf_ring, tail)": [14, abi.BUF_TAIL],
  "sizeof(struct io_uring_buf_reg)": [40, abi.BUF_REG_BYTES],
  "offsetof(struct io_uring_buf_reg, ring_entries)": [8, abi.BUF_REG_ENTRIES],
  "offsetof(struct io_uring_buf_reg, bgid)": [12, abi.BUF_REG_GROUP],
  "sizeof(struct io_uring_getevents_arg)": [24, abi.EVENTS_ARG_BYTES],
  "offsetof(struct io_uring_getevents_arg, ts)": [16, abi.EVENTS_ARG_TIMEOUT],
  "IORING_SETUP_SQPOLL": [2, abi.SETUP_SQPOLL],
  "IORING_SETUP_CQSIZE": [8, abi.SETUP_CQSIZE],
  "IORING_SETUP_SUBMIT_ALL": [0x80, abi.SETUP_SUBMIT_ALL],
  "IORING_SETUP_SINGLE_ISSUER": [0x1000, abi.SETUP_SINGLE_ISSUER],
  "IORING_SETUP_DEFER_TASKRUN": [0x2000, abi.SETUP_DEFER_TASKRUN],
  "IORING_FEAT_SINGLE_MMAP": [1, abi.FEAT_SINGLE_MMAP],
  "IORING_FEAT_EXT_ARG": [0x100, abi.FEAT_EXT_ARG],
  "IORING_ENTER_GETEVENTS": [1, abi.ENTER_GETEVENTS],
  "IORING_ENTER_SQ_WAKEUP": [2, abi.ENTER_SQ_WAKEUP],
  "IORING_ENTER_SQ_WAIT": [4, abi.ENTER_SQ_WAIT],
  "IORING_ENTER_EXT_ARG": [8, abi.ENTER_EXT_ARG],
  "IORING_SQ_NEED_WAKEUP": [1, abi.SQ_NEED_WAKEUP],
  "IORING_SQ_CQ_OVERFLOW": [2, abi.SQ_CQ_OVERFLOW],
  "IORING_REGISTER_PBUF_RING": [22, abi.REGISTER_PBUF_RING],
  "IORING_OP_NOP": [0, abi.OP_NOP],
  "IORING_OP_POLL_ADD": [6, abi.OP_POLL_ADD],
  "IORING_OP_ACCEPT": [13, abi.OP_ACCEPT],
  "IORING_OP_ASYNC_CANCEL": [14, abi.OP_ASYNC_CANCEL],
  "IORING_OP_CLOSE": [19, abi.OP_CLOSE],
  "IORING_OP_READ": [22, abi.OP_READ],
  "IORING_OP_SEND": [26, abi.OP_SEND],
  "IORING_OP_RECV": [27, abi.OP_RECV],
  "IOSQE_IO_LINK": [4, abi.IOSQE_IO_LINK],
  "IOSQE_BUFFER_SELECT": [32, abi.IOSQE_BUFFER_SELECT],
  "IOSQE_CQE_SKIP_SUCCESS": [64, abi.IOSQE_CQE_SKIP_SUCCESS],
  "IORING_ACCEPT_MULTISHOT": [1, abi.ACCEPT_MULTISHOT],
  "IORING_RECV_MULTISHOT": [2, abi.RECV_MULTISHOT],
  "IORING_POLL_ADD_MULTI": [1, abi.POLL_ADD_MULTI],
  "IORING_RECVSEND_POLL_FIRST": [1, abi.RECVSEND_POLL_FIRST],
  "IORING_CQE_F_BUFFER": [1, abi.CQE_F_BUFFER],
  "IORING_CQE_F_MORE": [2, abi.CQE_F_MORE],
  "IORING_CQE_BUFFER_SHIFT": [16, abi.CQE_BUFFER_SHIFT],
  "IORING_OFF_SQES": [0x10000000, Number(abi.OFFSET_ENTRIES)],
  "SYS_io_uring_setup": [425, Number(abi.SYS_IO_URING_SETUP)],
  "SYS_io_uring_enter": [426, Number(abi.SYS_IO_URING_ENTER)],
  "SYS_io_uring_register": [427, Number(abi.SYS_IO_URING_REGISTER)],
};

const HEADERS = [
  "dirent",
  "errno",
  "fcntl",
  "linux/io_uring",
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
  "sys/syscall",
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
  "CTIME",
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
    for (const field of ["BSIZE", "BLOCKS", "BAVAIL", "FRSIZE"] as const) {
      const place = structs[`STATFS_${field}`] * 8;
      assertEquals(place, layout[`offsetof(struct statfs, f_${field.toLowerCase()})`]);
    }
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

Deno.test("freeOctets: blocks are fragments, where a file system tells their size", () => {
  const fieldsOf = (fields: Readonly<Record<number, bigint>>) => {
    const statfs = new BigUint64Array(structs.STATFS_BYTES / 8);
    for (const [at, value] of Object.entries(fields)) statfs[Number(at)] = value;
    return statfs;
  };
  const { STATFS_BAVAIL, STATFS_BLOCKS, STATFS_BSIZE, STATFS_FRSIZE, freeOctets } = structs;
  const counted = { [STATFS_BSIZE]: 1n << 20n, [STATFS_BLOCKS]: 1000n, [STATFS_BAVAIL]: 10n };
  assertEquals(freeOctets(fieldsOf(counted)), 10 * 2 ** 20);
  assertEquals(freeOctets(fieldsOf({ ...counted, [STATFS_FRSIZE]: 4096n })), 40_960);
  assertEquals(freeOctets(fieldsOf({ ...counted, [STATFS_BLOCKS]: 0n })), undefined);
});

Deno.test("uring: the layouts and numbers are io_uring's", () => {
  for (const [name, [expected, own]] of Object.entries(RING_LAYOUT)) {
    assertEquals(own, expected, name);
  }
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

testWith(["run", "read", "write"], "uring: the C compiler gives the same", async () => {
  const own = Object.entries(RING_LAYOUT).map(([name, [expected]]) => [name, expected] as const);
  assertEquals([...await compiled(own.map(([name]) => name))], own.map(([...pair]) => pair));
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
  const numbers = Object.entries(constants).filter(([name]) => /^E(?!POLL|FD_)/.test(name));
  assert(numbers.length > 50);
  for (const [name, number] of numbers) assert(!errorText(number).startsWith("error "), name);
});
