/**
 * A limit on how fast octets move: a bucket of tokens, one for each octet, that fills at the rate.
 *
 * One limit may be shared by any number of transfers, which then have the rate together.
 *
 * @module
 */

import type { Sink, Source } from "./data.ts";
import { LocalError } from "./errors.ts";

/** What the bucket holds, in milliseconds of the rate: a short pause elsewhere is caught up. */
const BURST_MS = 100;

/** One read that is limited: so many milliseconds of the rate, that it may flow. */
const READ_MS = 50;

/** A slower rate than this would read octet by octet. */
const READ_OCTETS_MIN = 1_024;

/** A clock in milliseconds that never goes back, and a way to wait by it. */
export interface RateClock {
  /** Milliseconds since anything. */
  now(): number;
  /** Waits, or ends when `signal` is aborted, by throwing its reason. */
  wait(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Waits `delayMs`, or until `signal` is aborted: then its reason is thrown. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = () => reject(signal!.reason);
  const timer = setTimeout(resolve, delayMs);
  signal?.addEventListener("abort", end);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  });
}

/**
 * Runs `work` with a signal that ends with it: a pause for the rate must not outlive the transfer
 * that it slows down.
 */
export async function withPauses<T>(work: (over: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  try {
    return await work(over.signal);
  } finally {
    over.abort();
  }
}

const CLOCK: RateClock = { now: () => performance.now(), wait: pause };

/**
 * At most so many octets per second.
 *
 * @example
 * ```ts
 * import { connect, downloadFile, RateLimit } from "./mod.ts";
 *
 * await using client = await connect();
 * await downloadFile(client, "a.avi", "a.avi", { rate: new RateLimit(1_000_000) });
 * ```
 */
export class RateLimit {
  /** The limit, in octets per second. */
  readonly octetsPerSecond: number;
  readonly #clock: RateClock;
  /** The most octets of one read. */
  readonly #most: number;
  /** When all that was taken is paid for. */
  #paidMs: number;

  /**
   * A bucket that is full.
   *
   * @throws {LocalError} when `octetsPerSecond` is not a number over 0.
   */
  constructor(octetsPerSecond: number, clock: RateClock = CLOCK) {
    if (!(octetsPerSecond > 0)) {
      throw new LocalError(`Cannot limit the rate to ${octetsPerSecond}: it is a number over 0`);
    }
    this.octetsPerSecond = octetsPerSecond;
    this.#most = Math.max(READ_OCTETS_MIN, Math.floor(octetsPerSecond * READ_MS / 1000));
    this.#clock = clock;
    this.#paidMs = clock.now();
  }

  /** Takes `octets` that have been moved, and waits until they are paid for. */
  take(octets: number, signal?: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.now();
    this.#paidMs = Math.max(this.#paidMs, now - BURST_MS) + 1000 * octets / this.octetsPerSecond;
    const delayMs = this.#paidMs - now;
    return delayMs > 0 ? this.#clock.wait(delayMs, signal) : undefined;
  }

  /** `sink` in short chunks, of which the next comes no sooner than the last is paid for. */
  sink(sink: Sink, signal?: AbortSignal): Sink {
    return {
      most: Math.min(this.#most, sink.most ?? Infinity),
      begin: (size) => sink.begin?.(size),
      write: (chunk) => {
        const { length } = chunk;
        const written = sink.write(chunk);
        if (written === undefined) return this.take(length, signal);
        return written.then(() => this.take(length, signal));
      },
    };
  }

  /** `source`, read in pieces that are paid for one by one. */
  source(source: Source, signal?: AbortSignal): Source {
    return {
      read: async (buffer) => {
        const count = await source.read(buffer.subarray(0, this.#most));
        await this.take(count ?? 0, signal);
        return count;
      },
    };
  }
}
