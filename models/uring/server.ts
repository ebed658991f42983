/**
 * One worker of uring: the listener, the gate, and the connections that it has let in, all in one
 * ring. Of several workers one accepts for all (pool/handoff.ts).
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { now } from "../clock.ts";
import { LoopServer } from "../kernel/loop_server.ts";
import { isAcceptRetry } from "../kernel/sockets.ts";
import { BufferRing } from "../libc/buffer_ring.ts";
import * as c from "../libc/constants.ts";
import type { Kernel } from "../libc/mod.ts";
import { Ring } from "../libc/uring.ts";
import { CQE_F_MORE } from "../libc/uring_abi.ts";
import { RingError } from "../libc/uring_setup.ts";
import { ACCEPTS_PER_TURN_MAX, REPLIES_BYTES_MAX } from "../limits.ts";
import { ServeError } from "../model.ts";
import type { WorkerContext } from "../pool/link.ts";
import { ADDRESS_BYTES } from "./data_connection.ts";
import {
  DATA_PIECE_BYTES,
  DATA_PIECES_MAX,
  INPUT_BUFFER_BYTES,
  INPUT_BUFFERS,
  RING_COMPLETIONS,
  RING_ENTRIES,
} from "./limits.ts";
import { type Operation, RingLoop } from "./loop.ts";
import { RingMemory } from "./memory.ts";
import { type RingWireTools, UringWire } from "./wire.ts";

/** The group of the buffers for what clients say. */
const INPUT_GROUP = 0;

/** How often a loop that a bug ended goes round, at most, until its clients are closed. */
const DRAIN_ROUNDS_MAX = 64;

const NOTHING_REFUSED = () => undefined;

/**
 * The ring of one worker, with the buffers for what its clients say.
 *
 * @throws {ServeError} when the kernel refuses it; nothing of it is left then
 */
function ringOf({ counters, options: { sqpollIdleMs } }: WorkerContext) {
  let ring: Ring | undefined;
  try {
    ring = new Ring({
      entries: RING_ENTRIES,
      completions: RING_COMPLETIONS,
      ...(sqpollIdleMs === undefined ? {} : { pollingIdleMs: sqpollIdleMs }),
    }, counters.calls);
    const buffers = new BufferRing(ring, INPUT_GROUP, INPUT_BUFFERS, INPUT_BUFFER_BYTES);
    return { ring, buffers };
  } catch (error) {
    ring?.close();
    if (!(error instanceof RingError)) throw error;
    throw new ServeError(`Cannot start a worker: ${error.message}`);
  }
}

/** Serves one listener in one ring. */
export class UringServer extends LoopServer<RingLoop> {
  readonly #wires: RingWireTools;
  readonly #accepting: Operation;
  readonly #waking: Operation;

  constructor(context: WorkerContext, kernel: Kernel) {
    const { ring, buffers } = ringOf(context);
    const loop = new RingLoop(kernel, ring, context.counters, now);
    super(context, kernel, loop, ring, NOTHING_REFUSED);
    this.#wires = {
      ...this.tools,
      data: {
        ...this.tools.data,
        loop,
        addressMemory: new RingMemory(ADDRESS_BYTES, Infinity),
        dataMemory: new RingMemory(DATA_PIECE_BYTES, DATA_PIECES_MAX),
      },
      buffers,
      replyMemory: new RingMemory(REPLIES_BYTES_MAX, Infinity),
    };
    this.#accepting = this.#operation((result, flags) => this.#accepted(result, flags));
    this.#waking = this.#operation(() => {
      this.handleNews();
      this.waitForNews();
    });
  }

  /** See LoopServer. */
  protected create(fd: number, peer: Peer): UringWire {
    return new UringWire(this.#wires, fd, peer);
  }

  /** Drops all clients; what is under way for them uses memory and sockets until it completes. */
  protected override drain(): void {
    super.drain();
    for (let rounds = 0; rounds < DRAIN_ROUNDS_MAX && this.clients.size > 0; rounds++) {
      this.loop.later({ resume() {}, crashed() {} });
      this.loop.round();
    }
  }

  /** An error here is nobody's connection's: the worker ends by it. */
  #operation(completed: (result: number, flags: number) => void): Operation {
    return this.loop.operation({
      completed: (_, result, flags) => completed(result, flags),
      crashed(error) {
        throw error;
      },
    });
  }

  /**
   * Accepts, or where another worker may take over watches the listener: of several accepts the
   * kernel wakes only one, which may be that of a worker that does not come back from a slow call.
   */
  protected acceptFromNowOn(): void {
    if (this.#accepting.underWay || !this.mayAccept) return;
    const { context } = this;
    const { ring } = this.loop;
    const tag = this.loop.begin(this.#accepting);
    if (context.handoff === undefined) ring.acceptMany(context.listener, c.SOCK_NONBLOCK, tag);
    else ring.poll(context.listener, c.POLLIN, tag);
  }

  /** See LoopServer. */
  protected acceptNoMore(): void {
    this.loop.cancel(this.#accepting);
  }

  #accepted(result: number, flags: number): void {
    const { context, kernel } = this;
    if (context.handoff !== undefined && result >= 0) {
      if (context.handoff.accepts) this.acceptSome(ACCEPTS_PER_TURN_MAX);
    } else if (result >= 0 && ((flags & CQE_F_MORE) !== 0 || this.#isNew(result))) {
      const remote = kernel.peerAddress(result);
      if (remote === undefined) kernel.close(result); // it has gone already
      else this.clients.give({ fd: result, remote }, this.loop.now);
    } else if (result < 0 && result !== -c.ECANCELED && !isAcceptRetry(result)) {
      this.nobody(result);
    }
    this.acceptFromNowOn();
  }

  /**
   * Whether the last completion of an accept is a connection that nobody has yet. Where there is no
   * room for completions, Linux before 6.8 may tell what the listener is ready for in place of the
   * descriptor, which is lost: 195, whatever has that number here (Linux a37ee9e117ef).
   */
  #isNew(fd: number): boolean {
    const { context, kernel, clients } = this;
    if (fd === context.listener || clients.serves(fd)) return false;
    return kernel.localAddress(fd).port === context.options.port;
  }

  /** See LoopServer. */
  protected waitForNews(): void {
    const { ring } = this.loop;
    if (this.#waking.underWay) return;
    ring.pollMany(this.context.wake, c.POLLIN, this.loop.begin(this.#waking));
  }
}
