/**
 * One worker with an event loop, but for the waiting: the listener, the gate, and the connections
 * that it has let in. Of several workers one accepts for all (pool/handoff.ts). ReadinessServer and
 * UringServer say how the loop learns that there is somebody; what is here never waits itself.
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { ACCEPT_PAUSE_MS } from "../limits.ts";
import { RUNNING, type WorkerContext } from "../pool/link.ts";
import { type Admitted, Clients } from "./clients.ts";
import type { EventLoop } from "./event_loop.ts";
import type { LoopTools } from "./loop_wire.ts";
import { isAcceptRetry } from "./sockets.ts";
import { closeTools, type ConnectionTools, connectionTools, moveBytes } from "./tools.ts";

/** Serves one listener in one loop. */
export abstract class LoopServer<L extends EventLoop> {
  /** Who was let in. */
  protected readonly clients: Clients;
  /** What they share. */
  protected readonly tools: LoopTools<L>;
  readonly #waitsIn: { close(): void };
  /** Nothing can be accepted for a moment. */
  #pauses = false;

  /**
   * @param waitsIn what the loop waits in, from now on the server's to close
   * @param refuses why a descriptor is of no use to who waits for it
   * @throws {ServeError} when the served folder cannot be opened; nothing is left open then
   */
  constructor(
    readonly context: WorkerContext,
    readonly kernel: Kernel,
    protected readonly loop: L,
    waitsIn: { close(): void },
    refuses: (fd: number) => string | undefined,
  ) {
    this.#waitsIn = waitsIn;
    const tools: LoopTools<L> = {
      ...this.#connectionTools(refuses),
      loop,
      ended: (wire) => this.clients.ended(wire),
    };
    this.tools = tools;
    const create = (fd: number, peer: Peer) => this.create(fd, peer);
    this.clients = new Clients(context, kernel, { tools, refuses, create });
  }

  /** See Reception. */
  protected abstract create(fd: number, peer: Peer): Admitted;

  /** Waits for the worker's eventfd from now on, and calls `handleNews` for it. */
  protected abstract waitForNews(): void;

  /** Waits for the listener, if `mayAccept`; nothing when it does already. */
  protected abstract acceptFromNowOn(): void;

  /** Waits for the listener no more. */
  protected abstract acceptNoMore(): void;

  /**
   * Serves until the supervisor says stop and the last connection has ended.
   *
   * @throws {ServeError} when it cannot begin
   */
  run(): void {
    const { context, clients, loop } = this;
    context.after = (milliseconds, run) => this.#after(milliseconds, run);
    try {
      this.waitForNews();
      this.acceptFromNowOn();
      context.handoff?.open(context.wake);
      context.ready(context.options.port);
      while (context.stopping === RUNNING || clients.size > 0) loop.round();
      clients.close(); // after a bug the supervisor gives others what lies there
    } finally {
      this.drain(); // there are such only where a bug ended the loop
      closeTools(this.tools);
      this.#waitsIn.close();
    }
  }

  /** Drops all who are left. */
  protected drain(): void {
    this.clients.abandon();
  }

  /** Whether it is this worker that accepts, and now. */
  protected get mayAccept(): boolean {
    const { stopping, handoff } = this.context;
    return !this.#pauses && stopping === RUNNING && handoff?.accepts !== false;
  }

  /** Accepts `max` at most, until there is nobody more; how many have left the backlog. */
  protected acceptSome(max: number): number {
    for (let accepts = 0; accepts < max; accepts++) {
      const fd = this.kernel.accept(this.context.listener, c.SOCK_NONBLOCK);
      if (fd >= 0) this.clients.give({ fd, remote: this.kernel.remoteAddress() }, this.loop.now);
      else if (!isAcceptRetry(fd)) {
        this.nobody(fd);
        return accepts;
      }
    }
    return max;
  }

  /** An accept failed, with `error`, by what another would meet at once. */
  protected nobody(error: number): void {
    const { context } = this;
    if (error === -c.EAGAIN) return context.counters.add("emptyAccepts", 1);
    this.acceptNoMore();
    if (context.stopping !== RUNNING) return; // it was shut down
    context.acceptingPauses(errorText(-error));
    this.#pauses = true;
    this.#after(ACCEPT_PAUSE_MS, () => {
      this.#pauses = false;
      this.acceptFromNowOn();
    });
  }

  /**
   * There may be news: connections of another worker's, the operator's answer, or the stop.
   *
   * @returns whether there was
   */
  protected handleNews(): boolean {
    if (!this.clients.takeNews()) return false;
    if (this.context.stopping === RUNNING) this.acceptFromNowOn();
    else this.acceptNoMore();
    return true;
  }

  #connectionTools(refuses: (fd: number) => string | undefined): ConnectionTools {
    const { context, kernel, loop } = this;
    try {
      return connectionTools(context, kernel, {
        socketFlags: c.SOCK_NONBLOCK,
        moveBytes: () => moveBytes(loop.worked),
        adopt: refuses,
        refuses,
      });
    } catch (error) {
      this.#waitsIn.close();
      throw error;
    }
  }

  #after(milliseconds: number, run: () => void): void {
    this.loop.deadlines.after(this.loop.now + milliseconds, run);
  }
}
