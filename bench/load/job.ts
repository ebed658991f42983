/**
 * What the load process is asked for and what it answers: plain data, one JSON line each way.
 * measure.ts writes jobs and reads results; load/main.ts does the reverse. Nothing here runs.
 *
 * @module
 */

import type { GroupResult } from "../record.ts";

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
  /** Uploads: a client has one name, and replaces what its last upload left there. */
  readonly replaces?: boolean;
  /**
   * Open loop: operations due per second, all clients together, evenly spaced; each is given to
   * a client that is free, or waits for one, and its latency counts from when it was due.
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
  /** At least one. */
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
 * What the load process says during a job. After "opening" and "closed" it stands still until it
 * gets a line: the server is sampled meanwhile, so that both sides count the same operations.
 */
export type LoadMessage =
  | { readonly event: "opening" }
  | { readonly event: "closed" }
  | { readonly event: "result"; readonly result: LoadResult };
