/**
 * What verbs tell of what they do, and how much of it a user wants to hear: the interface between
 * verbs and whoever speaks to people or programs.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Entry } from "../listing.ts";

/** Who tells what happens. Names and texts may hold anything: they become printable here. */
export interface Reporter {
  /** A transfer of `name` is about to begin; several may run at once. */
  transfer(name: string): TransferReport;
  /** So many files are to come yet, of so many octets as far as that is known: for the total. */
  expect(files: number, octets: number | undefined): void;
  /** One line worth reading, such as what was kept of a broken transfer. */
  note(text: string): void;
  /** A verb's own words for all that was done, in place of the sum of its transfers. */
  summary(text: string): void;
  /** One line for who asked for all that is done. */
  detail(text: string): void;
  /** A connection is being made and logged in; `connected` ends that. */
  connecting(host: string, port: number): void;
  /** It is there, or has failed. */
  connected(client: Connected | undefined): void;
  /** Something failed that is tried again after a while. */
  retry(again: Retry): void;
  /** Ctrl-C was typed; what runs is being ended in good order. */
  interrupting(): void;
  /** Octets go to the terminal itself: no wait is told of between them, to the end of the run. */
  hide(): void;
  /** A line to the server, or from it; a reply that does not come is told of. */
  trace(direction: "sent" | "received", line: string): void;
  /**
   * A row of a listing, of this directory if it is one of a directory; true when it has been told
   * as an event and is not to be written.
   */
  entry(entry: Entry, directory?: string): boolean;
  /** An error that does not end the run, or with an exit status the one that did. */
  failed(error: Error, status?: number): void;
  /** Nothing more will be told but a failure: what is drawn is cleared, and several files are summed up. */
  close(): void;
}

/**
 * One transfer, from its beginning to `finish`, `skip` or `stop`. `stop` may follow either, and
 * `start` may follow `stop` or another `start` when it is tried again.
 */
export interface TransferReport {
  /** It begins at octet `offset` of a file of `total` octets, as far as that is known. */
  start(offset: number, total: number | undefined): void;
  /** So many octets have been moved since the start, without the offset. */
  update(octets: number): void;
  /** Its octets go to the terminal itself: nothing may be drawn between them. */
  hide(): void;
  /** It is complete. */
  finish(): void;
  /** Nothing had to be moved, for this reason: "already complete". */
  skip(reason: string): void;
  /** It failed or was interrupted; the error is told by whoever threw it. */
  stop(): void;
}

/** What a new connection tells of itself. */
export type Connected = Pick<Client, "greeting" | "features">;

/** What is tried again, and when. */
export interface Retry {
  /** What went wrong, in one line. */
  readonly reason: string;
  /** The attempt that comes: 2 is the first that is one. */
  readonly attempt: number;
  /** How many there may be. */
  readonly attemptsMax: number;
  readonly waitMs: number;
}

/** What the flags say of the telling. */
export interface Telling {
  /** Nothing but errors, warnings and what was kept, lost or left out. */
  readonly quiet: boolean;
  /** All that is done, in words. */
  readonly verbose?: boolean;
  /** Every line to the server and from it. */
  readonly trace?: boolean;
  /** Events on standard output. */
  readonly json?: boolean;
}
