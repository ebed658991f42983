/**
 * What transfers to and from files of this machine can be told, and how they went.
 *
 * @module
 */

import type { TransferOptions } from "../transfer.ts";

/** What `downloadFile` and `uploadFile` can be told. */
export interface FileTransferOptions extends TransferOptions {
  /** Goes on where an earlier transfer of the same file broke off. */
  readonly resume?: boolean;
  /** Called before the first octet: where the transfer begins, and the size if it is known. */
  readonly onStart?: (offset: number, size: number | undefined) => void;
  /** Called when a download fails and leaves octets that `resume` can go on from. */
  readonly onKept?: (path: string, octets: number) => void;
}

/** How a download to a file went. */
export interface Downloaded {
  /** Octets that came now. */
  readonly octets: number;
  /** Octets that were there before. */
  readonly offset: number;
  /** Nothing was left to transfer. */
  readonly wasComplete: boolean;
}

/** How an upload from a file went. */
export type Uploaded = Downloaded;
