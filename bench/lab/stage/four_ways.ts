/**
 * Four ways to get one message from a socket, each with an account of its calls: how long the thread
 * was stopped in them, and who copied. The kernel tells both: a thread that sleeps is counted as a
 * voluntary switch, and the pages of the buffer are given back before, so whoever copies to them
 * pays a page fault each. four_models.ts compares them.
 *
 * @module
 */

import { EAGAIN, EINTR, MSG_DONTWAIT } from "../../../models/libc/constants.ts";
import { LessonCalls } from "../../../models/libc/lesson_calls.ts";
import { Libc } from "../../../models/libc/mod.ts";
import { alignedBuffer, Probe } from "../../../models/libc/probe.ts";
import { memoryAddress, Ring } from "../../../models/libc/uring.ts";
import { READ, ReadyList } from "../../../models/selector/mod.ts";
import { LessonError } from "../lesson.ts";
import type { Later } from "./later.ts";
import { giveBack } from "./missing_pages.ts";
import { pause } from "./pause.ts";
import { selectorOf } from "./selectors.ts";

/** Octets of a message: they fit in the kernel's buffers, so they come together. */
export const MESSAGE_BYTES = 32 << 10;

/** A thread of the kernel that looks for submissions goes to sleep after that, milliseconds. */
const IDLE_MS = 1;

/** How long a message is waited for, milliseconds. */
const PATIENCE_MS = 10_000;

const LATE = "A message did not come in time";

/** About that long is the thread's own work between two looks, milliseconds. */
const WORK_MS = 0.2;

/** One of the two phases, all messages added up. */
export interface Phase {
  /** Calls of the kernel. */
  calls: number;
  /** Of them those in which the thread slept. */
  slept: number;
  /** Time in those, less the processor's, milliseconds; who is only interrupted is not stopped. */
  stoppedMs: number;
  /** Processor time in calls, microseconds. */
  cpuUs: number;
  /** Pages of the buffer that this thread copied to, not somebody else. */
  pages: number;
}

/** What a way took. */
export interface Account {
  /** Calls that brought no octet. */
  readonly waiting: Phase;
  /** Calls that brought octets; a call that did both counts here, where it ended. */
  readonly copying: Phase;
  /** Units of its own work that the thread did meanwhile. */
  worked: number;
  /** Octets that came, and were right. */
  octets: number;
}

/** A call's result: octets that it brought. */
type Call = () => number;

/** What a way can do: calls that are measured, and the thread's own work. */
export class Meter {
  readonly buffer = alignedBuffer(MESSAGE_BYTES);
  readonly account: Account = { waiting: phase(), copying: phase(), worked: 0, octets: 0 };
  readonly #probe = new Probe();
  readonly #more = new LessonCalls();
  #deadline = 0;

  /** A message is waited for from now on. */
  begin(): void {
    giveBack(this.#more, this.buffer);
    this.#deadline = performance.now() + PATIENCE_MS;
  }

  /**
   * Makes `call` and books it; the octets that it brought.
   *
   * @param made how many calls of the kernel there were so far, where `call` may take none
   */
  book(call: Call, made?: () => number): number {
    const [faults, slept] = [this.#probe.pageFaults(), this.#probe.switches().voluntary];
    const madeBefore = made?.() ?? 0;
    const [begun, cpu] = [performance.now(), this.#probe.cpuUs()];
    const count = call();
    const cpuUs = this.#probe.cpuUs() - cpu, ms = performance.now() - begun;
    const part = count > 0 ? this.account.copying : this.account.waiting;
    part.calls += made === undefined ? 1 : made() - madeBefore;
    if (this.#probe.switches().voluntary > slept) {
      part.slept++;
      part.stoppedMs += Math.max(0, ms - cpuUs / 1e3);
    }
    part.cpuUs += cpuUs;
    // A call that waits touches pages of its own now and then.
    part.pages += count > 0 ? this.#probe.pageFaults() - faults : 0;
    return count;
  }

  /**
   * Does `work`, which begins before the buffer is handed over and ends when that is full: pages that
   * this thread misses in all that time count as copied, whatever it was about.
   */
  attend(work: () => void): void {
    const faults = this.#probe.pageFaults();
    work();
    this.account.copying.pages += this.#probe.pageFaults() - faults;
  }

  /** @throws {LessonError} when a message is overdue. */
  check(): void {
    if (performance.now() > this.#deadline) throw new LessonError(LATE);
  }

  /** The thread's own work for a moment. @throws {LessonError} when a message is overdue. */
  work(): void {
    this.check();
    const now = performance.now();
    while (performance.now() < now + WORK_MS) continue;
    this.account.worked++;
  }

  /** A message is there, as the first `count` octets of the buffer. */
  end(count: number): void {
    this.account.octets += this.buffer.subarray(0, count).filter((octet) => octet === 0x55).length;
  }
}

/** A way to get messages from a socket: one at each call, all of it. */
export interface Way extends Disposable {
  /** What it takes, added up. */
  readonly meter: Meter;
  /** Gets the next message; `due` makes the sender begin, as soon as all is prepared. */
  get(due: () => void): void;
}

/** recv(2) that waits until octets are there, as long as `fd` has patience, and then copies. */
export function blocking(fd: number): Way {
  const [libc, meter] = [new Libc(), new Meter()];
  return wayOf(meter, (due) => {
    due();
    for (let at = 0; at < MESSAGE_BYTES;) {
      const count = meter.book(() => received(libc, meter, fd, at, 0));
      if (count === 0) meter.check();
      at += count;
    }
  });
}

/** recv(2) that says EAGAIN until octets are there, and own work between two tries. */
export function polling(fd: number): Way {
  const [libc, meter] = [new Libc(), new Meter()];
  return wayOf(meter, (due) => {
    due();
    for (let at = 0; at < MESSAGE_BYTES;) {
      const count = meter.book(() => received(libc, meter, fd, at, MSG_DONTWAIT));
      if (count === 0) meter.work();
      at += count;
    }
  });
}

/** epoll_wait(2), which waits for all descriptors, and recv(2), which copies. */
export function multiplexed(fd: number): Way {
  const [libc, meter] = [new Libc(), new Meter()];
  const selector = selectorOf("epoll", libc);
  selector.set(fd, READ);
  const ready = new ReadyList();
  return wayOf(meter, (due) => {
    due();
    for (let at = 0; at < MESSAGE_BYTES;) {
      meter.book(() => (selector.wait(PATIENCE_MS, ready), 0));
      if (ready.count === 0) throw new LessonError(LATE);
      at += meter.book(() => received(libc, meter, fd, at, MSG_DONTWAIT));
    }
  }, () => selector.close());
}

/**
 * io_uring(7): the buffer is handed over, and the thread does its own work until the completion is
 * there. `apart`: a thread of the kernel takes submissions and copies; else this thread does, when
 * it enters the ring.
 */
export function asynchronous(fd: number, apart: boolean): Way {
  const meter = new Meter();
  const ring = new Ring(apart ? { entries: 4, pollingIdleMs: IDLE_MS } : { entries: 4 });
  const start = memoryAddress(meter.buffer);
  const enters = () => ring.enters;
  let brought = 0;
  const reap = () => {
    brought = 0;
    ring.reap((_tag, result) => brought = result);
    if (brought < 0) throw new LessonError("Cannot receive through the ring");
    return brought;
  };
  return wayOf(meter, (due) => {
    for (let at = 0; at < MESSAGE_BYTES; at += brought) {
      ring.recv(fd, start + at, MESSAGE_BYTES - at, 0);
      const complete = () => {
        meter.book(() => (ring.enter(0), 0), enters);
        if (at === 0) due();
        // Apart, the completion is seen in memory; else the ring has to be entered.
        const look = apart ? reap : () => meter.book(() => (ring.enter(0), reap()), enters);
        while (look() === 0) meter.work();
      };
      if (apart) meter.attend(complete);
      else complete();
    }
  }, () => ring.close());
}

function phase(): Phase {
  return { calls: 0, slept: 0, stoppedMs: 0, cpuUs: 0, pages: 0 };
}

function wayOf(meter: Meter, get: Way["get"], close = () => {}): Way {
  return {
    meter,
    get(due) {
      meter.begin();
      get(due);
      meter.end(MESSAGE_BYTES);
    },
    [Symbol.dispose]: close,
  };
}

/** What recv(2) brought to the buffer from `at` on; 0: nothing yet, or a signal ended the call. */
function received(libc: Libc, { buffer }: Meter, fd: number, at: number, flags: number): number {
  const count = libc.recv(fd, buffer.subarray(at), BigInt(MESSAGE_BYTES - at), flags);
  if (count === -EAGAIN || count === -EINTR) return 0;
  if (count <= 0) throw new LessonError("The connection has ended");
  return count;
}

/** Messages for which the thread slept, in either phase. */
export function slept({ waiting, copying }: Account): number {
  return waiting.slept + copying.slept;
}

/** Gets `messages` messages by one way. */
export async function receive(
  make: (fd: number) => Way,
  messages: number,
  later: Later,
  signal: AbortSignal,
): Promise<Account> {
  using way = make(later.fd);
  for (let message = 0; message < messages; message++) {
    await pause(0, signal);
    way.get(() => later.ask());
  }
  return way.meter.account;
}
