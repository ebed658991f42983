/**
 * One worker of polling or multiplex: the listener, the gate, and the connections that it has let
 * in, all in one event loop. Of several workers one accepts for all (pool/handoff.ts).
 *
 * @module
 */

import { now } from "../clock.ts";
import { Clients } from "../kernel/clients.ts";
import { isAcceptRetry } from "../kernel/sockets.ts";
import { closeTools, connectionTools, moveBytes } from "../kernel/tools.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { ACCEPT_BURST_MS, ACCEPT_PAUSE_MS, ACCEPTS_PER_TURN_MAX } from "../limits.ts";
import { RUNNING, type WorkerContext } from "../pool/link.ts";
import type { Selector } from "../selector/mod.ts";
import { Loop, type Watch, watchReadable } from "./loop.ts";
import { ReadinessWire, type WireTools } from "./wire.ts";

/** Serves one listener in one loop. */
export class ReadinessServer {
  readonly #loop: Loop;
  readonly #clients: Clients<ReadinessWire>;
  readonly #tools: WireTools;
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
    const tools: WireTools = {
      ...connectionTools(context, kernel, {
        socketFlags: c.SOCK_NONBLOCK,
        moveBytes: () => moveBytes(this.#loop.worked),
        adopt: refuses,
        refuses,
      }),
      loop: this.#loop,
      ended: (wire) => this.#clients.ended(wire),
    };
    this.#tools = tools;
    this.#clients = new Clients(context, kernel, {
      tools,
      refuses,
      create: (fd, peer) => new ReadinessWire(tools, fd, peer),
    });
  }

  /** Serves until the supervisor says stop and the last connection has ended. */
  run(): void {
    const { context } = this;
    const wake = this.#watch(context.wake, (watch) => this.#woken(watch));
    context.after = (milliseconds, run) => this.#after(milliseconds, run);
    context.handoff?.open(context.wake);
    this.#listen();
    context.ready(context.options.port);
    try {
      while (context.stopping === RUNNING || this.#clients.size > 0) this.#loop.round();
    } finally {
      this.#clients.abandon(); // a bug ended the loop
    }
    this.#clients.close();
    this.#loop.unwatch(wake);
    closeTools(this.#tools);
    this.selector.close();
  }

  #after(milliseconds: number, run: () => void): void {
    this.#loop.deadlines.after(this.#loop.now + milliseconds, run);
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
      if (fd >= 0) this.#clients.give({ fd, remote: this.kernel.remoteAddress() }, now);
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
    this.#after(ACCEPT_PAUSE_MS, () => {
      this.#pauses = false;
      this.#listen();
    });
  }

  /** There is news: connections of another worker's, the operator's answer, or the stop. */
  #woken(wake: Watch): void {
    wake.ready = 0;
    if (!this.#clients.woken()) return;
    this.#loop.progressed();
    if (this.context.stopping === RUNNING) this.#listen();
    else this.#listenNoMore();
  }
}
