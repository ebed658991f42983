/**
 * What the load process is asked for and what it answers: plain data, one JSON line each. measure.ts
 * writes jobs and reads results; load/main.ts does the reverse. Nothing here runs.
 *
 * @module
 */

/** What every client does again and again. */
export type Action = "login" | "download" | "upload";

/** A closed loop of clients against one server: each begins anew as soon as it is done. */
export interface LoadJob {
  /** An IPv4 address. */
  readonly host: string;
  /** Of the control connection. */
  readonly port: number;
  /** What each client does. */
  readonly action: Action;
  /** How many clients do it at the same time. */
  readonly clients: number;
  /** The file to download, or the folder to upload to, as the server names it. */
  readonly path: string;
  /** The size of a transfer; the octets are those of content.ts. 0 for a login. */
  readonly octets: number;
  /** The local file that uploads are read from. */
  readonly source?: string;
  /** The local folder in which uploads arrive. */
  readonly arrivals?: string;
  /** What finishes before it is thrown away, and so is the operation that ends it. */
  readonly warmupMs: number;
  /** The first operation to finish after so long in the window ends the measurement. */
  readonly measureMs: number;
  /** A server that finishes nothing for so long has failed. */
  readonly stallMs: number;
}

/**
 * What was measured between the first operation that finished after the warm-up, not counted, and
 * the last one counted.
 */
export interface LoadResult {
  /** Operations counted. */
  readonly operations: number;
  /** How long the window was open. */
  readonly seconds: number;
  /** Errors by what they were, from the first connection to the last, warm-up included. */
  readonly errors: Readonly<Record<string, number>>;
  /** CPU seconds of the load process per second of the window, user and system. */
  readonly cpuShare: number;
  /** Why the window did not close, when it did not. */
  readonly failure?: string;
}
