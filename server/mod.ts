/**
 * The public face of the pure server core: protocols as state machines without I/O.
 *
 * Read session.ts for the contract, effects.ts for the vocabulary, then ftp/session.ts.
 *
 * @module
 */

export type * from "./effects.ts";
export type * from "./events.ts";
export type { Peer, Protocol, Session } from "./session.ts";
export * from "./accounts.ts";
export * from "./settings.ts";
export {
  concatenate,
  decodeOctets,
  encodeOctets,
  NAME_BYTES_MAX,
  takeFirst,
  writePlain,
} from "./octets.ts";
export {
  childPath,
  isAddressable,
  isPartialName,
  nameOf,
  parentPath,
  partialName,
} from "./paths.ts";
export { neededFor, renderEntry, renderHeading } from "./ftp/listing.ts";
export { compilePattern } from "./ftp/pattern.ts";
export { converter, type Filter } from "./ftp/words/ascii.ts";
export type { FactName } from "./ftp/words/facts.ts";
export { maskControls, UNPRINTABLE } from "./mask_controls.ts";
export { type ProtocolFacts, protocols } from "./protocols.ts";
export { unreachable } from "./unreachable.ts";
