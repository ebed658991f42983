/**
 * The event loop of uring: operations under way, completions, deadlines. It knows no session.
 *
 * What is to be done is written down in the ring while completions are told; one call of the kernel
 * a round hands all of it over, and waits for what completes next or for the next deadline.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { Deadlines } from "../driver/deadlines.ts";
import { type EventLoop, type Resumed, resumeEach } from "../kernel/event_loop.ts";
import type { Kernel } from "../libc/mod.ts";
import type { Ring } from "../libc/uring.ts";
import { CQE_F_MORE } from "../libc/uring_abi.ts";
import type { Counters } from "../pool/counters.ts";
import { BUSY_PAUSE_MS } from "./limits.ts";

/** Whoever begins operations. */
export interface Completing {
  /** `operation` has completed: `result` is the call's, or -errno; `flags` are the ring's. */
  completed(operation: Operation, result: number, flags: number): void;
  /** The work threw, which only a bug can cause: it is to end, and nothing else. */
  crashed(error: unknown): void;
}

/** The tag of what nobody waits for. */
const NOBODY = 0;

/** One thing that the kernel does for its owner, again and again: never two at the same time. */
export class Operation {
  /** It was written down, and its last completion has not come. */
  underWay = false;
  /** It is to end. */
  cancelled = false;
  /** The result that is assumed unless a failure completes; undefined: it completes in any case. */
  silent: number | undefined;

  constructor(readonly tag: number, readonly owner: Completing) {}
}

/** One event loop over one ring. */
export class RingLoop implements EventLoop {
  /** What waits for its time. */
  readonly deadlines = new Deadlines();
  /** The time of this round. */
  now: number;
  /** See EventLoop: known before anybody is told. */
  worked = 0;
  readonly #operations: (Operation | undefined)[] = [undefined];
  readonly #free: number[] = [];
  #later: Resumed[] = [];
  /** Those of beginSilent that are not told yet. */
  #silent = new Set<Operation>();
  #hurried = false;
  readonly #failed = (tag: number) => {
    const operation = this.#operations[tag];
    if (operation !== undefined) operation.silent = undefined;
  };
  readonly #told = (tag: number, result: number, flags: number) => this.#tell(tag, result, flags);

  constructor(
    readonly kernel: Kernel,
    readonly ring: Ring,
    readonly counters: Counters,
    readonly clock: Clock,
  ) {
    this.now = clock();
  }

  /** A new kind of thing that the kernel will do for `owner`. */
  operation(owner: Completing): Operation {
    const operation = new Operation(this.#free.pop() ?? this.#operations.length, owner);
    this.#operations[operation.tag] = operation;
    return operation;
  }

  /** They are not under way, and will not be any more. */
  release(...operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.underWay) throw new Error("Cannot release an operation that is under way");
      this.#operations[operation.tag] = undefined;
      this.#free.push(operation.tag);
    }
  }

  /** The tag to write `operation` down with, which is from now on under way. */
  begin(operation: Operation): number {
    if (operation.underWay) throw new Error("Cannot begin what is under way");
    operation.underWay = true;
    return operation.tag;
  }

  /**
   * The tag to write `operation` down with, which does not wait and completes only when it fails:
   * else it is told in the next round that it did, with `result`, before anything else is told. That
   * round may be long in coming: whoever waits for it says `hurry`.
   */
  beginSilent(operation: Operation, result: number): number {
    operation.silent = result;
    this.#silent.add(operation);
    return this.begin(operation);
  }

  /** Somebody waits for a silent operation: the next round does not wait for any other. */
  hurry(operation: Operation): void {
    if (operation.silent !== undefined) this.#hurried = true;
  }

  /**
   * Ends those that are under way: they complete in any case, mostly in the next round. One that the
   * kernel is just at is not found (io_uring_enter(2), IORING_OP_ASYNC_CANCEL), and completes by
   * what comes of that: no operation waits again for the rest of what it has begun.
   */
  cancel(...operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (!operation.underWay || operation.cancelled) continue;
      operation.cancelled = true;
      this.ring.cancel(operation.tag, NOBODY);
    }
  }

  /** See EventLoop. */
  later(resumed: Resumed): void {
    this.#later.push(resumed);
  }

  /** Hands over what is written down, waits, and tells what has completed. */
  round(): void {
    const { counters, clock, ring } = this;
    const later = this.#later;
    this.#later = [];
    const busy = later.length > 0 || this.#hurried;
    counters.enter("waiting");
    const result = ring.enter(busy ? 0 : 1, busy ? 0 : this.deadlines.timeout(clock()));
    counters.enter("working");
    this.now = clock();
    const completed = ring.completed;
    this.worked = completed + later.length;
    // Silence is success only where every failure is there to be seen.
    if (this.#silent.size > 0 && ring.handedOver && !ring.overflows) this.#tellSilent();
    ring.reap(this.#told);
    resumeEach(later);
    counters.add("wakeups", 1);
    if (completed === 0) {
      if (!busy) counters.add("emptyWakeups", 1);
      if (result < 0) this.kernel.sleep(BUSY_PAUSE_MS);
    }
    this.deadlines.expire(this.now);
  }

  /** Whoever said nothing has done what it was to do. */
  #tellSilent(): void {
    const silent = this.#silent;
    this.#silent = new Set();
    this.#hurried = false; // not before: the kernel may have taken nothing, for want of memory
    this.ring.look(this.#failed);
    for (const operation of silent) {
      const result = operation.silent;
      if (result !== undefined) this.#complete(operation, result, 0);
    }
  }

  #tell(tag: number, result: number, flags: number): void {
    const operation = this.#operations[tag];
    if (operation === undefined) return; // a cancel that came too late
    this.#complete(operation, result, flags);
  }

  #complete(operation: Operation, result: number, flags: number): void {
    operation.silent = undefined;
    if ((flags & CQE_F_MORE) === 0) {
      operation.underWay = false;
      operation.cancelled = false;
    }
    try {
      operation.owner.completed(operation, result, flags);
    } catch (error) {
      operation.owner.crashed(error);
    }
  }
}
