/**
 * Between one who brings values and one who fetches them: neither is ever more than one value
 * ahead, unless it is told to keep what is not fetched.
 *
 * Transfers push octets and streams pull them; entries.ts and streams.ts put this in between.
 *
 * @module
 */

import { LocalError } from "./errors.ts";

/** How much `keepRest` may keep. */
export interface KeptLimit<T> {
  /** What a value counts. */
  weigh(value: T): number;
  /** The most that all kept ones may count. */
  readonly most: number;
  /** What is counted, for the message: "entries". */
  readonly unit: string;
}

/** A place for one value. */
export class Rendezvous<T extends NonNullable<unknown>> {
  readonly #limit: KeptLimit<T> | undefined;
  readonly #kept: T[] = [];
  #keptWeight = 0;
  #fetching: PromiseWithResolvers<T | undefined> | undefined;
  /** Settles when the value that was brought last is done with. */
  #doneWith: PromiseWithResolvers<void> | undefined;
  #keepsRest = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  /** Without `limit` there is no `keepRest`. */
  constructor(limit?: KeptLimit<T>) {
    this.#limit = limit;
  }

  /**
   * Brings a value, and waits until the next is asked for: then this one is done with.
   *
   * @throws {LocalError} when more is kept than the limit allows.
   */
  put(value: T): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#fetching !== undefined) this.#fetching.resolve(value);
    else this.#keep(value);
    this.#fetching = undefined;
    if (this.#keepsRest) return Promise.resolve();
    this.#doneWith = Promise.withResolvers();
    return this.#doneWith.promise;
  }

  #keep(value: T): void {
    this.#kept.push(value);
    if (this.#limit === undefined) return;
    const { weigh, most, unit } = this.#limit;
    this.#keptWeight += weigh(value);
    if (this.#keptWeight > most) throw new LocalError(`Cannot keep more than ${most} ${unit}`);
  }

  /** Fetches the next value; undefined after the last one. */
  async take(): Promise<T | undefined> {
    const kept = this.#kept.shift();
    if (kept !== undefined) {
      this.#keptWeight -= this.#limit?.weigh(kept) ?? 0;
      return kept;
    }
    this.#doneWith?.resolve();
    this.#doneWith = undefined;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isOver) return undefined;
    this.#fetching = Promise.withResolvers();
    return await this.#fetching.promise;
  }

  /** From now on whoever brings values need not wait: they must not be borrowed ones. */
  keepRest(): void {
    this.#keepsRest = true;
    this.#doneWith?.resolve();
    this.#doneWith = undefined;
  }

  /** There is no other value. */
  end(): void {
    this.#isOver = true;
    this.#fetching?.resolve(undefined);
    this.#fetching = undefined;
  }

  /** There will be no other value; both sides are told why, the fetching one after what is kept. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#fetching?.reject(error);
    this.#fetching = undefined;
    this.#doneWith?.reject(error);
    this.#doneWith = undefined;
  }
}
