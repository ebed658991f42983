/**
 * How several event loops share one listener evenly: one of them, the acceptor, accepts for all and
 * hands each connection to the worker with the fewest sessions.
 *
 * Loops that all watch a listener are all woken by each connection, and whoever is awake takes a
 * whole burst. With one acceptor nobody is woken in vain, and the workers' sessions differ by one.
 * All is in shared memory; nothing here calls the kernel, or waits for a worker: one that does not
 * come back from a slow call is passed over, and the supervisor moves what lies there (`relieve`).
 *
 * @module
 */

import type { Address } from "../../server/mod.ts";
import { Lock } from "./lock.ts";

/** Connections that lie in one inbox at most: as many as one turn accepts. */
export const HANDED_MAX = 64;

/** A worker whose inbox has not been emptied for so long gets nothing more, milliseconds. */
export const BEHIND_MS = 100;

/** Octets of a host's text: IPv6 with an IPv4 tail has 45, a zone 16 with its "%". */
const HOST_BYTES = 64;

/** Words before the inboxes. */
const HEAD = { lock: 0, acceptor: 1, workers: 2, count: 3 } as const;

/** Words of one connection that was handed over; the octets of its remote host begin at `host`. */
const ENTRY = { fd: 0, port: 1, hostBytes: 2, host: 3, count: 3 + HOST_BYTES / 4 } as const;

/** Words of one worker. */
const INBOX = {
  /** 1 from `open` to `close`. */
  open: 0,
  /** The eventfd that wakes it. */
  wake: 1,
  /** Those that were given to it and have not ended. */
  sessions: 2,
  /** 1: it did not come back from a slow call, as far as the supervisor has seen. */
  stuck: 3,
  /** How many connections lie here. */
  handed: 4,
  /** Since when the first of them does: the low 31 bits of milliseconds. */
  since: 5,
  entries: 6,
  count: 6 + HANDED_MAX * ENTRY.count,
} as const;

const TIME_MASK = 0x7fffffff;

/** A connection that another worker has accepted. */
export interface Handed {
  /** Its descriptor: they are the process's, not a thread's. */
  readonly fd: number;
  /** As accept(2) told it. */
  readonly remote: Address;
}

/** What became of a connection that was accepted. */
export type Given =
  /** Here are the fewest sessions. */
  | { readonly to: "self" }
  /** It lies in an inbox; `wake`, unless undefined, is to be written to. */
  | { readonly to: "other"; readonly wake: number | undefined };

const SELF: Given = { to: "self" };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One worker's, or the supervisor's, view of the same memory. */
export class Handoff {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #octets: Uint8Array<SharedArrayBuffer>;
  readonly #lock: Lock;

  /**
   * @param memory what `Handoff.allocate` made
   * @param worker its index from 0; the supervisor's is -1
   */
  constructor(memory: SharedArrayBuffer, readonly worker: number) {
    this.#words = new Int32Array(memory);
    this.#octets = new Uint8Array(memory);
    this.#lock = new Lock(this.#words, HEAD.lock);
  }

  /** Memory for so many workers, 5 KB each; the first one is the acceptor. */
  static allocate(workers: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer((HEAD.count + workers * INBOX.count) * 4);
    new Int32Array(memory)[HEAD.workers] = workers;
    return memory;
  }

  /** Whether this worker is the one that accepts; it may become another after a wake-up. */
  get accepts(): boolean {
    return Atomics.load(this.#words, HEAD.acceptor) === this.worker;
  }

  /** From now on this worker takes connections, and is woken by its eventfd `wake`. */
  open(wake: number): void {
    const inbox = inboxOf(this.worker);
    this.#words[inbox + INBOX.wake] = wake;
    Atomics.store(this.#words, inbox + INBOX.open, 1);
  }

  /** This worker takes no more; what still lay in its inbox is the caller's to close. */
  close(): Handed[] {
    return this.#lock.run(() => {
      const inbox = inboxOf(this.worker);
      this.#words[inbox + INBOX.open] = 0;
      return this.#empty(inbox);
    });
  }

  /**
   * Gives a connection that this worker has accepted to the one with the fewest sessions, rather to
   * itself than to another with as many, and counts it there.
   */
  give(handed: Handed, now: number): Given {
    return this.#lock.run(() => {
      const target = this.#fewest(now, this.worker)!;
      const inbox = inboxOf(target);
      if (target !== this.worker) return this.#put(inbox, handed, now);
      Atomics.add(this.#words, inbox + INBOX.sessions, 1);
      return SELF;
    });
  }

  /** Empties this worker's inbox: after every wake-up. */
  take(): Handed[] {
    const inbox = inboxOf(this.worker);
    if (Atomics.load(this.#words, inbox + INBOX.handed) === 0) return [];
    return this.#lock.run(() => this.#empty(inbox));
  }

  /** A session of this worker has ended, or was refused before it began. */
  ended(): void {
    Atomics.sub(this.#words, inboxOf(this.worker) + INBOX.sessions, 1);
  }

  /**
   * For the supervisor, now and then: another worker becomes the acceptor if that one is stuck, and
   * what lies with those that are goes to others.
   *
   * @param stuck by the index of each worker: it has ended, or does not come back
   * @returns indexes of the workers to wake
   */
  relieve(stuck: readonly boolean[], now: number): number[] {
    return this.#lock.run(() => {
      const words = this.#words;
      for (let worker = 0; worker < this.#workers; worker++) {
        words[inboxOf(worker) + INBOX.stuck] = stuck[worker] === true ? 1 : 0;
      }
      const woken = new Set<number>();
      if (stuck[words[HEAD.acceptor]!] === true) {
        const acceptor = this.#fewest(now) ?? words[HEAD.acceptor]!;
        Atomics.store(words, HEAD.acceptor, acceptor);
        woken.add(acceptor);
      }
      for (let worker = 0; worker < this.#workers; worker++) {
        if (stuck[worker] !== true) continue;
        for (const target of this.#moveAll(worker, now)) woken.add(target);
      }
      return [...woken];
    });
  }

  /** For the supervisor, when no worker is left: what lies in an inbox is the caller's to close. */
  clear(): Handed[] {
    return this.#lock.run(() =>
      Array.from({ length: this.#workers }, (_, worker) => this.#empty(inboxOf(worker))).flat()
    );
  }

  /** Gives what lies with `worker` to others, as far as they take it; to whom. */
  #moveAll(worker: number, now: number): number[] {
    const inbox = inboxOf(worker);
    return this.#empty(inbox).map((handed) => {
      Atomics.sub(this.#words, inbox + INBOX.sessions, 1);
      const target = this.#fewest(now) ?? worker;
      this.#put(inboxOf(target), handed, now);
      return target;
    });
  }

  /** Who takes connections and has the fewest sessions; `self`, if given, unless another has fewer. */
  #fewest(now: number, self?: number): number | undefined {
    let best = self;
    let least = self === undefined ? Infinity : this.#words[inboxOf(self) + INBOX.sessions]!;
    for (let worker = 0; worker < this.#workers; worker++) {
      const inbox = inboxOf(worker);
      const sessions = this.#words[inbox + INBOX.sessions]!;
      if (sessions >= least || !this.#takes(inbox, now)) continue;
      best = worker;
      least = sessions;
    }
    return best;
  }

  #takes(inbox: number, now: number): boolean {
    const words = this.#words;
    if (words[inbox + INBOX.open] === 0 || words[inbox + INBOX.stuck] === 1) return false;
    const handed = words[inbox + INBOX.handed]!;
    if (handed === 0) return true;
    const waited = (now & TIME_MASK) - words[inbox + INBOX.since]! & TIME_MASK;
    // A clock of another thread may be a moment behind: what looks like weeks is no time.
    return handed < HANDED_MAX && (waited <= BEHIND_MS || waited > TIME_MASK / 2);
  }

  #put(inbox: number, { fd, remote }: Handed, now: number): Given {
    const words = this.#words;
    const handed = words[inbox + INBOX.handed]!;
    const entry = inbox + INBOX.entries + handed * ENTRY.count;
    words[entry + ENTRY.fd] = fd;
    words[entry + ENTRY.port] = remote.port;
    words[entry + ENTRY.hostBytes] = encoder.encodeInto(remote.host, this.#host(entry)).written;
    if (handed === 0) words[inbox + INBOX.since] = now & TIME_MASK;
    Atomics.add(words, inbox + INBOX.sessions, 1);
    Atomics.store(words, inbox + INBOX.handed, handed + 1);
    // Whoever finds something has been woken, or is about to look.
    return { to: "other", wake: handed === 0 ? words[inbox + INBOX.wake]! : undefined };
  }

  #empty(inbox: number): Handed[] {
    const words = this.#words;
    const taken = Array.from({ length: words[inbox + INBOX.handed]! }, (_, index): Handed => {
      const entry = inbox + INBOX.entries + index * ENTRY.count;
      const host = decoder.decode(this.#host(entry).slice(0, words[entry + ENTRY.hostBytes]!));
      const port = words[entry + ENTRY.port]!;
      const family = host.includes(":") ? 6 : 4;
      return { fd: words[entry + ENTRY.fd]!, remote: { family, host, port } };
    });
    Atomics.store(words, inbox + INBOX.handed, 0);
    return taken;
  }

  #host(entry: number): Uint8Array<SharedArrayBuffer> {
    const start = (entry + ENTRY.host) * 4;
    return this.#octets.subarray(start, start + HOST_BYTES);
  }

  get #workers(): number {
    return this.#words[HEAD.workers]!;
  }
}

function inboxOf(worker: number): number {
  return HEAD.count + worker * INBOX.count;
}
