/**
 * One worker of uring: the listener, the gate, and the connections that it has let in, all in one
 * ring. Of several workers one accepts for all (pool/handoff.ts).
 *
 * @module
 */

import { now } from "../clock.ts";
import { Clients } from "../kernel/clients.ts";
import { isAcceptRetry } from "../kernel/sockets.ts";
import { closeTools, connectionTools, moveBytes } from "../kernel/tools.ts";
import { BufferRing } from "../libc/buffer_ring.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { Ring } from "../libc/uring.ts";
import {
  ACCEPT_PAUSE_MS,
  ACCEPTS_PER_TURN_MAX,
  DATA_SLOT_BYTES,
  DATA_SLOTS_MAX,
  INPUT_BUFFER_BYTES,
  INPUT_BUFFERS,
  REPLIES_BYTES_MAX,
  RING_COMPLETIONS,
  RING_ENTRIES,
} from "../limits.ts";
import { RUNNING, type WorkerContext } from "../pool/link.ts";
import { ADDRESS_SLOT_BYTES } from "./data_connection.ts";
import { type Operation, RingLoop } from "./loop.ts";
import { Slots } from "./slots.ts";
import { type RingWireTools, UringWire } from "./wire.ts";

/** The group of the buffers for what clients say. */
const INPUT_GROUP = 0;

/** How often a loop that a bug ended goes round, at most, until its clients are closed. */
const DRAIN_ROUNDS_MAX = 64;

const NOTHING_REFUSED = () => undefined;

/** Serves one listener in one ring. */
export class UringServer {
  readonly #loop: RingLoop;
  readonly #clients: Clients<UringWire>;
  readonly #tools: RingWireTools;
  readonly #accepting: Operation;
  readonly #waking: Operation;
  /** Nothing can be accepted for a moment. */
  #pauses = false;

  constructor(readonly context: WorkerContext, readonly kernel: Kernel) {
    const { counters, options: { sqpollIdleMs } } = context;
    const ring = new Ring({
      entries: RING_ENTRIES,
      completions: RING_COMPLETIONS,
      ...(sqpollIdleMs === undefined ? {} : { pollingIdleMs: sqpollIdleMs }),
    }, counters.calls);
    this.#loop = new RingLoop(kernel, ring, counters, now);
    const shared = connectionTools(context, kernel, {
      socketFlags: c.SOCK_NONBLOCK,
      moveBytes: () => moveBytes(this.#loop.worked),
      adopt: NOTHING_REFUSED,
      refuses: NOTHING_REFUSED,
    });
    const tools: RingWireTools = {
      ...shared,
      data: {
        ...shared.data,
        loop: this.#loop,
        addressSlots: new Slots(ADDRESS_SLOT_BYTES, Infinity),
        dataSlots: new Slots(DATA_SLOT_BYTES, DATA_SLOTS_MAX),
      },
      loop: this.#loop,
      buffers: new BufferRing(ring, INPUT_GROUP, INPUT_BUFFERS, INPUT_BUFFER_BYTES),
      replySlots: new Slots(REPLIES_BYTES_MAX, Infinity),
      ended: (wire) => this.#clients.ended(wire),
    };
    this.#tools = tools;
    this.#clients = new Clients(context, kernel, {
      tools,
      refuses: NOTHING_REFUSED,
      create: (fd, peer) => new UringWire(tools, fd, peer),
    });
    this.#accepting = this.#operation((result) => this.#accepted(result));
    this.#waking = this.#operation(() => this.#woken());
  }

  /** Serves until the supervisor says stop and the last connection has ended. */
  run(): void {
    const { context } = this;
    context.after = (milliseconds, run) => this.#after(milliseconds, run);
    context.handoff?.open(context.wake);
    this.#waitForNews();
    this.#listen();
    context.ready(context.options.port);
    try {
      while (context.stopping === RUNNING || this.#clients.size > 0) this.#loop.round();
    } finally {
      this.#drain(); // a bug ended the loop
    }
    this.#clients.close();
    closeTools(this.#tools);
    this.#loop.ring.close();
  }

  /** Drops all clients; what is under way for them uses memory and sockets until it completes. */
  #drain(): void {
    this.#clients.abandon();
    for (let rounds = 0; rounds < DRAIN_ROUNDS_MAX && this.#clients.size > 0; rounds++) {
      this.#loop.later({ resume() {}, crashed() {} });
      this.#loop.round();
    }
  }

  #after(milliseconds: number, run: () => void): void {
    this.#loop.deadlines.after(this.#loop.now + milliseconds, run);
  }

  /** An error here is nobody's connection's: the worker ends by it. */
  #operation(completed: (result: number) => void): Operation {
    return this.#loop.operation({
      completed: (_, result) => completed(result),
      crashed(error) {
        throw error;
      },
    });
  }

  /**
   * Accepts, unless another worker does for all. Where another may take over, the listener is
   * watched instead: of several accepts the kernel wakes only one, which may be that of a worker
   * that does not come back from a slow call.
   */
  #listen(): void {
    const { context } = this;
    if (this.#accepting.underWay || this.#pauses || context.stopping !== RUNNING) return;
    if (context.handoff?.accepts === false) return;
    const { ring } = this.#loop;
    const tag = this.#loop.begin(this.#accepting);
    if (context.handoff === undefined) ring.acceptMany(context.listener, c.SOCK_NONBLOCK, tag);
    else ring.poll(context.listener, c.POLLIN, tag);
  }

  #listenNoMore(): void {
    this.#loop.cancel(this.#accepting);
  }

  #accepted(result: number): void {
    const { context, kernel } = this;
    if (context.handoff !== undefined && result >= 0) {
      if (context.handoff.accepts) this.#acceptAll();
    } else if (result >= 0) {
      const remote = kernel.peerAddress(result);
      if (remote === undefined) kernel.close(result); // it has gone already
      else this.#clients.give({ fd: result, remote }, this.#loop.now);
    } else if (!isAcceptRetry(result)) {
      this.#nobody(result);
    }
    this.#listen();
  }

  #acceptAll(): void {
    for (let accepts = ACCEPTS_PER_TURN_MAX; accepts > 0; accepts--) {
      const fd = this.kernel.accept(this.context.listener, c.SOCK_NONBLOCK);
      if (fd < 0 && !isAcceptRetry(fd)) return this.#nobody(fd);
      if (fd >= 0) this.#clients.give({ fd, remote: this.kernel.remoteAddress() }, this.#loop.now);
    }
  }

  #nobody(error: number): void {
    const { context } = this;
    if (error === -c.EAGAIN) return context.counters.add("emptyAccepts", 1);
    if (context.stopping !== RUNNING || error === -c.ECANCELED) return; // it was shut down
    context.acceptingPauses(errorText(-error));
    this.#listenNoMore();
    this.#pauses = true;
    this.#after(ACCEPT_PAUSE_MS, () => {
      this.#pauses = false;
      this.#listen();
    });
  }

  #waitForNews(): void {
    const { ring } = this.#loop;
    if (this.#waking.underWay) return;
    ring.pollMany(this.context.wake, c.POLLIN, this.#loop.begin(this.#waking));
  }

  /** There is news: connections of another worker's, the operator's answer, or the stop. */
  #woken(): void {
    this.#clients.woken();
    this.#waitForNews();
    if (this.context.stopping === RUNNING) this.#listen();
    else this.#listenNoMore();
  }
}
