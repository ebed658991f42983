/**
 * What a verb of the command line is, and what it is given.
 *
 * @module
 */

import type { Client } from "../mod.ts";
import type { Request, VerbFlag } from "./arguments.ts";
import type { Console } from "./console.ts";
import type { Reporter } from "./reporter.ts";

/** What a verb works with, whatever the protocol. */
export interface BareTask {
  readonly console: Console;
  /** Hears how transfers go. */
  readonly reporter: Reporter;
  readonly request: Request;
  /** Ctrl-C, for transfers: everything else ends with the connection. */
  readonly signal: AbortSignal;
}

/** What a verb of FTP works with. */
export interface Task extends BareTask {
  readonly client: Client;
}

/** One verb of the command line. */
export interface Subcommand {
  readonly name: string;
  /** What stands behind it, for --help and for messages. */
  readonly operands: string;
  readonly summary: string;
  /** The least and the most operands. */
  readonly count: readonly [number, number];
  readonly flags: readonly VerbFlag[];
  /** It hears of Ctrl-C by the signal; any other verb loses its connection. */
  readonly endsBySignal?: boolean;
  /** What cannot be known from the table; throws `UsageError` before anything is connected. */
  check?(request: Request): void;
  run(task: Task): Promise<void>;
  /** The same by mini, which has two verbs. */
  runMini?(task: BareTask): Promise<void>;
}
