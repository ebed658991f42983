/**
 * The clients of one event loop, whatever it waits in: who is let in and who is given to another
 * worker (pool/handoff.ts), and what becomes of all of them when the supervisor has news.
 *
 * The loops of readiness/ and uring/ call it for each connection that was accepted; it never waits.
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import type { Kernel } from "../libc/mod.ts";
import type { Handed } from "../pool/handoff.ts";
import { CLOSING, DRAINING, RUNNING, type WorkerContext } from "../pool/link.ts";
import { acceptedPeer, WAKE } from "./sockets.ts";
import { type ConnectionTools, refuse } from "./tools.ts";

/** One connection that was let in, from its first word to its last. */
export interface Admitted {
  /** The descriptor of its control connection. */
  readonly fd: number;
  /** Says what the session says first. */
  begin(): void;
  /** The server stops: goodbye as soon as nothing is under way. */
  stop(): void;
  /** Drops everything at once. */
  abandon(): void;
  /** The work threw, which only a bug can cause: it is to end, and nothing else. */
  crashed(error: unknown): void;
}

/** How one kind of loop takes a connection. */
export interface Reception {
  /** What its connections share. */
  readonly tools: ConnectionTools;
  /** Why a descriptor is of no use to who waits for it. */
  refuses(fd: number): string | undefined;
  /**
   * A client for `fd`.
   *
   * @throws {Error} when there is no room for it; `fd` stays open then
   */
  create(fd: number, peer: Peer): Admitted;
}

/** Those of one worker. */
export class Clients {
  readonly #all = new Set<Admitted>();
  readonly #eventCount = new Uint8Array(8);

  constructor(
    readonly context: WorkerContext,
    readonly kernel: Kernel,
    readonly reception: Reception,
  ) {}

  /** How many have not ended. */
  get size(): number {
    return this.#all.size;
  }

  /** Whether `fd` is a client's. */
  serves(fd: number): boolean {
    for (const client of this.#all) if (client.fd === fd) return true;
    return false;
  }

  /** Gives who was accepted to the worker with the fewest sessions, which may be this one. */
  give(handed: Handed, now: number): void {
    const given = this.context.handoff?.give(handed, now);
    if (given === undefined || given.to === "self") this.#admit(handed);
    else if (given.wake !== undefined) this.kernel.write(given.wake, WAKE);
  }

  /** `client` has closed its sockets. */
  ended(client: Admitted): void {
    this.#all.delete(client);
    this.context.handoff?.ended();
  }

  /**
   * The eventfd may have been written to: by another worker that gave a client, by the supervisor
   * with the operator's answer, or with the stop, which all clients hear.
   *
   * @returns whether it was
   */
  takeNews(): boolean {
    const { context } = this;
    if (this.kernel.read(context.wake, this.#eventCount) < 0) return false;
    for (const handed of context.handoff?.take() ?? []) this.#admit(handed);
    context.deliver();
    if (context.stopping === RUNNING) return true;
    for (const client of [...this.#all]) this.#stop(client);
    return true;
  }

  /** Drops all at once. */
  abandon(): void {
    for (const client of [...this.#all]) client.abandon();
  }

  /** Takes nobody from other workers any more. */
  close(): void {
    for (const { fd } of this.context.handoff?.close() ?? []) this.kernel.close(fd);
  }

  #admit({ fd, remote }: Handed): void {
    const { context, kernel, reception } = this;
    const { host } = remote;
    const refusal = reception.refuses(fd) ?? context.admission.admit(host);
    if (refusal !== undefined) return this.#refuse(fd, host, refusal);
    const peer = acceptedPeer(kernel, fd, context.options, remote, context.beginSession());
    let client: Admitted;
    try {
      client = reception.create(fd, peer);
    } catch (error) {
      context.endSession();
      context.admission.leave(host, false);
      return this.#refuse(fd, host, error instanceof Error ? error.message : String(error));
    }
    this.#all.add(client);
    try {
      client.begin();
      this.#stop(client); // the news of that may have come before
    } catch (error) {
      client.crashed(error);
    }
  }

  /** Tells `client` that the server stops, if it does. */
  #stop(client: Admitted): void {
    const { stopping } = this.context;
    if (stopping === DRAINING) client.stop();
    else if (stopping === CLOSING) client.abandon();
  }

  #refuse(fd: number, host: string, reason: string): void {
    refuse(this.reception.tools, fd, host, reason);
    this.context.handoff?.ended();
  }
}
