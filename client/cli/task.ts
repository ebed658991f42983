/**
 * What a verb of the command line is, what it is given, and how it works through its operands.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { ClientError, LocalError } from "../errors.ts";
import { withRetries } from "../retry.ts";
import type { Request, VerbFlag, VerbValue } from "./arguments.ts";
import type { Console } from "./console.ts";
import { SomeFailed } from "./exit.ts";
import type { Reporter } from "./reporter.ts";

/** What a verb works with, whatever the protocol. */
export interface BareTask {
  readonly console: Console;
  /** Hears how transfers go. */
  readonly reporter: Reporter;
  readonly request: Request;
  /** Ctrl-C, for transfers and listings: everything else ends with the connection. */
  readonly signal: AbortSignal;
}

/** What a verb of FTP works with. */
export interface Task extends BareTask {
  /** The connection of the command line; after `connected` it may be another one. */
  readonly client: Client;
  /** `client` while its connection is there, else a new one in its place, logged in like it. */
  connected(): Promise<Client>;
  /** One more connection like it, for the caller to close. */
  connect(): Promise<Client>;
}

/** Where a task's connections come from. */
export interface ConnectionSource extends Pick<Task, "connected" | "connect"> {
  /** The connection that was there last, and may have ended. */
  readonly last: Client;
}

/** What a verb of FTP works with, over connections from `source`. */
export function taskOver(bare: BareTask, source: ConnectionSource): Task {
  return {
    ...bare,
    get client() {
      return source.last;
    },
    connected: () => source.connected(),
    connect: () => source.connect(),
  };
}

/**
 * Runs what may take a data connection and has no --retries: once more, on a new connection, where
 * the server refused that for its TLS session (`SessionRefusal`).
 */
export function onConnection<T>(
  source: Pick<Task, "connected">,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withRetries(() => source.connected(), {}, work);
}

/** One verb of the command line. */
export interface Subcommand {
  readonly name: string;
  /** What stands behind it, for --help and for messages. */
  readonly operands: string;
  readonly summary: string;
  /** Command lines as they are typed behind `client`, for --help. */
  readonly examples: readonly string[];
  /** The least and the most operands. */
  readonly count: readonly [number, number];
  readonly flags: readonly (VerbFlag | VerbValue)[];
  /** What its operands are, for completions: files of this machine, or names on the server. */
  readonly takes?: "local" | "remote";
  /** It hears of Ctrl-C by the signal; any other verb loses its connection. */
  readonly endsBySignal?: boolean;
  /** It needs no server. */
  readonly isOffline?: boolean;
  /** What cannot be known from the table; throws `UsageError` before anything is connected. */
  check?(request: Request): void;
  /** A verb that is offline is given no client. */
  run(task: Task): Promise<void>;
  /** Those of its flags that it has by mini, too. */
  readonly flagsOfMini?: readonly (VerbFlag | VerbValue)[];
  /** The same by mini, which has two verbs. */
  runMini?(task: BareTask): Promise<void>;
}

/** How `eachOperand` goes on after a failure. */
export interface EachOptions {
  /** More than the error to say of a failed operand. */
  readonly hint?: (operand: string, error: ClientError) => string | undefined;
  /** Failures that the others would meet, too. */
  readonly isFinal?: (error: ClientError) => boolean;
}

/**
 * Runs `work` for each of several operands. One that fails does not stop the others, unless the
 * connection has gone or the failure is `isFinal`.
 *
 * @throws {SomeFailed} when the line of each that failed has been told.
 */
export async function eachOperand(
  task: Pick<BareTask, "reporter" | "signal"> & { readonly client?: Client },
  operands: readonly string[],
  work: (operand: string, index: number) => Promise<void>,
  { hint, isFinal }: EachOptions = {},
): Promise<void> {
  const { reporter, signal } = task;
  let first: ClientError | undefined;
  let failed = 0;
  for (const [index, operand] of operands.entries()) {
    try {
      await work(operand, index);
    } catch (error) {
      if (error instanceof SomeFailed && operands.length > 1) {
        reporter.failed(error);
        first ??= error.first;
        failed++;
        continue;
      }
      if (!(error instanceof ClientError) || signal.aborted) throw error;
      const advice = hint?.(operand, error);
      if (operands.length === 1 && advice === undefined) throw error;
      const left = operands.length - index - 1;
      reporter.failed(error);
      if (advice !== undefined) reporter.note(advice);
      first ??= error;
      failed++;
      if (left > 0 && (task.client?.closed || isFinal?.(error))) {
        throw new SomeFailed(`${failed} failed, ${left} not tried, of ${operands.length}`, first);
      }
    }
  }
  if (first === undefined) return;
  throw new SomeFailed(
    operands.length === 1 ? "" : `${failed} of ${operands.length} failed`,
    first,
  );
}

/** Whether the others would fail, too: standard output takes nothing more. */
export function isOutputFailure(error: ClientError): boolean {
  return error instanceof LocalError;
}
