/**
 * The contract that every protocol's session keeps, and that every model drives.
 *
 * A session is a pure machine: octets, completions and the time go in, effects come out. It opens
 * nothing, waits for nothing, knows no clock. One turn of any model is:
 *
 *     session.handleInput(octets, now)           // or handleCompletion, handleTimeout, ...
 *     while ((effect = session.pollEffect(now))) carryOut(effect)
 *     wait for octets, completions, or session.pollDeadline()
 *
 * The session works only when it is polled, and no more than the next effect takes: a driver that
 * stops polling, because the peer does not read its replies or others wait for their turn, has
 * stopped the session. `now` is milliseconds since the epoch from a clock that never goes back. A
 * peer's bad octets give a reply, never an exception: an exception out of a session is a bug in the
 * session or in its driver.
 *
 * @module
 */

import type { Address, Completion, Effect, Moving, StoreAbilities } from "./effects.ts";
import type { Settings } from "./settings.ts";

/** A protocol's state machine for one connection. Getters, `handle*` in, `poll*` out. */
export interface Session {
  /**
   * false: the session has enough to do; the model stops reading until it is true again, so that
   * the peer feels the back-pressure and no queue grows.
   */
  readonly wantsInput: boolean;
  /** What goes over the control connection itself now; where nothing ever does, it is left out. */
  readonly moving?: Moving | undefined;
  /**
   * The client has said that it goes, once what it asked for before is done (QUIT): its end is none
   * that breaks an upload off. Where nothing says so, it is left out.
   */
  readonly leaving?: boolean;
  /** Octets from the control connection; borrowed, valid only during the call. */
  handleInput(octets: Uint8Array, now: number): void;
  /** The peer closed its sending side; a connection that broke is dropped without a word. */
  handleEnd(now: number): void;
  /** The answer to the effect that carried `id`. */
  handleCompletion(id: number, completion: Completion, now: number): void;
  /** The time of `pollDeadline()` has come; a call that comes too early does nothing. */
  handleTimeout(now: number): void;
  /** The server is stopping: finish what is under way, say goodbye, close. */
  handleStop(now: number): void;
  /**
   * The next effect to carry out, or undefined when there is none before another input. Runs at
   * most the commands that it takes to have one.
   */
  pollEffect(now: number): Effect | undefined;
  /** When `handleTimeout` wants to be called, or Infinity for never. */
  pollDeadline(): number;
}

/** The two ends of a control connection. */
export interface Peer {
  /** The server's end: what a passive reply names. */
  readonly local: Address;
  /** The client's end: the only host that data connections go to and come from. */
  readonly remote: Address;
  /** 1 for the server's first connection, and so on; stable for the connection's life. */
  readonly number: number;
}

export type { Settings };

/** What a worker needs of a protocol that it speaks; all else is in protocols.ts. */
export interface Protocol {
  /**
   * Begins a session with its part of `settings`; what it says first is in its effects.
   * `can` is what its file store is able to do.
   */
  createSession(settings: Settings, peer: Peer, now: number, can: StoreAbilities): Session;
  /** Whether its clients may send urgent data, as Telnet's Synch (RFC 854). */
  readonly telnet: boolean;
  /** What a client hears that cannot be served, for example for want of descriptors. */
  refusal(reason: string): Uint8Array;
}
