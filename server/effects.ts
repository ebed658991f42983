/**
 * The whole vocabulary between a session and the model that drives it.
 *
 * A session (session.ts) never opens, waits or reads a clock: it emits effects, the model carries
 * them out in order, and an effect that carries an `id` is answered by exactly one
 * `handleCompletion(id, completion, now)`. Values in an effect are resolved and final: a later
 * command cannot rewrite the path or the options of an operation that is under way.
 *
 * Each connection has, on the model's side, three slots that effects refer to:
 *
 * - the **file slot**: what `openRead`, `openUpload` or `openDirectory` opened; at most one;
 * - the **passive slot**: a listening socket lent to this connection; at most one;
 * - the **transfer**: the one data connection in motion between the file slot and the peer.
 *
 * @module
 */

/** A numeric transport address. `host` is IPv4 dotted or IPv6 text without brackets. */
export interface Address {
  /** 4 for IPv4, 6 for IPv6. */
  readonly family: 4 | 6;
  /** Numeric; see above. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** What a file effect learned of one entry of the served tree. */
export interface FileStat {
  /** "other" is neither a regular file nor a directory, or a link that leads nowhere inside. */
  readonly kind: "file" | "directory" | "other";
  /** Octets. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Permission bits only, 0 to 0o7777. */
  readonly mode: number;
  /** The owner's number. */
  readonly uid: number;
  /** The group's number. */
  readonly gid: number;
  /** Names of this file. */
  readonly links: number;
  /** Device and inode, the RFC 3659 `unique` fact; equal for two names of one file. */
  readonly unique: string;
}

/** One name in a directory with what stat(2) says of it. */
export interface DirectoryEntry extends FileStat {
  /** One component, without a slash. */
  readonly name: string;
}

/**
 * Converts a stream of octets on its way to or from a file, for example TYPE A line ends.
 * Pure state: chunk borders never change the concatenated result.
 */
export interface Filter {
  /** Returns the converted octets; the result must not alias `chunk`. */
  push(chunk: Uint8Array): Uint8Array;
  /** What is still held back at the end of the stream; called once. */
  end(): Uint8Array;
}

/** Where an upload begins, and under which name its octets live until it is complete. */
export type UploadStart =
  /** Octets go to `partial` (truncated), which takes the name `path` at `commitUpload`. */
  | { readonly at: "replace" }
  /** After the last octet of `path`, in place; where `path` is missing, of `partial`, as resume. */
  | { readonly at: "end" }
  /**
   * From `offset` of `partial` when that exists and is at least `offset` long, renamed at
   * `commitUpload`; else from `offset` of `path`, in place. Neither long enough: "badOffset".
   */
  | { readonly at: "offset"; readonly offset: number }
  /** A new name made from `path`'s by the executor, created exclusively; `opened.name` says it. */
  | { readonly at: "unique" };

/**
 * One operation on the served tree. All paths are virtual and absolute ("/", "/a/b"): normalised
 * by the session, resolved below the root by the model's one executor, which also refuses links
 * that lead outside ("denied").
 */
export type FileOperation =
  /** lstat through links that stay inside. Answers `stat`. */
  | { readonly do: "stat"; readonly path: string }
  /** A directory that can be entered. Answers `done`, else "notDirectory", "notFound", "denied". */
  | { readonly do: "enter"; readonly path: string }
  | { readonly do: "makeDirectory"; readonly path: string }
  | { readonly do: "removeDirectory"; readonly path: string }
  | { readonly do: "removeFile"; readonly path: string }
  | { readonly do: "rename"; readonly from: string; readonly to: string }
  | { readonly do: "chmod"; readonly path: string; readonly mode: number }
  | { readonly do: "setModified"; readonly path: string; readonly modifiedMs: number }
  /** Opens a regular file into the file slot at `offset`. Answers `opened`. */
  | { readonly do: "openRead"; readonly path: string; readonly offset: number }
  /**
   * Opens a directory, or a single file as a list of one, into the file slot as a source of
   * octets: each entry, sorted by name, as `render` gives it. `self` puts "." (the directory
   * itself) first. `namesOnly` spares the stat of every entry: `render` then gets zeros.
   * Answers `opened`.
   */
  | {
    readonly do: "openDirectory";
    readonly path: string;
    readonly render: (entry: DirectoryEntry) => Uint8Array;
    readonly self?: boolean;
    readonly namesOnly?: boolean;
  }
  /** Opens an upload into the file slot. Answers `opened`; another upload to it: "busy". */
  | {
    readonly do: "openUpload";
    readonly path: string;
    readonly partial: string;
    readonly start: UploadStart;
    /** false: the partial file is removed when the upload ends without `commitUpload`. */
    readonly keepPartial: boolean;
    /** Octets to come, when the client said so (ALLO, mini); more than is free: "noSpace". */
    readonly expected?: number;
  }
  /** Up to `length` octets from the file slot. Answers `octets`, empty at the end. */
  | { readonly do: "read"; readonly length: number }
  /** Appends to the upload in the file slot; the octets are borrowed. Answers `done`. */
  | { readonly do: "write"; readonly octets: Uint8Array }
  /** Closes the upload in the file slot and gives it its name. Answers `done`. */
  | { readonly do: "commitUpload" }
  /** Closes the file slot, whatever it holds; an upload stays partial. Answers `done`. */
  | { readonly do: "closeFile" };

/** Why a file operation or a transfer failed, independent of the operating system. */
export type Failure =
  | "notFound"
  | "denied"
  | "exists"
  | "notEmpty"
  | "isDirectory"
  | "notDirectory"
  | "badName"
  | "badOffset"
  | "busy"
  | "noSpace"
  | "tooMany"
  | "io"
  /** No listening socket to lend (openPassive). */
  | "noPort"
  /** The data connection never came, was refused, or came from elsewhere only. */
  | "noConnection"
  /** The data connection broke, or stood still for longer than its limit. */
  | "reset"
  | "stalled"
  /** After `abortTransfer`. */
  | "aborted";

/** How an effect with an `id` ended. */
export type Completion =
  | { readonly kind: "failed"; readonly failure: Failure; readonly detail: string }
  | { readonly kind: "done" }
  | { readonly kind: "stat"; readonly stat: FileStat }
  | {
    readonly kind: "opened";
    readonly stat: FileStat;
    /** The offset of the first octet that will be read or written. */
    readonly offset: number;
    /** The last component of the name in use; differs from the asked one for "unique" only. */
    readonly name: string;
  }
  | { readonly kind: "octets"; readonly octets: Uint8Array }
  /** The port of the socket now in the passive slot; its host is the connection's local one. */
  | { readonly kind: "passive"; readonly port: number }
  /** The data connection is closed and all octets are with the kernel or in the file. */
  | { readonly kind: "transferred"; readonly octets: number }
  | { readonly kind: "progress"; readonly octets: number }
  /** A line that the operator typed, without its end; undefined when standard input ended. */
  | { readonly kind: "line"; readonly text: string | undefined };

/** One thing that a session wants done. */
export type Effect =
  /**
   * To the control connection. No answer. The octets do not change any more, and the model must
   * not change them either: constant replies are shared by all sessions.
   */
  | { readonly kind: "send"; readonly octets: Uint8Array }
  /** A line for the server's terminal. No answer. */
  | { readonly kind: "print"; readonly text: string }
  /** Shows `prompt` on the server's terminal. Answered by `line`, perhaps much later. */
  | { readonly kind: "askOperator"; readonly id: number; readonly prompt: string }
  /** Lends a listening socket into the passive slot (a former one goes back). `passive`. */
  | { readonly kind: "openPassive"; readonly id: number }
  /** Answered by the completion that the operation names, or `failed`. */
  | { readonly kind: "file"; readonly id: number; readonly operation: FileOperation }
  /**
   * Makes the data connection and moves all octets between it and the file slot: "send" until the
   * source ends, "receive" until the peer closes. `route` is the passive slot or an address to
   * connect to. Answered by `transferred` or `failed`, always after the data connection is
   * closed. The file slot stays open: `commitUpload` or `closeFile` follows.
   */
  | {
    readonly kind: "startTransfer";
    readonly id: number;
    readonly direction: "send" | "receive";
    readonly route: "passive" | Address;
    readonly filter?: Filter;
    /** How long the data connection may take to come, and to stand still. */
    readonly connectTimeoutMs: number;
    readonly stallTimeoutMs: number;
  }
  /** Closes the running transfer, whose own answer is then `failed` with "aborted". */
  | { readonly kind: "abortTransfer" }
  /** Asks how far the running transfer is. Answered at once by `progress`. */
  | { readonly kind: "askProgress"; readonly id: number }
  /** Gives the passive slot back. No answer. */
  | { readonly kind: "closePassive" }
  /** The last effect: flush what was sent, close, drop everything. No answer. */
  | { readonly kind: "close" };
