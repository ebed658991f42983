/**
 * One worker of polling or multiplex: the listener, the gate, and the connections that it has let
 * in, all in one event loop. Of several workers one accepts for all (pool/handoff.ts).
 *
 * @module
 */

import { now } from "../clock.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import {
  ACCEPT_BURST_MS,
  ACCEPT_PAUSE_MS,
  ACCEPTS_PER_TURN_MAX,
  BULK_BYTES,
  MOVE_BYTES_MAX,
  READY_FEW_MAX,
} from "../limits.ts";
import type { Handed } from "../pool/handoff.ts";
import { DRAINING, RUNNING, type WorkerContext } from "../pool/link.ts";
import type { Selector } from "../selector/mod.ts";
import { Loop, type Watch, watchReadable } from "./loop.ts";
import { acceptedPeer, isAcceptRetry, WAKE } from "./sockets.ts";
import { closeTools, connectionTools, refuse } from "./tools.ts";
import { ReadinessWire, type WireTools } from "./wire.ts";

/** Serves one listener in one loop. */
export class ReadinessServer {
  readonly #loop: Loop;
  readonly #wires = new Set<ReadinessWire>();
  readonly #tools: WireTools;
  readonly #eventCount = new Uint8Array(8);
  #accepting: Watch | undefined;
  /** Nothing can be accepted for a moment. */
  #pauses = false;
  /** When the last turn accepted, and found somebody. */
  #acceptedAt = 0;

  constructor(
    readonly context: WorkerContext,
    readonly kernel: Kernel,
    readonly selector: Selector,
  ) {
    this.#loop = new Loop(kernel, selector, context.counters, now);
    const refuses = (fd: number) => selector.refuses(fd);
    this.#tools = {
      ...connectionTools(context, kernel, {
        socketFlags: c.SOCK_NONBLOCK,
        moveBytes: () => {
          const { worked } = this.#loop;
          return worked > READY_FEW_MAX ? BULK_BYTES : MOVE_BYTES_MAX / Math.max(1, worked);
        },
        adopt: refuses,
        refuses,
      }),
      loop: this.#loop,
      ended: (wire) => this.#ended(wire),
    };
  }

  /** Serves until the supervisor says stop and the last connection has ended. */
  run(): void {
    const { context, kernel } = this;
    const wake = this.#watch(context.wake, (watch) => this.#woken(watch));
    context.after = (milliseconds, run) => this.#loop.after(milliseconds, run);
    context.handoff?.open(context.wake);
    this.#listen();
    context.ready(context.options.port);
    try {
      while (context.stopping === RUNNING || this.#wires.size > 0) this.#loop.round();
    } finally {
      for (const wire of [...this.#wires]) wire.abandon(); // a bug ended the loop
    }
    for (const { fd } of context.handoff?.close() ?? []) kernel.close(fd);
    this.#loop.unwatch(wake);
    closeTools(this.#tools);
    this.selector.close();
  }

  /** An error here is nobody's connection's: the worker ends by it. */
  #watch(fd: number, ready: (watch: Watch) => void): Watch {
    return watchReadable(this.#loop, fd, ready, (error) => {
      throw error;
    });
  }

  /** Watches the listener, unless another worker accepts for all. */
  #listen(): void {
    const { context } = this;
    if (this.#accepting !== undefined || this.#pauses || context.stopping !== RUNNING) return;
    if (context.handoff?.accepts === false) return;
    this.#accepting = this.#watch(context.listener, (watch) => this.#accept(watch));
  }

  #listenNoMore(): void {
    if (this.#accepting !== undefined) this.#loop.unwatch(this.#accepting);
    this.#accepting = undefined;
  }

  /**
   * Whoever comes alone is accepted alone, so that no accept(2) finds nobody: level-triggered, the
   * next one is told. In a burst, and edge-triggered, only EAGAIN says that there is nobody more.
   */
  #accept(watch: Watch): void {
    if (this.context.handoff?.accepts === false) return this.#listenNoMore();
    const { now } = this.#loop;
    const burst = this.selector.edge || now - this.#acceptedAt < ACCEPT_BURST_MS;
    this.#acceptedAt = now;
    for (let accepts = burst ? ACCEPTS_PER_TURN_MAX : 1; accepts > 0; accepts--) {
      const fd = this.kernel.accept(watch.fd, c.SOCK_NONBLOCK);
      if (fd < 0 && !isAcceptRetry(fd)) return this.#nobody(watch, fd);
      this.#loop.progressed();
      if (fd >= 0) this.#give({ fd, remote: this.kernel.remoteAddress() });
    }
  }

  #nobody(watch: Watch, error: number): void {
    watch.ready = 0;
    this.#acceptedAt = 0;
    if (error === -c.EAGAIN) return this.context.counters.add("emptyAccepts", 1);
    if (this.context.stopping !== RUNNING) return this.#listenNoMore(); // it was shut down
    this.context.acceptingPauses(errorText(-error));
    this.#listenNoMore();
    this.#pauses = true;
    this.#loop.after(ACCEPT_PAUSE_MS, () => {
      this.#pauses = false;
      this.#listen();
    });
  }

  /** To the worker with the fewest sessions, which may be this one. */
  #give(handed: Handed): void {
    const given = this.context.handoff?.give(handed, this.#loop.now);
    if (given === undefined || given.to === "self") this.#admit(handed);
    else if (given.wake !== undefined) this.kernel.write(given.wake, WAKE);
  }

  #admit({ fd, remote }: Handed): void {
    const { context, kernel } = this;
    const { host } = remote;
    const refusal = this.selector.refuses(fd) ?? context.admission.admit(host);
    if (refusal !== undefined) return this.#refuse(fd, host, refusal);
    const peer = acceptedPeer(kernel, fd, context.options, remote, context.beginSession());
    let wire: ReadinessWire;
    try {
      wire = new ReadinessWire(this.#tools, fd, peer);
    } catch (error) {
      context.endSession();
      context.admission.leave(host, false);
      return this.#refuse(fd, host, error instanceof Error ? error.message : String(error));
    }
    this.#wires.add(wire);
    try {
      wire.begin();
    } catch (error) {
      wire.crashed(error);
    }
  }

  #refuse(fd: number, host: string, reason: string): void {
    refuse(this.#tools, fd, host, reason);
    this.context.handoff?.ended();
  }

  #ended(wire: ReadinessWire): void {
    this.#wires.delete(wire);
    this.context.handoff?.ended();
  }

  /** There is news: connections of another worker's, the operator's answer, or the stop. */
  #woken(wake: Watch): void {
    wake.ready = 0;
    if (this.kernel.read(wake.fd, this.#eventCount) < 0) return;
    this.#loop.progressed();
    for (const handed of this.context.handoff?.take() ?? []) this.#admit(handed);
    this.#listen();
    this.context.deliver();
    const { stopping } = this.context;
    if (stopping === RUNNING) return;
    this.#listenNoMore();
    for (const wire of [...this.#wires]) {
      if (stopping === DRAINING) wire.stop();
      else wire.abandon();
    }
  }
}
