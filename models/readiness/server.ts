/**
 * One worker of polling or multiplex: the listener, the gate, and the connections that it has let
 * in, all in one event loop. Of several workers one accepts for all (pool/handoff.ts).
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { now } from "../clock.ts";
import { LoopServer } from "../kernel/loop_server.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { ACCEPT_BURST_MS, ACCEPTS_PER_TURN_MAX } from "../limits.ts";
import { ServeError } from "../model.ts";
import type { WorkerContext } from "../pool/link.ts";
import type { Selector } from "../selector/mod.ts";
import { Loop, type Watch, watchReadable } from "./loop.ts";
import { ReadinessWire } from "./wire.ts";

/** Serves one listener in one loop. */
export class ReadinessServer extends LoopServer<Loop> {
  #accepting: Watch | undefined;
  /** When the last turn accepted, and found somebody. */
  #acceptedAt = 0;

  constructor(context: WorkerContext, kernel: Kernel, readonly selector: Selector) {
    const loop = new Loop(selector, context.counters, now);
    super(context, kernel, loop, selector, (fd) => selector.refuses(fd));
  }

  /** See LoopServer. */
  protected create(fd: number, peer: Peer): ReadinessWire {
    return new ReadinessWire(this.tools, fd, peer);
  }

  /** See LoopServer. */
  protected waitForNews(): void {
    const waking = this.#watch(this.context.wake, (watch) => {
      watch.ready = 0;
      if (this.handleNews()) this.loop.progressed();
    });
    if (typeof waking === "number") {
      throw new ServeError(`Cannot start a worker: ${errorText(-waking)}`);
    }
  }

  /**
   * An error here is nobody's connection's: the worker ends by it.
   *
   * @throws {ServeError} when the selector cannot watch `fd`, whatever room there is
   */
  #watch(fd: number, ready: (watch: Watch) => void): Watch | number {
    const refusal = this.selector.refuses(fd);
    if (refusal !== undefined) throw new ServeError(`Cannot start a worker: ${refusal}`);
    return watchReadable(this.loop, fd, ready, (error) => {
      throw error;
    });
  }

  /** See LoopServer. */
  protected acceptFromNowOn(): void {
    if (this.#accepting !== undefined || !this.mayAccept) return;
    const accepting = this.#watch(this.context.listener, () => this.#accept());
    if (typeof accepting === "number") this.nobody(accepting);
    else this.#accepting = accepting;
  }

  /** See LoopServer. */
  protected acceptNoMore(): void {
    if (this.#accepting !== undefined) this.loop.unwatch(this.#accepting);
    this.#accepting = undefined;
  }

  /**
   * Whoever comes alone is accepted alone, so that no accept(2) finds nobody: level-triggered, the
   * next one is told. In a burst, and edge-triggered, only EAGAIN says that there is nobody more.
   */
  #accept(): void {
    if (this.context.handoff?.accepts === false) return this.acceptNoMore();
    const { now } = this.loop;
    const burst = this.selector.edge || now - this.#acceptedAt < ACCEPT_BURST_MS;
    this.#acceptedAt = now;
    if (this.acceptSome(burst ? ACCEPTS_PER_TURN_MAX : 1) > 0) this.loop.progressed();
  }

  /** See LoopServer. */
  protected override nobody(error: number): void {
    if (this.#accepting !== undefined) this.#accepting.ready = 0;
    this.#acceptedAt = 0;
    super.nobody(error);
  }
}
