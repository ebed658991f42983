/**
 * What was learned of a server, or settled with it, on one connection.
 *
 * control.ts keeps it; whoever settles something writes it down there.
 *
 * @module
 */

import type { Reply } from "./conversation.ts";
import type { SessionRefusal } from "./errors.ts";

/** In `ServerState.facts`: those that FEAT marks, as on every new connection. */
export const MARKED_FACTS = "*";

/** How a connection stands. What was interrupted, so that nobody knows, is undefined. */
export interface ServerState {
  /** The reply with which the connection began. */
  greeting: Reply;
  /** FEAT's lines: name in upper case, parameters behind it (RFC 2389). */
  features: ReadonlyMap<string, string>;
  /** The representation type in force; undefined before the first TYPE. */
  type: "A" | "I" | undefined;
  /** false once EPSV, or EPRT, has failed: PASV, or PORT, from then on. */
  extendedData: boolean;
  /** A REST was sent and no transfer after it: some servers keep it for the next one. */
  restarting: boolean;
  /** Data connections go through TLS (PROT P). */
  protectedData: boolean;
  /** Why the connection was closed, if it was for the TLS session of its data connections. */
  sessionRefusal: SessionRefusal | undefined;
  /** Whether LIST -a shows what LIST leaves out; undefined before the first listing by lines. */
  listsAll: boolean | undefined;
  /** What MLSD and MLST tell, as OPTS MLST takes it (see facts.ts); undefined: not known. */
  facts: string | undefined;
}

/** How it stands before the first command. */
export function newServerState(): ServerState {
  return {
    greeting: { code: 220, lines: [] },
    features: new Map(),
    type: undefined,
    extendedData: true,
    restarting: false,
    protectedData: false,
    sessionRefusal: undefined,
    listsAll: undefined,
    facts: MARKED_FACTS,
  };
}
