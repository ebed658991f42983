/**
 * The public face of the pure server core: protocols as state machines without I/O.
 *
 * Read session.ts for the contract, effects.ts for the vocabulary, then ftp/session.ts.
 *
 * @module
 */

export type * from "./effects.ts";
export type { Peer, Protocol, Session, Settings } from "./session.ts";
export * from "./accounts.ts";
export * from "./limits.ts";
export type * from "./events.ts";
export { concatenate } from "./octets.ts";
export { printable } from "./printable.ts";
export { protocols } from "./protocols.ts";
export { sampleAvi } from "./sample_avi.ts";
