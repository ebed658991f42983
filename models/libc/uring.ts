/**
 * io_uring(7) through FFI: a ring of operations to be done and a ring of those that are done, both
 * in memory shared with the kernel. bench/lab/completions.ts drives it.
 *
 * Readiness says that a call would not wait, and the call follows. Here the call itself is written
 * down as a submission, any number of them are handed over by one io_uring_enter(2), and each is
 * answered by a completion. The C library has no names for its calls: they go by syscall(2).
 *
 * One ring belongs to one thread. Its buffers stay where they are for as long as it is open, since
 * the kernel writes into them between two calls.
 *
 * @module
 */

import { EINVAL, EPERM } from "./constants.ts";
import { errorText } from "./errors.ts";

const SYMBOLS = {
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
  // long syscall(long number, ...): int io_uring_setup(u32 entries, struct io_uring_params *p)
  io_uring_setup: { name: "syscall", parameters: ["i64", "u32", "buffer"], result: "i32" },
  // long syscall(long number, ...): int io_uring_enter(unsigned int fd, unsigned int to_submit,
  //   unsigned int min_complete, unsigned int flags, const void *arg, size_t size)
  io_uring_enter: {
    name: "syscall",
    parameters: ["i64", "u32", "u32", "u32", "u32", "pointer", "usize"],
    result: "i32",
  },
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  // int munmap(void *addr, size_t length)
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** <asm/unistd.h>, the same on x86-64 and arm64. */
const SYS_IO_URING_SETUP = 425n, SYS_IO_URING_ENTER = 426n;

/** <sys/mman.h> */
const PROT_READ_WRITE = 3, MAP_SHARED_POPULATE = 0x8001, MAP_FAILED = 2n ** 64n - 1n;

/** Which part of the ring an mmap(2) of its descriptor shows (io_uring_setup(2)). */
const OFFSET_RINGS = 0n, OFFSET_ENTRIES = 0x10000000n;

/** Only this thread submits, and completions come when it asks for them; both since Linux 6.1. */
const SETUP_FLAGS = 1 << 12 | 1 << 13;

/** io_uring_enter(2): also wait for completions. */
const ENTER_GETEVENTS = 1;

/** struct io_uring_params; where its offsets of the two rings are; one mapping shows both. */
const PARAMS_BYTES = 120, SQ_OFFSETS = 40, CQ_OFFSETS = 80, FEAT_SINGLE_MMAP = 1;

/** struct io_uring_sqe and io_uring_cqe. */
const SQE_BYTES = 64, CQE_BYTES = 16;

/** Operations (io_uring_enter(2)). */
const OP_NOP = 0, OP_SEND = 26, OP_RECV = 27;

/** IOSQE_IO_LINK: the next one begins when this one is done. */
const LINK = 1 << 2;

/** IOSQE_CQE_SKIP_SUCCESS: no completion unless it fails. */
const SILENT = 1 << 6;

const ENOSYS = 38;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let library: Library | undefined;

function symbols(): Library {
  return library ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** errno of the calling thread, to be read before anything else runs. */
function errnoOf(c: Library): Int32Array {
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(c.__errno_location()!, 4));
}

/** The descriptor of a new ring, or -errno; `params` tells its layout. */
function setUp(entries: number, params: DataView<ArrayBuffer>): number {
  const c = symbols();
  const errno = errnoOf(c);
  params.setUint32(8, SETUP_FLAGS, true);
  const octets = new Uint8Array(params.buffer);
  const fd = c.io_uring_setup(SYS_IO_URING_SETUP, entries, octets);
  return fd < 0 ? -errno[0]! : fd;
}

/** Why there is no ring to be had here, in one sentence, or undefined when there is. */
export function uringUnavailable(): string | undefined {
  const fd = setUp(1, new DataView(new ArrayBuffer(PARAMS_BYTES)));
  if (fd >= 0) {
    symbols().close(fd);
    return undefined;
  }
  switch (-fd) {
    case ENOSYS:
      return "the kernel has no io_uring, or a seccomp filter hides it";
    case EINVAL:
      return "the kernel's io_uring is older than Linux 6.1";
    case EPERM:
      return `${refusal()} forbids io_uring`;
    default:
      return `io_uring_setup(2) fails: ${errorText(-fd)}`;
  }
}

/** Who said EPERM: the system's switch (1: to ordinary users, 2: to all), or else a filter. */
function refusal(): string {
  try {
    const value = Deno.readTextFileSync("/proc/sys/kernel/io_uring_disabled").trim();
    if (value !== "0") return `the sysctl kernel.io_uring_disabled = ${value}`;
  } catch {
    // An older kernel has no such switch.
  }
  return "a seccomp filter";
}

/** One ring with memory for its operations. */
export class Ring {
  /** Calls of io_uring_enter(2) so far. */
  enters = 0;
  /** What operations send from and receive to; named by the offset in it. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly #c = symbols();
  readonly #errno = errnoOf(this.#c);
  readonly #fd: number;
  readonly #address: bigint;
  readonly #mappings: { readonly at: Deno.PointerValue; readonly bytes: number }[] = [];
  /** Both rings as the kernel sees them; positions are indexes of 32-bit words. */
  readonly #words: Uint32Array;
  readonly #sq: { head: number; tail: number; mask: number };
  readonly #cq: { head: number; tail: number; mask: number };
  readonly #entries: DataView;
  readonly #completions: DataView;
  /** Where the next submission goes; the kernel is told at the next `enter`. */
  #tail = 0;
  #submitted = 0;

  /**
   * @param entries submissions that one `enter` can hand over: a power of two
   * @param bytes the size of `memory`
   * @throws {Error} when uringUnavailable() gives a reason.
   */
  constructor(entries: number, bytes: number) {
    const params = new DataView(new ArrayBuffer(PARAMS_BYTES));
    this.#fd = setUp(entries, params);
    if (this.#fd < 0) throw new Error(`Cannot make a ring: ${errorText(-this.#fd)}`);
    const word = (offset: number) => params.getUint32(offset, true);
    if ((word(20) & FEAT_SINGLE_MMAP) === 0) throw new Error("Cannot map both rings at once");
    const [sqEntries, cqEntries] = [word(0), word(4)];
    const [array, cqes] = [word(SQ_OFFSETS + 24), word(CQ_OFFSETS + 20)];
    const size = Math.max(array + sqEntries * 4, cqes + cqEntries * CQE_BYTES);
    const rings = this.#map(size, OFFSET_RINGS);
    this.#words = new Uint32Array(rings, 0, size >> 2);
    this.#completions = new DataView(rings, cqes);
    this.#entries = new DataView(this.#map(sqEntries * SQE_BYTES, OFFSET_ENTRIES));
    const at = (offset: number) => word(offset) >> 2;
    this.#sq = { head: at(SQ_OFFSETS), tail: at(SQ_OFFSETS + 4), mask: sqEntries - 1 };
    const [head, tail] = [at(CQ_OFFSETS), at(CQ_OFFSETS + 4)];
    this.#cq = { head, tail, mask: cqEntries - 1 };
    // The ring holds indexes of entries; entry n always goes to place n.
    for (let index = 0; index < sqEntries; index++) this.#words[(array >> 2) + index] = index;
    this.memory = new Uint8Array(bytes);
    this.#address = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.memory)));
  }

  /** Writes down: does nothing, and says so by a completion with `tag`. */
  nop(tag: number): void {
    this.#write(OP_NOP, 0, -1, 0, 0, tag);
  }

  /** Writes down: receive up to `length` octets from `fd` to `memory` at `offset`. */
  recv(fd: number, offset: number, length: number, tag: number): void {
    this.#write(OP_RECV, 0, fd, offset, length, tag);
  }

  /**
   * Writes down: send `length` octets of `memory` at `offset` to `fd`, and then what is written
   * down next. It completes, with `tag`, only when it fails: the next one is then cancelled, and
   * does not complete either.
   */
  sendThen(fd: number, offset: number, length: number, tag: number): void {
    this.#write(OP_SEND, LINK | SILENT, fd, offset, length, tag);
  }

  /**
   * Hands over all that is written down, and waits until `least` operations have completed, in one
   * call of the kernel.
   */
  enter(least: number): void {
    Atomics.store(this.#words, this.#sq.tail, this.#tail);
    const count = this.#tail - this.#submitted >>> 0;
    this.enters += 1;
    const taken = this.#c.io_uring_enter(
      SYS_IO_URING_ENTER,
      this.#fd,
      count,
      least,
      ENTER_GETEVENTS,
      null,
      0n,
    );
    if (taken < 0) throw new Error(`Cannot enter the ring: ${errorText(this.#errno[0]!)}`);
    this.#submitted = this.#submitted + taken >>> 0;
  }

  /** Tells what has completed: `result` is what the call would have returned, or -errno. */
  reap(onCompletion: (tag: number, result: number) => void): void {
    const tail = Atomics.load(this.#words, this.#cq.tail);
    let head = this.#words[this.#cq.head]!;
    for (; head !== tail; head = head + 1 >>> 0) {
      const at = (head & this.#cq.mask) * CQE_BYTES;
      const tag = this.#completions.getUint32(at, true);
      onCompletion(tag, this.#completions.getInt32(at + 8, true));
    }
    Atomics.store(this.#words, this.#cq.head, head);
  }

  /** Ends what is under way, and gives all back. */
  close(): void {
    this.#c.close(this.#fd);
    for (const { at, bytes } of this.#mappings) this.#c.munmap(at, BigInt(bytes));
  }

  #write(
    operation: number,
    flags: number,
    fd: number,
    offset: number,
    length: number,
    tag: number,
  ): void {
    const head = Atomics.load(this.#words, this.#sq.head);
    if ((this.#tail - head >>> 0) > this.#sq.mask) throw new Error("The ring is full");
    const at = (this.#tail & this.#sq.mask) * SQE_BYTES;
    const entry = this.#entries;
    for (let byte = 0; byte < SQE_BYTES; byte += 8) entry.setBigUint64(at + byte, 0n, true);
    entry.setUint8(at, operation);
    entry.setUint8(at + 1, flags);
    entry.setInt32(at + 4, fd, true);
    entry.setBigUint64(at + 16, this.#address + BigInt(offset), true);
    entry.setUint32(at + 24, length, true);
    entry.setUint32(at + 32, tag, true);
    this.#tail = this.#tail + 1 >>> 0;
  }

  #map(bytes: number, offset: bigint): ArrayBuffer {
    const at = this.#c.mmap(
      null,
      BigInt(bytes),
      PROT_READ_WRITE,
      MAP_SHARED_POPULATE,
      this.#fd,
      offset,
    );
    if (at === null || BigInt(Deno.UnsafePointer.value(at)) === MAP_FAILED) {
      throw new Error(`Cannot map a ring: ${errorText(this.#errno[0]!)}`);
    }
    this.#mappings.push({ at, bytes });
    return Deno.UnsafePointerView.getArrayBuffer(at, bytes);
  }
}
