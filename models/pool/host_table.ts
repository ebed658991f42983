/**
 * What is known of each remote host, in shared memory: its sessions, and its failed logins of the
 * last minute. A table of fixed size; the gate uses it and holds the lock around every call.
 *
 * A host with sessions is never forgotten. One without gives way when its place is needed, the one
 * whose last attempt is longest ago first.
 *
 * @module
 */

import { type HostKey, hostKey } from "./host_key.ts";

/** How long a failed login counts, milliseconds, and up to one slice longer. */
export const FAILURE_MS = 60_000;

/** Failures are counted by slices of time of this length, milliseconds. */
export const FAILURE_SLICE_MS = 5_000;

/** The slices of the last minute, and the one that is under way. */
const SLICES = FAILURE_MS / FAILURE_SLICE_MS + 1;

/** Places that are looked at for one host. */
export const PROBES_MAX = 32;

/** The fields of an entry by their offset: the key, open sessions, the newest slice, the counts. */
const HIGH = 0, LOW = 1, SESSIONS = 2, NEWEST = 3, COUNTS = 4, ENTRY_WORDS = COUNTS + SLICES;

/** The newest slice of a host that has tried nothing yet; 0 stands for a place never used. */
const NO_SLICE = 1;

/** Hosts by their keys: open addressing with bounded probes. */
export class HostTable {
  readonly #size: number;
  readonly #probes: number;

  /**
   * @param words zero at first; `HostTable.wordsFor(size)` of them
   * @param seed secret, so that nobody can choose addresses that crowd one neighbourhood
   */
  constructor(readonly words: Int32Array<SharedArrayBuffer>, readonly seed: number) {
    this.#size = words.length / ENTRY_WORDS;
    this.#probes = Math.min(PROBES_MAX, this.#size);
  }

  /** How many words a table of `size` places takes; `size` is a power of two. */
  static wordsFor(size: number): number {
    return size * ENTRY_WORDS;
  }

  /** Where `host` is, or undefined when nothing is known of it. */
  find(host: string): number | undefined {
    const key = hostKey(host);
    const home = this.#home(key);
    for (let probe = 0; probe < this.#probes; probe++) {
      const at = this.#place(home + probe);
      if (this.words[at + NEWEST] === 0) continue;
      if (this.words[at + HIGH] === key.high && this.words[at + LOW] === key.low) return at;
    }
    return undefined;
  }

  /** Makes a place for `host`, which `find` does not find; undefined: none is free. */
  make(host: string): number | undefined {
    const key = hostKey(host);
    const home = this.#home(key);
    let stalest: number | undefined;
    for (let probe = 0; probe < this.#probes; probe++) {
      const at = this.#place(home + probe);
      if (this.words[at + SESSIONS] !== 0) continue;
      const newest = this.words[at + NEWEST]!;
      if (stalest === undefined || newest < this.words[stalest + NEWEST]!) stalest = at;
    }
    if (stalest === undefined) return undefined;
    this.words.fill(0, stalest, stalest + ENTRY_WORDS);
    this.words[stalest + HIGH] = key.high;
    this.words[stalest + LOW] = key.low;
    this.words[stalest + NEWEST] = NO_SLICE;
    return stalest;
  }

  /** Open sessions of the host at `at`. */
  sessions(at: number): number {
    return this.words[at + SESSIONS]!;
  }

  /** Changes that number by `amount`. */
  addSessions(at: number, amount: number): void {
    this.words[at + SESSIONS]! += amount;
  }

  /** Failed logins within the last minute of the host at `at`. */
  failures(at: number, now: number): number {
    this.#advance(at, Math.floor(now / FAILURE_SLICE_MS));
    let failures = 0;
    for (let slice = 0; slice < SLICES; slice++) failures += this.words[at + COUNTS + slice]!;
    return failures;
  }

  /** Counts one more, after `failures` was asked for the same `now`. */
  addFailure(at: number): void {
    this.words[this.#count(at, this.words[at + NEWEST]!)]! += 1;
  }

  /** Takes the last failure back that is not forgotten yet. */
  takeFailureBack(at: number): void {
    const newest = this.words[at + NEWEST]!;
    for (let age = 0; age < SLICES && age < newest; age++) {
      const count = this.#count(at, newest - age);
      if (this.words[count]! === 0) continue;
      this.words[count]! -= 1;
      return;
    }
  }

  /** Forgets slices that are over; clocks of threads differ a little, so none goes back. */
  #advance(at: number, slice: number): void {
    const newest = this.words[at + NEWEST]!;
    if (slice <= newest) return;
    const passed = Math.min(SLICES, slice - newest);
    for (let age = 0; age < passed; age++) this.words[this.#count(at, slice - age)] = 0;
    this.words[at + NEWEST] = slice;
  }

  #count(at: number, slice: number): number {
    return at + COUNTS + slice % SLICES;
  }

  #place(index: number): number {
    return (index & this.#size - 1) * ENTRY_WORDS;
  }

  /** The final mix of MurmurHash3: every bit of the key and of the seed changes half of the bits. */
  #home({ high, low }: HostKey): number {
    return mix(mix(mix(this.seed) ^ high) ^ low);
  }
}

function mix(bits: number): number {
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return bits ^ bits >>> 16;
}
