/**
 * What a verb of the shell is, and what it is given: the shell as its verbs see it.
 *
 * @module
 */

import type { Console } from "../console.ts";
import type { SomeFailed } from "../exit.ts";
import type { Explained } from "./help.ts";
import type { History } from "./history.ts";
import type { ShellSession } from "./session.ts";

/** The shell as its verbs see it. */
export interface ShellFace {
  readonly console: Console;
  readonly session: ShellSession;
  readonly history: History;
  /** All verbs that there are. */
  readonly verbs: readonly Explained[];
  /** Lines come from standard input, which nothing else may read then. */
  readonly readsInput: boolean;
  /** Where the process was before it went elsewhere; null where it could not be told. */
  begunIn: string | null | undefined;
  /** Writes lines to standard output. */
  write(lines: readonly string[]): Promise<void>;
  /** Says whom it is connected to. */
  greet(): void;
  /** No line is performed any more. */
  leave(): void;
}

/** What a verb of the shell works with. */
export interface ShellTask {
  readonly shell: ShellFace;
  readonly operands: readonly string[];
}

/** An exit status where there is one to tell, or a verb to go on with. */
export type Outcome = number | undefined | void | {
  /** Its words. */
  readonly next: readonly string[];
  /** What failed before, and fails the line in the end. */
  readonly failure?: SomeFailed;
};

/** A verb that is known in the shell only. */
export interface ShellVerb {
  readonly name: string;
  /** What stands behind it, for help and for messages. */
  readonly operands: string;
  readonly summary: string;
  /** The least and the most operands. */
  readonly count: readonly [number, number];
  /** It works by mini, too: it asks the server nothing. */
  readonly isLocal?: boolean;
  /** It hears of Ctrl-C by the signal; any other verb loses its connection. */
  readonly endsBySignal?: boolean;
  /** It writes to standard output, where events would be torn apart by it. */
  readonly writes?: boolean;
  /** It has flags, which it reads itself. */
  readonly takesFlags?: boolean;
  /** What its operands are, for completion: names here, or on the server. */
  readonly takes?: "local" | "remote";
  run(task: ShellTask): Promise<Outcome> | Outcome;
}
