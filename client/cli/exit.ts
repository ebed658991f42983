/**
 * Exit statuses: what shells and scripts are told of how a run ended.
 *
 * @module
 */

import { ClientError, ConnectionError, LocalError, LoginError } from "../errors.ts";
import { OutputClosed } from "./console.ts";
import { type Row, USAGE_STATUS, UsageError } from "./flags.ts";

/** How a run ended, for shells. 130 and 141 are what they show for SIGINT and SIGPIPE. */
export const EXIT = {
  ok: 0,
  refused: 1,
  usage: USAGE_STATUS,
  connection: 3,
  login: 4,
  local: 5,
  retry: 6,
  interrupted: 130,
  outputClosed: 141,
} as const;

/** The same for --help. */
export const EXIT_TEXTS: readonly Row[] = [
  [`${EXIT.ok}`, "done"],
  [`${EXIT.refused}`, "the server refused"],
  [`${EXIT.usage}`, "a wrong command line"],
  [`${EXIT.connection}`, "no connection, or none to be trusted, or what came was no FTP"],
  [`${EXIT.login}`, "the login was refused"],
  [`${EXIT.local}`, "a file here could not be read or written, or was not to be (-n, a limit)"],
  [`${EXIT.retry}`, "worth a retry: refused for now (4yz), silent, broken, a transfer cut short"],
  [`${EXIT.interrupted}`, "interrupted with Ctrl-C"],
  [`${EXIT.outputClosed}`, "nobody reads standard output any more"],
];

/** Ctrl-C was typed. */
export class Interrupted extends Error {
  /** As `Error.name`. */
  override name = "Interrupted";
}

/** Some of several operands failed; the line of each has been written. */
export class SomeFailed extends Error {
  /** As `Error.name`. */
  override name = "SomeFailed";
  /** The error of the first that failed: its status is that of the run. */
  readonly first: ClientError;

  /** `message` says how many; it is empty when that would say nothing new. */
  constructor(message: string, first: ClientError) {
    super(message);
    this.first = first;
  }
}

/** The exit status for an error; undefined for what is a bug. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof SomeFailed) return statusOf(error.first);
  if (error instanceof OutputClosed) return EXIT.outputClosed;
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof ClientError)) return undefined;
  if (error instanceof LocalError) return EXIT.local;
  if (error.passes) return EXIT.retry;
  if (error instanceof LoginError) return EXIT.login;
  return error instanceof ConnectionError ? EXIT.connection : EXIT.refused;
}
