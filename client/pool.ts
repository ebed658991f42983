/**
 * Several connections to one server, for what takes many transfers: FTP has one transfer per
 * connection, so more at the same time means more connections.
 *
 * The rooms that move many files (mirror/) run their work through one; programs may, too.
 *
 * @module
 */

import type { Client } from "./client.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import {
  ClientError,
  ConnectionError,
  LocalError,
  ProtocolError,
  type SessionRefusal,
} from "./errors.ts";
import { POOL_SIZE_MAX } from "./limits.ts";
import type { CallOptions } from "./transfer.ts";

/** The most works that wait for a connection: more are a loop that forgot to wait. */
export const POOL_WAITING_MAX = 10_000;

/** How long an aborted pool lets what is under way end in good order. */
const ABORT_GRACE_MS = 3_000;

/**
 * A connection that broke or could not be made for now, while others are there, is not tried for
 * again before that: a server that takes two and drops the third is not to be asked per file.
 */
const REST_MS = 10_000;

/**
 * A connection that is one's own until it is given back, by the end of a `using` block. To give it
 * back once more does nothing.
 */
export interface LentClient extends Disposable {
  /** The connection. */
  readonly client: Client;
}

/** How a pool comes by its connections. */
export interface PoolOptions {
  /** Makes one connection, with a user logged in. */
  readonly connect: () => Promise<Client>;
  /** The most connections at once, 1 to `POOL_SIZE_MAX`. */
  readonly size: number;
  /** A connection that is there already: the first that is used. It is not closed with the pool. */
  readonly first?: Client;
  /** Nobody waits for a connection any more, and within 3 seconds all of them are closed. */
  readonly signal?: AbortSignal;
  /**
   * The server does not do with more: from now on there are at most `size`. What it throws ends the
   * pool.
   */
  readonly onFewer?: (size: number, error: ClientError) => void;
}

/**
 * Connections that are made when they are needed, up to a number, and lent to one work at a time.
 * Who asks first is served first. A connection that broke is replaced; where the server refuses
 * one more, the pool goes on with those that it has, and where it takes no TLS session but that of
 * the very control connection, with one.
 *
 * @example
 * ```ts
 * import { ClientPool, downloadFile } from "./mod.ts";
 *
 * await using pool = await ClientPool.open({ host: "127.0.0.1", port: 2121 }, 4);
 * const names = ["a.avi", "notes.txt"];
 * await Promise.all(names.map((name) => pool.run((client) => downloadFile(client, name, name))));
 * ```
 */
export class ClientPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  /** All connections that are open, lent or not, and the generation of each. */
  readonly #clients = new Map<Client, number>();
  /** One more with each TLS session that was refused: older connections go when they are free. */
  #generation = 0;
  readonly #idle: Client[] = [];
  readonly #waiting: PromiseWithResolvers<Client>[] = [];
  #size: number;
  #connecting = 0;
  #hasConnected = false;
  #restsUntilMs = 0;
  /** Why the last one of those that are being made was not. */
  #refusal: { readonly error: unknown } | undefined;
  /** Why nothing more is lent. */
  #ended: unknown;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when the pool has ended and has no connection any more. */
  readonly #over = Promise.withResolvers<void>();

  /**
   * A pool over connections that the caller knows how to make; none is made before it is needed.
   *
   * @throws {LocalError} when `size` is no whole number from 1 to `POOL_SIZE_MAX`.
   */
  constructor(options: PoolOptions) {
    const { size, first, signal } = options;
    if (!Number.isInteger(size) || size < 1 || size > POOL_SIZE_MAX) {
      throw new LocalError(
        `Cannot use ${size} connections: a pool has from 1 to ${POOL_SIZE_MAX}`,
      );
    }
    this.#options = options;
    this.#size = size;
    if (first !== undefined) {
      this.#hasConnected = true;
      this.#clients.set(first, this.#generation);
      this.#idle.push(first);
    }
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  /**
   * Opens a pool with one connection, so that a wrong host or password is known at once.
   *
   * @throws {ConnectionError} when there is no FTP server.
   * @throws {LoginError} when it does not let the user in.
   */
  static async open(
    options: ConnectOptions,
    size: number,
    more: Pick<PoolOptions, "onFewer"> = {},
  ): Promise<ClientPool> {
    const { signal } = options;
    const pool = new ClientPool({
      ...more,
      connect: () => connect(options),
      size,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      await pool.run(() => Promise.resolve());
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** How many connections there may be: fewer than asked for, when the server refused more. */
  get size(): number {
    return this.#size;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#clients.size;
  }

  /** Whether there has ever been one: who cannot connect then may hope for a moment later. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  /**
   * Waits for a connection and runs `work` on it, which has it alone until it has ended. A signal
   * gives up the wait; what `work` calls has to be given it, too.
   *
   * @throws {ClientError} why there is no connection, or what `work` throws.
   */
  async run<T>(work: (client: Client) => Promise<T>, options?: CallOptions): Promise<T> {
    using lent = await this.lend(options);
    return await work(lent.client);
  }

  /**
   * Waits for a connection, which nobody else has until it is given back; a signal gives up.
   *
   * @throws {ClientError} why there is none.
   */
  async lend({ signal }: CallOptions = {}): Promise<LentClient> {
    signal?.throwIfAborted();
    const client = await this.#take(signal);
    let isLent = true;
    return {
      client,
      [Symbol.dispose]: () => {
        if (isLent) this.#giveBack(client);
        isLent = false;
      },
    };
  }

  /** Says goodbye on all connections, and waits for the works that have begun. Never fails. */
  async close(): Promise<void> {
    this.#end(new LocalError("Cannot use a pool that is closed"));
    await this.#over.promise;
  }

  /** Says goodbye at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(signal: AbortSignal | undefined): Promise<Client> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    for (let client; (client = this.#idle.pop()) !== undefined;) {
      if (!client.closed) return Promise.resolve(client);
      this.#clients.delete(client);
    }
    if (this.#waiting.length >= POOL_WAITING_MAX) {
      const limit = `${POOL_WAITING_MAX} wait already`;
      return Promise.reject(new LocalError(`Cannot wait for a connection: ${limit}`));
    }
    const turn = Promise.withResolvers<Client>();
    this.#waiting.push(turn);
    this.#grow();
    if (signal === undefined) return turn.promise;
    const leave = () => {
      const place = this.#waiting.indexOf(turn);
      if (place !== -1) this.#waiting.splice(place, 1);
      turn.reject(signal.reason);
    };
    signal.addEventListener("abort", leave);
    return turn.promise.finally(() => signal.removeEventListener("abort", leave));
  }

  #giveBack(client: Client): void {
    const isOld = this.#clients.get(client) !== this.#generation;
    if (this.#ended !== undefined || isOld) return void this.#dismiss(client);
    if (client.closed) {
      this.#clients.delete(client);
      if (client.sessionRefusal !== undefined) this.#keepOne(client.sessionRefusal);
      return this.#grow();
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(client);
    else next.resolve(client);
  }

  /** One more connection, if somebody waits for whom none is being made. */
  #grow(): void {
    const isFull = this.#clients.size + this.#connecting >= this.#size;
    if (this.#ended !== undefined || isFull || this.#connecting >= this.#waiting.length) return;
    if (this.#clients.size > 0 && performance.now() < this.#restsUntilMs) return;
    this.#connecting++;
    const generation = this.#generation;
    this.#options.connect().then((client) => {
      this.#hasConnected = true;
      this.#restsUntilMs = 0;
      this.#clients.set(client, generation);
      this.#giveBack(client);
    }, (error) => {
      // One that would have to go at once says nothing of how many there may be.
      if (generation === this.#generation) this.#refusal = { error };
    }).finally(() => {
      this.#connecting--;
      this.#afterConnecting();
    });
  }

  /** Those that are open serve who waits; without any, all hear why. */
  #afterConnecting(): void {
    if (this.#ended !== undefined) return this.#endWhenEmpty();
    if (this.#connecting > 0) return;
    if (this.#refusal === undefined) return this.#grow();
    const { error } = this.#refusal;
    this.#refusal = undefined;
    if (this.#clients.size > 0 && error instanceof ClientError) {
      // Only what the server says is about numbers: a network that fails may be back at once.
      if (!isReply(error)) return void (this.#restsUntilMs = performance.now() + REST_MS);
      return this.#shrink(this.#clients.size, error);
    }
    for (const turn of this.#waiting.splice(0)) turn.reject(error);
  }

  /** Each connection that is made spoils the TLS session of the others: all go, for one alone. */
  #keepOne(refusal: SessionRefusal): void {
    this.#generation++;
    this.#refusal = undefined;
    if (this.#size > 1) this.#shrink(1, refusal);
    for (const client of this.#idle.splice(0)) void this.#dismiss(client);
  }

  #shrink(size: number, error: ClientError): void {
    this.#size = size;
    try {
      this.#options.onFewer?.(size, error);
    } catch (failure) {
      // Nobody waits for what is told here.
      this.#end(failure);
    }
  }

  readonly #onAbort = () => {
    this.#grace = setTimeout(() => {
      for (const client of this.#clients.keys()) client.close();
    }, ABORT_GRACE_MS);
    this.#end(this.#options.signal!.reason);
  };

  /** Nothing more is lent, for this reason; who has nothing to do goes. */
  #end(reason: unknown): void {
    this.#ended ??= reason;
    for (const turn of this.#waiting.splice(0)) turn.reject(this.#ended);
    for (const client of this.#idle.splice(0)) void this.#dismiss(client);
    this.#endWhenEmpty();
  }

  async #dismiss(client: Client): Promise<void> {
    if (client !== this.#options.first) await client.quit();
    this.#clients.delete(client);
    if (this.#ended === undefined) this.#grow();
    else this.#endWhenEmpty();
  }

  #endWhenEmpty(): void {
    if (this.#clients.size > 0 || this.#connecting > 0) return;
    // Timers are read from the disk when one is first set or cleared.
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#over.resolve();
  }
}

/** Whether the server said no, in a reply. */
function isReply(error: ClientError): boolean {
  return error instanceof ProtocolError ||
    error instanceof ConnectionError && error.reply !== undefined;
}
