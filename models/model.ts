/**
 * The contract of a model: one way for a server to wait for the network.
 *
 * A model owns sockets and files, feeds sessions (server/session.ts) and carries their effects
 * out. Every model drives every protocol, and runs as a pool of workers; the thread that calls
 * `serve` only supervises.
 *
 * @module
 */

import type { Address, ServerEvent, Settings } from "../server/mod.ts";
import type { AdmissionLimits } from "./admission.ts";

/**
 * What `--model` calls each, in the order in which they are taught. The module ./NAME.ts exports
 * the model as NAME: serve loads the one that it runs, an embedder has all of them from mod.ts.
 */
export const MODEL_NAMES = ["blocking", "polling", "multiplex", "async", "uring"] as const;

/** See MODEL_NAMES. */
export type ModelName = typeof MODEL_NAMES[number];

/** The readiness calls that a multiplex model may wait in. */
export const SELECTOR_NAMES = ["select", "poll", "epoll"] as const;

/** See SELECTOR_NAMES. */
export type SelectorName = typeof SELECTOR_NAMES[number];

/** Level: readiness is repeated until it is consumed. Edge: it is told once (epoll(7)). */
export type Trigger = "level" | "edge";

/** A disk that is slow now and then: of `every` blocks that are read one takes `ms` ms longer. */
export interface DiskDelay {
  /** How much longer, milliseconds. */
  readonly ms: number;
  /** One read in so many. */
  readonly every: number;
}

/** What to serve, where and how. Every field is plain data: it goes to the workers as it is. */
export interface ServeOptions {
  /** A name of `protocols` in server/mod.ts. */
  readonly protocol: string;
  /**
   * A numeric address to listen on; "0.0.0.0" means all of IPv4, "::" all, but of async on Windows
   * all of IPv6.
   */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** The folder served; workers are given its absolute real path. */
  readonly root: string;
  /** What each protocol may know: accounts, limits, folders. */
  readonly settings: Settings;
  /** How many are let in. */
  readonly admission: AdmissionLimits;
  /** Partial uploads that nobody has gone on with for so many days are removed; 0: never. */
  readonly partialDays: number;
  /** Event loops, or for blocking the threads at the start. */
  readonly workers: number;
  /** For blocking: the most threads that the pool grows to. */
  readonly maxWorkers: number;
  /** For multiplex: the call that it waits in. */
  readonly selector: SelectorName;
  /** For select: descriptors below this are watched; FD_SETSIZE is what the C library has. */
  readonly fdSetBits: number;
  /** For epoll: how it tells readiness. */
  readonly trigger: Trigger;
  /** For polling: milliseconds of sleep between two rounds; 0 spins. */
  readonly intervalMs: number;
  /**
   * For uring: a thread of the kernel looks for what is to be done, and sleeps when there was
   * nothing for so many milliseconds; undefined: there is none.
   */
  readonly sqpollIdleMs?: number;
  /**
   * Octets of a file that one step of a transfer moves before others have theirs (async: eight steps
   * of all transfers together); undefined: 256 KiB, and for downloads more where few wait. The
   * models of the kernel move uploads by 256 KiB at most, and by 256 KiB, whatever is said, what
   * goes through a buffer: lines (TYPE A), listings, what `diskDelay` slows down.
   */
  readonly turnBytes?: number;
  /** First and last port for passive data connections. */
  readonly passivePorts: readonly [number, number];
  /** For experiments: how reads for downloads are slowed down; undefined: not at all. */
  readonly diskDelay?: DiskDelay;
}

/** What a model cannot do, as data. */
export interface ModelLimits {
  /**
   * No more connections than these are served at the same time; undefined: the descriptor limit
   * only.
   */
  readonly connections?: number;
}

/** What a worker is doing. */
export const LANES = ["starting", "waiting", "working", "transferring", "stopped"] as const;

/** See LANES. */
export type Lane = typeof LANES[number];

/** One worker's counters at one moment. */
export interface WorkerStats {
  /** What the worker was doing. */
  readonly lane: Lane;
  /** Calls by name, for example {recv: 12, epoll_wait: 9}; only names that were called. */
  readonly calls: Readonly<Record<string, number>>;
  /** Calls that ended with EAGAIN. */
  readonly eagain: number;
  /** Returns from the waiting call. */
  readonly wakeups: number;
  /** Of those, the ones that nothing came of. */
  readonly emptyWakeups: number;
  /** Calls of accept(2) that found nobody. */
  readonly emptyAccepts: number;
  /** Octets that came, and that left, over control and data connections. */
  readonly octetsIn: number;
  /** See octetsIn. */
  readonly octetsOut: number;
  /** Octets of those that passed through a buffer of this process. */
  readonly octetsCopied: number;
  /** Reads that `diskDelay` made slow. */
  readonly delayedReads: number;
  /** Sessions begun. */
  readonly sessions: number;
  /** Sessions that have not ended. */
  readonly sessionsOpen: number;
}

/** A server that is running. */
export interface Server {
  /** Where it accepts connections; the port is never 0. */
  readonly address: Address;
  /** What stands after "model" in the line that serve prints: "multiplex (epoll, level)". */
  readonly description: string;
  /**
   * Resolves when the server has ended after `stop`; rejects with a `ServeError` when it has ended
   * without, since no worker is left. Nobody need await it.
   */
  readonly finished: Promise<void>;
  /** One entry per worker, in the order in which they were started. */
  stats(): WorkerStats[];
  /**
   * Stops accepting, lets transfers under way finish for up to `graceMs`, then closes everything.
   * A second call shortens the grace of the first. Never rejects.
   */
  stop(graceMs: number): Promise<void>;
}

/** Where a server's words go, and where the operator's answers come from. */
export interface Terminal {
  /** A line for standard output. */
  print(text: string): void;
  /**
   * Warnings alone are wanted: other events stay in the workers, where they cost nothing. Unless
   * it is said, where `event` is that of SILENT.
   */
  readonly warningsOnly?: boolean;
  /**
   * What happened; how it is shown is the terminal's affair. What clients sent is cut to
   * EVENT_CHARS_MAX of pool/link.ts, and a warning says so where events had to be left out.
   *
   * @param at when it happened, milliseconds since the epoch; now, unless it is said
   */
  event(event: ServerEvent, at?: number): void;
  /**
   * Shows `prompt`, reads a line; undefined at the end of input. When `signal` aborts, nobody
   * waits for the answer any more: the next line answers the next question.
   */
  ask(prompt: string, signal: AbortSignal): Promise<string | undefined>;
}

/**
 * Says nothing and answers nothing: for servers that are embedded. With an `event` in the place of
 * its own, `{ ...SILENT, event(event) { ... } }`, it hears of everything that happens.
 */
export const SILENT: Terminal = {
  print() {},
  event() {},
  ask: () => Promise.resolve(undefined),
};

/** The way from a worker to its supervisor, as a driver uses it. */
export interface WorkerLink {
  /** What the server was started with. */
  readonly options: ServeOptions;
  /** This worker's counters. */
  readonly counters: Counting;
  /** A session begins: its number, one higher than the last of the whole server. */
  beginSession(): number;
  /** A session has ended. */
  endSession(): void;
  /** A session threw, which only a bug can cause. */
  sessionCrashed(number: number, error: unknown): void;
  /** For the operator. */
  event(event: ServerEvent): void;
  /** A line on the server's standard output. */
  print(text: string): void;
  /** Has the operator asked; the number of the question. `answer` is called later. */
  ask(prompt: string, answer: (line: string | undefined, now: number) => void): number;
  /** Nobody waits for the answer to question `ask` any more. */
  withdraw(ask: number): void;
}

/** What a driver counts. */
export interface Counting {
  /** Adds `amount` to a counter of WorkerStats. */
  add(counter: "octetsIn" | "octetsOut" | "octetsCopied" | "delayedReads", amount: number): void;
}

/** One way to wait. */
export interface Model {
  /** What `--model` calls it. */
  readonly name: ModelName;
  /** What it cannot do with these options. */
  limits(options: ServeOptions): ModelLimits;
  /** Why it cannot run here, in one sentence, or undefined when it can. */
  unavailable(): string | undefined;
  /**
   * Starts serving; resolves once connections are accepted. `terminal` is SILENT by default. Only
   * where `unavailable` says nothing: elsewhere what it throws is no ServeError.
   *
   * @throws {ServeError} with one line of text when the folder or the address cannot be served.
   */
  serve(options: ServeOptions, terminal?: Terminal): Promise<Server>;
}

/** What a user can cause when starting a server, in one line. */
export class ServeError extends Error {
  /** For whoever looks at the name of an error. */
  override name = "ServeError";
}
