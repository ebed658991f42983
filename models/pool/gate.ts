/**
 * The gate of a server whose workers are threads: Admission in shared memory. The supervisor makes
 * the memory, each worker attaches to it and asks before every session and every password.
 *
 * All changes happen under one lock, so that no limit is ever exceeded by two workers at once. What
 * a worker holds is also kept by worker: one that ends by a bug is forgotten, and its sessions with
 * it. Nothing here waits for the network or is held across a call of the kernel.
 *
 * @module
 */

import type { Admission, AdmissionLimits, Attempt } from "../admission.ts";
import { LOGIN_DELAY_MS_MAX } from "../limits.ts";
import { HostTable } from "./host_table.ts";
import { Lock } from "./lock.ts";

/** Failures that double the delay; more of them would only overflow. */
const DOUBLINGS_MAX = 20;

/**
 * The share of all sessions that may wait for a login, where a protocol has one: the rest is for
 * those who came to do something.
 */
const WAITING_SHARE = 0.5;

/** Places for hosts per session: so few of them are taken that a place is always found. */
const HOSTS_PER_SESSION = 4;

/** The fewest places: hosts that have failed are remembered, however few may have sessions. */
const HOSTS_MIN = 4096;

/** The words before the tables. A limit that there is not is NO_LIMIT. */
const HEAD = {
  lock: 0,
  seed: 1,
  hosts: 2,
  sessionsMax: 3,
  waitingMax: 4,
  perHostMax: 5,
  failuresMax: 6,
  /** Those that are open, over all workers; and how many of them wait for a login. */
  sessions: 7,
  waiting: 8,
  /** The first shelf that is free, or -1; and how many were ever in use. */
  free: 9,
  shelves: 10,
  count: 11,
} as const;

const NO_LIMIT = 0x7fffffff;

/** What one worker holds of one host: a shelf. `host` is -1 while it is free. */
const SHELF = { worker: 0, host: 1, sessions: 2, waiting: 3, next: 4, count: 5 } as const;

/** Admission over all workers that are attached to the same memory. */
export class Gate implements Admission {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #lock: Lock;
  readonly #hosts: HostTable;
  readonly #shelvesAt: number;
  /** This worker's shelves by host; a host that has sessions keeps its place. */
  readonly #shelves = new Map<number, number>();
  /** The host that was looked for last, and has sessions here: most is asked about the same. */
  #lastHost: string | undefined;
  #lastAt = 0;

  /**
   * @param memory what `Gate.allocate` made
   * @param worker a number of its own for each worker; the supervisor, which admits nobody: -1
   */
  constructor(memory: SharedArrayBuffer, readonly worker: number) {
    const words = new Int32Array(memory);
    const hostWords = HostTable.wordsFor(words[HEAD.hosts]!);
    this.#words = words;
    this.#lock = new Lock(words, HEAD.lock);
    this.#hosts = new HostTable(
      words.subarray(HEAD.count, HEAD.count + hostWords),
      words[HEAD.seed]!,
    );
    this.#shelvesAt = HEAD.count + hostWords;
  }

  /**
   * Memory for a server's gate: 300 to 600 octets for each session that may be open, and 280 KB at
   * least.
   *
   * @param logsIn whether the protocol has a login that sessions wait for
   */
  static allocate(limits: AdmissionLimits, logsIn: boolean): SharedArrayBuffer {
    const { sessionsMax, sessionsPerHostMax, failedLoginsPerMinuteMax } = limits;
    const hosts = 2 ** Math.ceil(Math.log2(Math.max(HOSTS_MIN, sessionsMax * HOSTS_PER_SESSION)));
    const count = HEAD.count + HostTable.wordsFor(hosts) + sessionsMax * SHELF.count;
    const words = new Int32Array(new SharedArrayBuffer(count * 4));
    words[HEAD.seed] = crypto.getRandomValues(new Int32Array(1))[0]!;
    words[HEAD.hosts] = hosts;
    words[HEAD.sessionsMax] = sessionsMax;
    words[HEAD.waitingMax] = logsIn ? Math.ceil(sessionsMax * WAITING_SHARE) : NO_LIMIT;
    words[HEAD.perHostMax] = Math.min(sessionsPerHostMax || NO_LIMIT, NO_LIMIT);
    words[HEAD.failuresMax] = Math.min(failedLoginsPerMinuteMax || NO_LIMIT, NO_LIMIT);
    words[HEAD.free] = -1;
    return words.buffer;
  }

  /** See Admission. */
  admit(host: string): string | undefined {
    return this.#lock.run(() => {
      const words = this.#words;
      const known = host === this.#lastHost ? this.#lastAt : this.#hosts.find(host);
      if (known !== undefined && this.#hosts.sessions(known) >= words[HEAD.perHostMax]!) {
        return "Too many sessions from your address";
      }
      if (words[HEAD.sessions]! >= words[HEAD.sessionsMax]!) {
        return "Too many sessions, try again later";
      }
      if (words[HEAD.waiting]! >= words[HEAD.waitingMax]!) {
        return "Too many sessions wait for a login, try again later";
      }
      const at = known ?? this.#hosts.make(host);
      if (at === undefined) return "Too many sessions, try again later";
      this.#add(this.#shelfOf(at), 1, 1);
      this.#remember(host, at);
      return undefined;
    });
  }

  /** See Admission. */
  leave(host: string, loggedIn: boolean): void {
    this.#lock.run(() => {
      const at = this.#admitted(host);
      const shelf = this.#shelfOf(at);
      this.#add(shelf, -1, loggedIn ? 0 : -1);
      if (this.#words[shelf + SHELF.sessions]! > 0) return;
      this.#shelves.delete(at);
      this.#putBack(shelf);
      this.#lastHost = undefined; // its place may be another's from now on
    });
  }

  /** See Admission. */
  attempt(host: string, delayMs: number, now: number): Attempt {
    return this.#lock.run(() => {
      const at = this.#admitted(host);
      const failures = this.#hosts.failures(at, now);
      const allowed = failures < this.#words[HEAD.failuresMax]!;
      if (allowed) this.#hosts.addFailure(at);
      const doubled = delayMs * 2 ** Math.min(failures, DOUBLINGS_MAX);
      return { allowed, delayMs: Math.min(doubled, LOGIN_DELAY_MS_MAX) };
    });
  }

  /** See Admission. */
  loggedIn(host: string): void {
    this.#lock.run(() => {
      const at = this.#admitted(host);
      this.#hosts.takeFailureBack(at);
      this.#add(this.#shelfOf(at), 0, -1);
    });
  }

  /** See Admission. */
  loggedOut(host: string): void {
    this.#lock.run(() => this.#add(this.#shelfOf(this.#admitted(host)), 0, 1));
  }

  /** For the supervisor: `worker` has ended, and what it held is free again. */
  forget(worker: number): void {
    this.#lock.run(() => {
      for (let index = 0; index < this.#words[HEAD.shelves]!; index++) {
        const shelf = this.#shelvesAt + index * SHELF.count;
        const words = this.#words;
        if (words[shelf + SHELF.host] === -1 || words[shelf + SHELF.worker] !== worker) continue;
        this.#add(shelf, -words[shelf + SHELF.sessions]!, -words[shelf + SHELF.waiting]!);
        this.#putBack(shelf);
      }
    });
  }

  /** Where a host with a session of this worker is; anything else is a bug of the caller. */
  #admitted(host: string): number {
    if (host === this.#lastHost) return this.#lastAt;
    const at = this.#hosts.find(host);
    if (at === undefined || !this.#shelves.has(at)) {
      throw new Error(`Cannot count "${host}": it has no session here`);
    }
    this.#remember(host, at);
    return at;
  }

  #remember(host: string, at: number): void {
    this.#lastHost = host;
    this.#lastAt = at;
  }

  /** The shelf of this worker for the host at `host`; there are as many as sessions at most. */
  #shelfOf(host: number): number {
    const mine = this.#shelves.get(host);
    if (mine !== undefined) return mine;
    const words = this.#words;
    let shelf = words[HEAD.free]!;
    if (shelf === -1) shelf = this.#shelvesAt + SHELF.count * words[HEAD.shelves]!++;
    else words[HEAD.free] = words[shelf + SHELF.next]!;
    words[shelf + SHELF.worker] = this.worker;
    words[shelf + SHELF.host] = host;
    this.#shelves.set(host, shelf);
    return shelf;
  }

  #putBack(shelf: number): void {
    this.#words[shelf + SHELF.host] = -1;
    this.#words[shelf + SHELF.next] = this.#words[HEAD.free]!;
    this.#words[HEAD.free] = shelf;
  }

  /** Counts sessions and those that wait, of the shelf, of its host and of all. */
  #add(shelf: number, sessions: number, waiting: number): void {
    const words = this.#words;
    words[shelf + SHELF.sessions]! += sessions;
    words[shelf + SHELF.waiting]! += waiting;
    this.#hosts.addSessions(words[shelf + SHELF.host]!, sessions);
    words[HEAD.sessions]! += sessions;
    words[HEAD.waiting]! += waiting;
  }
}
