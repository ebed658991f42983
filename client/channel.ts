/**
 * How data connections come about: the strategies, of which passive.ts and active.ts have some.
 *
 * @module
 */

import type { Reply } from "./conversation.ts";
import type { Timeouts } from "./limits.ts";
import type { ServerState } from "./server_state.ts";
import type { Connection, Transport, WireAddress } from "./transport.ts";

/** A data connection that was agreed on with the server. */
export interface DataChannel {
  /** It is there, or it comes once the server has begun the transfer, until `signal` gives up. */
  readonly wire: Connection | ((signal: AbortSignal) => Promise<Connection>);
  /** Gives up what is not open yet. Never fails. */
  close(): void;
}

/** Agrees with the server on one data connection. */
export type ChannelOpener = (dialogue: Dialogue) => Promise<DataChannel>;

/** What agreeing takes of a control connection. */
export interface Dialogue {
  /** The address of this side. */
  readonly local: WireAddress;
  /** The server's address. */
  readonly peer: WireAddress;
  readonly transport: Transport;
  readonly timeouts: Timeouts;
  /** Interrupts the operation that is under way. */
  readonly signal: AbortSignal | undefined;
  readonly server: Pick<ServerState, "extendedData">;
  /** Sends a command and waits for its final reply, whatever that says. */
  ask(command: string): Promise<Reply>;
  /**
   * Sends a command and waits for a final reply between `from` and `from + 99`.
   *
   * @throws {ProtocolError} for any other, its text beginning with `action`.
   */
  expect(action: string, command: string, from: 200 | 300): Promise<Reply>;
}
