/**
 * What a row of the verb table says of a verb. Rows are in mod.ts; the session keeps to them, HELP
 * and FEAT read them.
 *
 * @module
 */

import type { Access } from "../../accounts.ts";
import type { StoreAbilities } from "../../effects.ts";
import type { CommandContext } from "./context.ts";

/** One row of the table. */
export interface Verb {
  /** Three or four capital letters. */
  readonly name: string;
  /** What the user must be allowed to; "none": even before the login. */
  readonly access: Access | "none";
  /** "ignored": whatever stands there changes nothing. */
  readonly argument: "none" | "optional" | "required" | "ignored";
  /** The argument is octets as they came; else blanks around it are nothing. */
  readonly exact?: true;
  /**
   * Before the end of a transfer it is answered before all that waits, or ends the transfer; any
   * other verb waits, and so does every one with an argument.
   */
  readonly during?: "overtakes" | "aborts";
  /** Said again and again to be heard at all: those that wait in a row take the room of one. */
  readonly waitsTogether?: true;
  /** It changes files, or may: a name given with RNFR is forgotten. */
  readonly endsRename?: true;
  /** It begins a transfer this way: what REST said is for it, and ALLO where it receives. */
  readonly transfers?: "send" | "receive";
  /** What the file store must be able to do; 502 without it. */
  readonly needs?: keyof StoreAbilities;
  /** The command itself. */
  readonly run: (session: CommandContext, argument: string) => void;
  /** The argument's syntax, for HELP. */
  readonly syntax: string;
  /** The line that FEAT has for it (RFC 2389). */
  readonly feature?: (session: CommandContext) => string;
}
