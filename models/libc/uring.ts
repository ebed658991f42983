/**
 * io_uring(7) through FFI: a ring of operations to be done and a ring of those that are done, both
 * in memory shared with the kernel. models/uring/ serves by it, and
 * bench/lab/completions.ts shows it.
 *
 * Readiness says that a call would not wait, and the call follows. Here the call itself is written
 * down as a submission, any number of them are handed over by one io_uring_enter(2), and each is
 * answered by a completion. The C library has no names for its calls: they go by syscall(2).
 *
 * One ring belongs to one thread. Memory that an operation names has to stay where it is until the
 * completion came: the kernel reads and writes there between two calls.
 *
 * @module
 */

import * as c from "./constants.ts";
import { errorText } from "./errors.ts";
import { errnoOf, INDEX, symbols } from "./library.ts";
import { SOCKADDR_IN6_BYTES } from "./structs.ts";
import { CALL_NAMES } from "./symbols.ts";
import * as abi from "./uring_abi.ts";
import { RingError, type RingPlan, setUp } from "./uring_setup.ts";

/** <sys/mman.h> */
const PROT_READ_WRITE = 3, MAP_SHARED_POPULATE = 0x8001, MAP_FAILED = 2n ** 64n - 1n;

/** In both halves of an offset: the file's own position. */
const CURRENT = 0xffffffff;

/** All or less, without waiting: less is a failure, which ends a chain (io_uring_enter(2)). */
const SEND_NOW = c.MSG_NOSIGNAL | c.MSG_WAITALL | c.MSG_DONTWAIT;

const SEND_THEN = abi.OP_SEND | abi.IOSQE_IO_LINK << abi.SQE_FLAGS_SHIFT;

/** A place that is not used, which nobody hears of. */
const NOTHING = abi.OP_NOP | abi.IOSQE_CQE_SKIP_SUCCESS << abi.SQE_FLAGS_SHIFT;

/** What io_uring_enter(2) says without being broken. */
const PASSING: ReadonlySet<number> = new Set([c.ETIME, c.EINTR, c.EAGAIN, c.EBUSY, c.ENOMEM]);

/** Any other error is believed when it comes so often in a row: errno is another's now and then. */
const FAILURES_MAX = 3;

/** How often a full ring is handed over in vain, for want of memory, before that is a failure. */
const FULL_TRIES_MAX = 8;

const NO_OCTETS = new Uint8Array(0);

/** struct timespec: two 64-bit fields. */
const TIMESPEC_BYTES = 16;

const EVENTS_ARG_LENGTH = BigInt(abi.EVENTS_ARG_BYTES);

/** Told of each completion; `result` is what the call would have returned, or -errno. */
export type OnCompletion = (tag: number, result: number, flags: number) => void;

/** Where `octets` begin in the memory of the process: below 2^47, so a number holds it. */
export function memoryAddress(octets: Uint8Array<ArrayBuffer>): number {
  void octets.buffer; // from now on a small array is not on the heap, where it would be moved
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(octets)));
}

/** One ring. */
export class Ring {
  readonly #c = symbols();
  readonly #errno = errnoOf(this.#c);
  readonly #fd: number;
  /** A thread of the kernel looks for submissions. */
  readonly polled: boolean;
  readonly #mappings: { readonly at: Deno.PointerValue; readonly bytes: number }[] = [];
  /** Both rings as the kernel sees them; positions are indexes of 32-bit words. */
  readonly #words: Uint32Array;
  readonly #results: Int32Array;
  readonly #sq: { head: number; tail: number; flags: number; mask: number };
  readonly #cq: { head: number; tail: number; mask: number; cqes: number };
  readonly #entries: Uint32Array;
  /** struct io_uring_getevents_arg, and the struct timespec that it points to or not. */
  readonly #arg = new Uint8Array(abi.EVENTS_ARG_BYTES);
  readonly #argTimeout = new BigUint64Array(this.#arg.buffer, abi.EVENTS_ARG_TIMEOUT, 1);
  readonly #time = new BigInt64Array(TIMESPEC_BYTES / 8);
  readonly #timeAddress = BigInt(memoryAddress(new Uint8Array(this.#time.buffer)));
  /** Where the next submission goes; the kernel is told at the next `enter`. */
  #tail = 0;
  #submitted = 0;
  /** Surprising errors in a row. */
  #failures = 0;

  /**
   * @param calls one number per name of CALL_NAMES, counted up here
   * @throws {RingError} when the kernel refuses it, as uringUnavailable() of uring_setup.ts tells
   */
  constructor(plan: RingPlan, readonly calls: Float64Array = new Float64Array(CALL_NAMES.length)) {
    const params = new DataView(new ArrayBuffer(abi.PARAMS_BYTES));
    this.polled = plan.pollingIdleMs !== undefined;
    this.calls[INDEX.io_uring_setup]! += 1;
    this.#fd = setUp(this.#c, plan, params);
    if (this.#fd < 0) throw new RingError("io_uring_setup(2)", -this.#fd);
    const word = (offset: number) => params.getUint32(offset, true);
    const wanted = abi.FEAT_SINGLE_MMAP | abi.FEAT_EXT_ARG;
    if ((word(abi.PARAMS_FEATURES) & wanted) !== wanted) {
      throw this.#unmade("io_uring_setup(2)", c.EINVAL);
    }
    const [sqEntries, cqEntries] = [word(abi.PARAMS_SQ_ENTRIES), word(abi.PARAMS_CQ_ENTRIES)];
    const array = word(abi.PARAMS_SQ_OFF + abi.SQ_OFF_ARRAY);
    const cqes = word(abi.PARAMS_CQ_OFF + abi.CQ_OFF_CQES);
    const size = Math.max(array + sqEntries * 4, cqes + cqEntries * abi.CQE_BYTES);
    const rings = this.#map(size, abi.OFFSET_RINGS);
    this.#words = new Uint32Array(rings, 0, size >> 2);
    this.#results = new Int32Array(rings, 0, size >> 2);
    this.#entries = new Uint32Array(this.#map(sqEntries * abi.SQE_BYTES, abi.OFFSET_ENTRIES));
    const sq = (offset: number) => word(abi.PARAMS_SQ_OFF + offset) >> 2;
    const cq = (offset: number) => word(abi.PARAMS_CQ_OFF + offset) >> 2;
    const [head, tail, flags] = [sq(abi.SQ_OFF_HEAD), sq(abi.SQ_OFF_TAIL), sq(abi.SQ_OFF_FLAGS)];
    this.#sq = { head, tail, flags, mask: sqEntries - 1 };
    const [cqHead, cqTail] = [cq(abi.CQ_OFF_HEAD), cq(abi.CQ_OFF_TAIL)];
    this.#cq = { head: cqHead, tail: cqTail, mask: cqEntries - 1, cqes: cqes >> 2 };
    // The ring holds indexes of entries; entry n always goes to place n.
    for (let index = 0; index < sqEntries; index++) this.#words[(array >> 2) + index] = index;
  }

  /** Calls of io_uring_enter(2) so far. */
  get enters(): number {
    return this.calls[INDEX.io_uring_enter]!;
  }

  // --- what is written down ---

  /**
   * Sees that the next `count` entries are handed over together: what was written down before them
   * goes first if they do not fit. A chain ends where what is handed over does (io_uring_enter(2),
   * IOSQE_IO_LINK), so whoever writes one down reserves it.
   */
  reserve(count: number): void {
    for (let tries = 0; this.#room < count; tries++) {
      if (tries === FULL_TRIES_MAX) throw new Error("The ring is full");
      // The kernel's thread is waited for only by who finds no room at all.
      while (this.polled && this.#room > 0) this.#write(NOTHING, -1, 0, 0, 0, 0);
      Atomics.store(this.#words, this.#sq.tail, this.#tail);
      this.#enter(0, this.polled ? abi.ENTER_SQ_WAIT : 0, NO_OCTETS, 0n);
    }
  }

  /** Does nothing, and says so. */
  nop(tag: number): void {
    this.#write(abi.OP_NOP, -1, 0, 0, 0, tag);
  }

  /** Receives up to `length` octets from `fd` to `address`. */
  recv(fd: number, address: number, length: number, tag: number): void {
    this.#write(abi.OP_RECV, fd, address, length, 0, tag);
  }

  /**
   * Receives from `fd` again and again, each time into a buffer of the BufferRing `group`, until
   * the end, an error, or none is left (ENOBUFS): each completion says by CQE_F_MORE whether
   * another one follows. Nothing is thought to be there already.
   */
  recvMany(fd: number, group: number, tag: number): void {
    const kind = abi.OP_RECV | abi.IOSQE_BUFFER_SELECT << abi.SQE_FLAGS_SHIFT |
      (abi.RECV_MULTISHOT | abi.RECVSEND_POLL_FIRST) << abi.SQE_IOPRIO_SHIFT;
    this.#entries[this.#write(kind, fd, 0, 0, 0, tag) + abi.SQE_BUF_GROUP] = group;
  }

  /** Sends as many of `length` octets at `address` as are taken first, and waits until some are. */
  send(fd: number, address: number, length: number, tag: number): void {
    this.#write(abi.OP_SEND, fd, address, length, c.MSG_NOSIGNAL, tag);
  }

  /**
   * Sends as much as is taken at once. It completes, with `tag`, only when that is not all, by the
   * time that the `enter` which hands it over has returned; not where a thread of the kernel looks.
   */
  sendNow(fd: number, address: number, length: number, tag: number): void {
    const kind = abi.OP_SEND | abi.IOSQE_CQE_SKIP_SUCCESS << abi.SQE_FLAGS_SHIFT;
    this.#write(kind, fd, address, length, SEND_NOW, tag);
  }

  /** Sends what is taken at once; what is written down next is cancelled unless that was all. */
  sendThen(fd: number, address: number, length: number, tag: number): void {
    this.#write(SEND_THEN, fd, address, length, SEND_NOW, tag);
  }

  /** Sends all, then what is next; it completes only when it fails, and what follows not even then. */
  sendSilentlyThen(fd: number, address: number, length: number, tag: number): void {
    const kind = SEND_THEN | abi.IOSQE_CQE_SKIP_SUCCESS << abi.SQE_FLAGS_SHIFT;
    this.#write(kind, fd, address, length, c.MSG_NOSIGNAL | c.MSG_WAITALL, tag);
  }

  /** Accepts from the listener `fd` again and again, as `recvMany` receives: new descriptors. */
  acceptMany(fd: number, flags: number, tag: number): void {
    const kind = abi.OP_ACCEPT | abi.ACCEPT_MULTISHOT << abi.SQE_IOPRIO_SHIFT;
    this.#write(kind, fd, 0, 0, c.SOCK_CLOEXEC | flags, tag);
  }

  /**
   * Accepts one connection from the listener `fd`. Its sockaddr goes to `address`, where there is
   * room for SOCKADDR_IN6_BYTES, which the u32 behind them says.
   */
  accept(fd: number, address: number, flags: number, tag: number): void {
    const at = this.#write(abi.OP_ACCEPT, fd, address, 0, c.SOCK_CLOEXEC | flags, tag);
    this.#setPointer(at + abi.SQE_OFF, address + SOCKADDR_IN6_BYTES);
  }

  /** Closes `fd`. */
  closeDescriptor(fd: number, tag: number): void {
    this.#write(abi.OP_CLOSE, fd, 0, 0, 0, tag);
  }

  /**
   * Reads `length` octets at the position of the file `fd` to `address`, and then does what is
   * written down next: unless all are read, that is cancelled.
   */
  readThen(fd: number, address: number, length: number, tag: number): void {
    const kind = abi.OP_READ | abi.IOSQE_IO_LINK << abi.SQE_FLAGS_SHIFT;
    const at = this.#write(kind, fd, address, length, 0, tag);
    this.#entries.fill(CURRENT, at + abi.SQE_OFF, at + abi.SQE_OFF + 2);
  }

  /** Waits once until `fd` is ready for one of `events` (poll(2)). */
  poll(fd: number, events: number, tag: number): void {
    this.#write(abi.OP_POLL_ADD, fd, 0, 0, events, tag);
  }

  /** The same again and again; readiness that lasts is told once. */
  pollMany(fd: number, events: number, tag: number): void {
    this.#write(abi.OP_POLL_ADD, fd, 0, abi.POLL_ADD_MULTI, events, tag);
  }

  /** Cancels what has `other` as its tag, which then completes; with `tag` if there is no such. */
  cancel(other: number, tag: number): void {
    const kind = abi.OP_ASYNC_CANCEL | abi.IOSQE_CQE_SKIP_SUCCESS << abi.SQE_FLAGS_SHIFT;
    this.#write(kind, -1, other, 0, 0, tag);
  }

  // --- the kernel's turn ---

  /**
   * Hands over all that is written down, and waits until `least` operations have completed or
   * `timeoutMs` have passed (-1: for ever), in one call of the kernel. A signal ends the wait.
   * Where a thread of the kernel looks, it takes no call while that is awake and something has
   * completed.
   *
   * @returns 0, or -errno: nothing was handed over, mostly for want of memory
   */
  enter(least: number, timeoutMs = -1): number {
    Atomics.store(this.#words, this.#sq.tail, this.#tail);
    if (this.polled && !this.#sleeps() && (least === 0 || this.completed > 0)) {
      this.#submitted = this.#tail;
      return 0;
    }
    const timed = timeoutMs >= 0 && least > 0;
    if (timed) this.#setTime(timeoutMs);
    this.#argTimeout[0] = timed ? this.#timeAddress : 0n;
    const flags = abi.ENTER_GETEVENTS | abi.ENTER_EXT_ARG;
    return this.#enter(least, flags, this.#arg, EVENTS_ARG_LENGTH);
  }

  /** Whether the kernel has taken all that was written down. */
  get handedOver(): boolean {
    return this.#submitted === this.#tail;
  }

  /** How many have completed and are to be told. */
  get completed(): number {
    const { tail, head } = this.#cq;
    return Atomics.load(this.#words, tail) - this.#words[head]! >>> 0;
  }

  /** More have completed than there is room for: an `enter` brings the rest when these are told. */
  get overflows(): boolean {
    return (Atomics.load(this.#words, this.#sq.flags) & abi.SQ_CQ_OVERFLOW) !== 0;
  }

  /** Tells the tags of what has completed, all of which `reap` will tell again. */
  look(onTag: (tag: number) => void): void {
    const { head, mask, cqes } = this.#cq;
    const tail = Atomics.load(this.#words, this.#cq.tail);
    for (let at = this.#words[head]!; at !== tail; at = at + 1 >>> 0) {
      onTag(this.#words[cqes + (at & mask) * abi.CQE_WORDS]!);
    }
  }

  /** Tells what has completed, and makes room for more. */
  reap(onCompletion: OnCompletion): void {
    const { head: headAt, mask, cqes } = this.#cq;
    const tail = Atomics.load(this.#words, this.#cq.tail);
    for (let head = this.#words[headAt]!; head !== tail;) {
      const at = cqes + (head & mask) * abi.CQE_WORDS;
      const tag = this.#words[at]!;
      const result = this.#results[at + abi.CQE_RES]!;
      const flags = this.#words[at + abi.CQE_FLAGS]!;
      head = head + 1 >>> 0;
      Atomics.store(this.#words, headAt, head);
      onCompletion(tag, result, flags);
    }
  }

  /** io_uring_register(2); 0, or -errno. */
  register(what: number, argument: Uint8Array<ArrayBuffer>, count: number): number {
    this.calls[INDEX.io_uring_register]! += 1;
    const { io_uring_register } = this.#c;
    const call = abi.SYS_IO_URING_REGISTER;
    return io_uring_register(call, this.#fd, what, argument, count) < 0 ? -this.#errno[0]! : 0;
  }

  /** Ends what is under way, and gives all back; nothing is to be done with it any more. */
  close(): void {
    this.calls[INDEX.close]! += 1;
    this.#c.close(this.#fd);
    for (const { at, bytes } of this.#mappings) {
      this.calls[INDEX.munmap]! += 1;
      this.#c.munmap(at, BigInt(bytes));
    }
  }

  #enter(least: number, flags: number, arg: Uint8Array<ArrayBuffer>, length: bigint): number {
    const count = this.#tail - this.#submitted >>> 0;
    this.calls[INDEX.io_uring_enter]! += 1;
    const sleeps = this.polled && this.#sleeps();
    const taken = this.#c.io_uring_enter(
      abi.SYS_IO_URING_ENTER,
      this.#fd,
      count,
      least,
      sleeps ? flags | abi.ENTER_SQ_WAKEUP : flags,
      arg,
      length,
    );
    const error = taken < 0 ? this.#errno[0]! : 0;
    if (taken >= 0) this.#submitted = this.#submitted + taken >>> 0;
    this.#failures = error === 0 || PASSING.has(error) ? 0 : this.#failures + 1;
    if (this.#failures >= FAILURES_MAX) {
      throw new Error(`Cannot enter the ring: ${errorText(error)}`);
    }
    return error === c.ETIME || error === c.EINTR ? 0 : -error;
  }

  /** The index of an entry with these fields, the rest zero; a full ring is handed over first. */
  #write(
    kind: number,
    fd: number,
    address: number,
    length: number,
    operationFlags: number,
    tag: number,
  ): number {
    const entries = this.#entries;
    this.reserve(1);
    const at = (this.#tail & this.#sq.mask) * abi.SQE_WORDS;
    entries[at] = kind;
    entries[at + abi.SQE_FD] = fd;
    this.#setPointer(at + abi.SQE_OFF, 0);
    this.#setPointer(at + abi.SQE_ADDR, address);
    entries[at + abi.SQE_LEN] = length;
    entries[at + abi.SQE_OP_FLAGS] = operationFlags;
    entries[at + abi.SQE_USER_DATA] = tag;
    entries[at + abi.SQE_BUF_GROUP] = 0; // what no operation here uses is zero from the beginning
    this.#tail = this.#tail + 1 >>> 0;
    return at;
  }

  #setPointer(at: number, address: number): void {
    this.#entries[at] = address;
    this.#entries[at + 1] = address / 2 ** 32;
  }

  /** Entries that can be written down now. */
  get #room(): number {
    const head = Atomics.load(this.#words, this.#sq.head);
    return this.#sq.mask + 1 - (this.#tail - head >>> 0);
  }

  /** The kernel's thread wants to be woken. */
  #sleeps(): boolean {
    return (Atomics.load(this.#words, this.#sq.flags) & abi.SQ_NEED_WAKEUP) !== 0;
  }

  #setTime(milliseconds: number): void {
    const seconds = Math.floor(milliseconds / 1e3);
    this.#time[0] = BigInt(seconds);
    this.#time[1] = BigInt(Math.round((milliseconds - seconds * 1e3) * 1e6));
  }

  #map(bytes: number, offset: bigint): ArrayBuffer {
    this.calls[INDEX.mmap]! += 1;
    const length = BigInt(bytes);
    const at = this.#c.mmap(null, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, this.#fd, offset);
    if (at === null || BigInt(Deno.UnsafePointer.value(at)) === MAP_FAILED) {
      throw this.#unmade("mmap(2)", this.#errno[0]!);
    }
    this.#mappings.push({ at, bytes });
    return Deno.UnsafePointerView.getArrayBuffer(at, bytes);
  }

  /** Gives back what there is of it; the error to throw. */
  #unmade(call: string, errno: number): RingError {
    this.close();
    return new RingError(call, errno);
  }
}
