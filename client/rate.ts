/**
 * A limit on how fast octets move: a bucket of tokens, one for each octet, that fills at the rate.
 *
 * One limit may be shared by any number of transfers, which then have the rate together.
 *
 * @module
 */

import type { Sink, Source } from "./data.ts";

/** What the bucket holds, in milliseconds of the rate: a short pause elsewhere is caught up. */
const BURST_MS = 100;

/** One read of a source that is limited: so many milliseconds of the rate, that it may flow. */
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
  /** When all that was taken is paid for. */
  #paidMs: number;

  /**
   * A bucket that is full.
   *
   * @throws {RangeError} when `octetsPerSecond` is not a number over 0.
   */
  constructor(octetsPerSecond: number, clock: RateClock = CLOCK) {
    if (!(octetsPerSecond > 0)) throw new RangeError("A rate is a number over 0");
    this.octetsPerSecond = octetsPerSecond;
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

  /** `sink`, and the next chunk comes no sooner than this one is paid for. */
  sink(sink: Sink, signal?: AbortSignal): Sink {
    return {
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
    const most = Math.max(READ_OCTETS_MIN, Math.floor(this.octetsPerSecond * READ_MS / 1000));
    return {
      read: async (buffer) => {
        const count = await source.read(buffer.subarray(0, most));
        await this.take(count ?? 0, signal);
        return count;
      },
    };
  }
}
