/**
 * What transfers to and from files of this machine can be told, and how they went.
 *
 * @module
 */

import type { RateLimit } from "../rate.ts";
import type { TransferOptions } from "../transfer.ts";
import type { RemoteFacts } from "./origin.ts";
import type { OnKept, OptionHints } from "./part.ts";

/** What `downloadFile` and `uploadFile` can be told. */
export interface FileTransferOptions extends TransferOptions {
  /**
   * Goes on where an earlier transfer of the same file broke off. What is complete is known by its
   * size and time, so it takes an earlier transfer with `keepTime`.
   */
  readonly resume?: boolean;
  /** Begins again where `resume` would have to refuse. */
  readonly force?: boolean;
  /** What a refusal says of that. */
  readonly hints?: OptionHints;
  /** The copy gets the time of the original, where the server tells or takes it. */
  readonly keepTime?: boolean;
  /** How fast it may be; several transfers may share one. */
  readonly rate?: RateLimit;
  /** Called before the first octet: where the transfer begins, and the size if it is known. */
  readonly onStart?: (offset: number, size: number | undefined) => void;
  /** Called when a transfer fails and leaves octets, here or on the server. */
  readonly onKept?: OnKept;
}

/** What `downloadFile` can be told. */
export interface DownloadFileOptions extends FileTransferOptions {
  /** What a listing told of the file, so that it is not asked again. */
  readonly known?: RemoteFacts;
  /** Writes no file that is a link, where it would write the one that it leads to. */
  readonly noLinks?: boolean;
  /**
   * Whether anything has the name already, where a look told it: then there is no other look. What
   * has got it since is replaced, a link itself and not what it leads to.
   */
  readonly replaces?: boolean;
  /** Replaces nothing, and nothing that gets the name meanwhile. */
  readonly noClobber?: boolean;
}

/** An upload of which nothing but a reply is missing; `completeUpload` goes on with it. */
export interface SentUpload {
  /** The name that it has on the server for now. */
  readonly path: string;
  /** How many octets were sent. */
  readonly octets: number;
  /** Its final name was asked for, and it may have that; `completeUpload` says so, too. */
  isNamed: boolean;
}

/** What an upload from any source can be told. */
export interface UploadSourceOptions extends TransferOptions {
  /** Writes under the final name from the first octet on. */
  readonly direct?: boolean;
  /** What a refusal of what cannot be done otherwise says of that. */
  readonly hints?: OptionHints;
  /** Whether a file has the name already, where a listing told it: then it is not asked. */
  readonly replaces?: boolean;
  /** How fast it may be; several transfers may share one. */
  readonly rate?: RateLimit;
  /** Called when it fails and leaves octets on the server. */
  readonly onKept?: OnKept;
  /**
   * Called by `uploadSource` when it fails and nothing but a reply is missing: all was sent, and
   * the server fell silent, or the connection was lost while it gave the file its name.
   */
  readonly onSent?: (sent: SentUpload) => void;
}

/** What the attempts at one upload know of each other; `uploadFile` writes it. */
export interface UploadAttempts {
  /**
   * One of them has left octets under the final name, because the server does not rename: the
   * temporary name that they would have had, which tells of what content they are.
   */
  half?: string | undefined;
  /**
   * One of them has sent all of it, and the reply to its new name may have been lost; false: one has
   * seen that it was not there before.
   */
  isSent?: boolean;
}

/**
 * What `uploadFile` can be told. With `resume` and `direct` it goes on behind what has the name,
 * whatever that is.
 */
export interface UploadFileOptions extends FileTransferOptions, UploadSourceOptions {
  /**
   * One object for all attempts at this upload, `{}` at first: where the server does not rename,
   * one goes on with what another has left under the final name, and what was there before all of
   * them is not taken for what one of them has sent.
   */
  readonly attempts?: UploadAttempts;
}

/** How a download to a file went. */
export interface Downloaded {
  /** Octets that were moved now. */
  readonly octets: number;
  /** Octets that were there before. */
  readonly offset: number;
  /** Nothing was left to transfer. */
  readonly wasComplete: boolean;
}

/** How an upload from a file went. */
export type Uploaded = Downloaded;
