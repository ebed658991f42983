/**
 * What a load process is asked for and what it answers: plain data, one JSON line each way. This is
 * all that a load has to speak, whatever it is written in: it reads a `LoadJob` per line of standard
 * input; on standard output it says `{"event":"there"}` when everybody has logged in who can,
 * `{"event":"opening"}` when the warm-up is over, `{"event":"closed"}` when the window is, standing
 * still at these two until it is given a line ("go"), and then `{"event":"result",...}`, a
 * `LoadOutcome`. A job that fails goes on with its result. Uploads it leaves where they arrive:
 * process.ts looks at them, and removes them. It ends at the end of its input.
 *
 * run/ writes jobs and reads results; load/main.ts does the reverse. Nothing here runs.
 *
 * @module
 */

/** What a client does again and again after it has logged in; `hold` stays silent. */
export type Action = "login" | "noop" | "download" | "upload" | "hold";

/** Clients that do the same. All groups of a job share one event loop. */
export interface Group {
  /** As results refer to it. */
  readonly name: string;
  /** How many. */
  readonly clients: number;
  /** What they do. */
  readonly action: Action;
  /** The file to download, or the folder to upload to, as the server names it. */
  readonly path?: string;
  /** The size of a transfer; the octets are those of content.ts. */
  readonly octets?: number;
  /** The local file that uploads are read from. */
  readonly source?: string;
  /** The local folder in which uploads arrive. */
  readonly arrivals?: string;
  /** What arrives stays there: thousands of files that are deleted are the next one's burden. */
  readonly stays?: boolean;
  /** Uploads: a client has one name, and replaces what its last upload left there. */
  readonly replaces?: boolean;
  /**
   * Open loop: operations due per second, all clients together, one in each period at a time of it
   * that the seed says which all loads have (group.ts); each is given to a client that is free, or
   * waits for one, and its latency counts from when it was due.
   */
  readonly perSecond?: number;
  /** Download: how fast a client reads, octets per second. */
  readonly readRate?: number;
  /** Each client does it once, all begin together, and the window closes when all have ended. */
  readonly once?: boolean;
  /** `once`: records when each client connected, was greeted and ended. */
  readonly timeline?: boolean;
}

/** A window of load against one server. */
export interface LoadJob {
  /** An IPv4 address. */
  readonly host: string;
  /** Of the control connection. */
  readonly port: number;
  /** None: nobody is there. */
  readonly groups: readonly Group[];
  /** How long the clients may take to log in before the window opens without the rest. */
  readonly setupMs: number;
  /** What finishes before it is thrown away. */
  readonly warmupMs: number;
  /** How long the window is open; with `once` groups the longest that it may be. */
  readonly measureMs: number;
  /** A server that finishes nothing for so long has failed; 0: silence is allowed. */
  readonly stallMs: number;
}

/** Latencies of one group of clients in one cell. */
export interface Latency {
  /** Operations that are in it. */
  readonly count: number;
  /** HdrHistogram, compressed V2 in base64, values in microseconds: merge these, no percentiles. */
  readonly histogram: string;
  /** Microseconds, for reading without a library. */
  readonly p50Us: number;
  /** See p50Us. */
  readonly p99Us: number;
  /** See p50Us. */
  readonly maxUs: number;
}

/** What one group of clients did inside the window. */
export interface GroupResult {
  /** Clients that take part. */
  readonly clients: number;
  /** Of them, those that the server had not logged in when the window opened. */
  readonly unserved: number;
  /** Operations that ended well inside the window. */
  readonly operations: number;
  /** Payload octets of those operations. */
  readonly octets: number;
  /**
   * From the intended start of each, without the standstill before the window; what never ended
   * counts with the time so far.
   */
  readonly latency?: Latency;
  /** Open loop: the same from when each was really begun; those that ended only. */
  readonly fromStart?: Latency;
  /** Of `latency`, those that had not ended when the window closed: lower bounds. */
  readonly unfinished: number;
  /** Jain's index over operations per client, 1/n to 1; 1 is fair. */
  readonly fairness?: number;
  /** Open loop: operations due per second. */
  readonly offered?: number;
  /** Open loop: how late operations were begun that a client was free for, microseconds. */
  readonly latenessP99Us?: number;
  /** Closed-loop bursts: [connect, greeting, end] of the clients that were done first, 64 at most, ms. */
  readonly timeline?: readonly (readonly [number, number, number])[];
}

/** What was measured between the opening of the window and its close. */
export interface LoadResult {
  /** How long the window was open. */
  readonly seconds: number;
  /** By the group's name; groups that hold tell how many were served. */
  readonly groups: Readonly<Record<string, GroupResult>>;
  /** Errors by what they were, from the first connection to the last, warm-up included. */
  readonly errors: Readonly<Record<string, number>>;
  /** CPU seconds of the load process in the window, user and system. */
  readonly cpu: number;
  /** Why the window did not close, when it did not. */
  readonly failure?: string;
}

/**
 * An end of the window. Everybody stands still there: the server is sampled meanwhile, so that both
 * sides count the same operations.
 */
export type WindowEdge = "opening" | "closed";

/** How far a job is. */
export type LoadEvent = "there" | WindowEdge;

/** What a job has come to. */
export interface LoadOutcome {
  /** What was measured; errors are without those of `uploads`, which nobody has looked at yet. */
  readonly result: LoadResult;
  /** By group, in the order of the job: names that the server has acknowledged a whole upload of. */
  readonly uploads: readonly (readonly string[])[];
}

/** What the load process says during a job. */
export type LoadMessage =
  | { readonly event: LoadEvent }
  | { readonly event: "result" } & LoadOutcome;
