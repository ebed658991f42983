/**
 * The event loop of polling and multiplex: descriptors, interests, deadlines. It knows no session.
 *
 * A selector tells what may be ready, and the loop gives each watch one unit of work per round, so
 * that a large transfer does not hold up a small command. What has more to do than one turn comes
 * again in the next round (`later`). Everything is non-blocking; the only wait is the selector's.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { Deadlines } from "../driver/deadlines.ts";
import { type EventLoop, type Resumed, resumeEach } from "../kernel/event_loop.ts";
import type { Counters } from "../pool/counters.ts";
import { READ, ReadyList, type Selector } from "../selector/mod.ts";

/** Who works on a descriptor. */
export interface Worked {
  /** `watch` may be ready for what it is interested in. */
  ready(watch: Watch): void;
  /** The work threw, which only a bug can cause: it is to end, and nothing else. */
  crashed(error: unknown): void;
}

/** One descriptor that the loop watches, and who works on it. */
export class Watch {
  /** What is known to be possible without waiting, until a call says EAGAIN. */
  ready = 0;
  /** Waits for its unit of work. */
  queued = false;
  /** The loop knows it no more. */
  closed = false;
  /** READ, WRITE or both. */
  interest = 0;

  constructor(readonly fd: number, readonly owner: Worked) {}
}

/** One event loop over one selector. */
export class Loop implements EventLoop {
  /** What waits for its time. */
  readonly deadlines = new Deadlines();
  /** The time of this round. */
  now: number;
  /** How many are given work in this round. */
  worked = 0;
  readonly #watches: (Watch | undefined)[] = [];
  readonly #ready = new ReadyList();
  #queue: Watch[] = [];
  #later: Resumed[] = [];
  #progressed = false;

  constructor(
    readonly selector: Selector,
    readonly counters: Counters,
    readonly clock: Clock,
  ) {
    this.now = clock();
  }

  /** Begins to know `fd`, without interest in it yet; whoever had the number before is gone. */
  watch(fd: number, owner: Worked): Watch {
    const former = this.#watches[fd];
    if (former !== undefined) this.forget(former);
    return this.#watches[fd] = new Watch(fd, owner);
  }

  /**
   * Says what `watch` is interested in from now on.
   *
   * @returns 0, or -errno of a kernel that has no room for it
   */
  interest(watch: Watch, interest: number): number {
    if (watch.interest === interest) return 0;
    const result = this.selector.set(watch.fd, interest);
    if (result < 0) return result;
    watch.interest = interest;
    this.#enqueue(watch);
    return 0;
  }

  /** Something came of the last readiness. */
  progressed(): void {
    this.#progressed = true;
  }

  /** See EventLoop. */
  later(resumed: Resumed): void {
    this.#later.push(resumed);
  }

  /** Ends `watch`, whose descriptor stays open. */
  unwatch(watch: Watch): void {
    if (watch.closed) return;
    // Without an interest it may be registered, too: edge-triggered, it stays as it is.
    this.selector.remove(watch.fd);
    this.#end(watch);
  }

  /** Ends `watch`, whose descriptor is closed or about to be. */
  forget(watch: Watch): void {
    if (watch.closed) return;
    this.selector.forget(watch.fd);
    this.#end(watch);
  }

  /** Waits for readiness or a deadline, then gives everybody concerned a unit of work. */
  round(): void {
    const { counters, clock, selector } = this;
    const busy = this.#queue.length > 0 || this.#later.length > 0 ||
      (selector.guesses && this.#progressed);
    const timeout = busy ? 0 : this.deadlines.timeout(clock());
    counters.enter("waiting");
    selector.wait(timeout, this.#ready);
    counters.enter("working");
    this.now = clock();
    this.#progressed = false;
    this.#take();
    const batch = this.#queue, later = this.#later;
    this.#queue = [];
    this.#later = [];
    this.worked = batch.length + later.length;
    for (const watch of batch) this.#work(watch);
    if (later.length > 0) this.#progressed = true;
    resumeEach(later);
    counters.add("wakeups", 1);
    if (!this.#progressed) counters.add("emptyWakeups", 1);
    this.deadlines.expire(this.now);
  }

  /** Takes over what the selector found. */
  #take(): void {
    const { count, fds, bits } = this.#ready;
    for (let index = 0; index < count; index++) {
      const watch = this.#watches[fds[index]!];
      if (watch === undefined) continue;
      watch.ready |= bits[index]!;
      this.#enqueue(watch);
    }
  }

  /** Level-triggered readiness is told again if it lasts; edge-triggered must be remembered. */
  #work(watch: Watch): void {
    watch.queued = false;
    if (watch.closed || (watch.ready & watch.interest) === 0) return;
    if (!this.selector.edge) watch.ready = 0;
    try {
      watch.owner.ready(watch);
    } catch (error) {
      watch.owner.crashed(error);
    }
    this.#enqueue(watch);
  }

  #enqueue(watch: Watch): void {
    if (watch.queued || watch.closed || (watch.ready & watch.interest) === 0) return;
    watch.queued = true;
    this.#queue.push(watch);
  }

  #end(watch: Watch): void {
    watch.closed = true;
    this.#watches[watch.fd] = undefined;
  }
}

/**
 * A watch that is only readable, and whose work is a function: an eventfd, a listener.
 *
 * @returns the watch, or -errno of a kernel that has no room for it; there is no watch then
 */
export function watchReadable(
  loop: Loop,
  fd: number,
  ready: (watch: Watch) => void,
  crashed: (error: unknown) => void,
): Watch | number {
  const watch = loop.watch(fd, { ready, crashed });
  const result = loop.interest(watch, READ);
  if (result === 0) return watch;
  loop.forget(watch);
  return result;
}
