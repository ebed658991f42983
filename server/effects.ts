/**
 * The whole vocabulary between a session and the driver that carries its wishes out.
 *
 * A session (session.ts) never opens, waits or reads a clock: it emits effects, the driver carries
 * them out in order, and an effect that carries an `id` is answered by exactly one
 * `handleCompletion(id, completion, now)`. Effects and completions are data: they hold no function
 * and nothing that changes later, so a dialogue can be recorded, compared and played again.
 *
 * Each connection has, on the driver's side, three slots that effects refer to:
 *
 * - the **file slot**: what `openRead`, `openUpload` or `openListing` opened; at most one;
 * - the **passive slot**: a listening socket lent to this connection; at most one;
 * - the **transfer**: the one data connection between the file slot and the peer.
 *
 * # Names are octets
 *
 * Names and paths are strings in which every octet that is not part of UTF-8 stands as one of the
 * lone surrogates U+DC80 to U+DCFF (0xDC00 + the octet): octets.ts turns octets into such text and
 * back without loss. What a file system holds can therefore always be named.
 *
 * @module
 */

import type { Access } from "./accounts.ts";
import type { FactName } from "./ftp/words/facts.ts";

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
  /**
   * Device and inode, the RFC 3659 `unique` fact: equal for two names of one file, and for no others;
   * "" where that is not known.
   */
  readonly unique: string;
}

/** One name in a directory with what stat(2) says of it. */
export interface DirectoryEntry extends FileStat {
  /**
   * One component, without a slash. What a pattern of several components matched, and what a
   * recursive listing of names has below its directories, is the path below the listed one.
   */
  readonly name: string;
  /** The name is a link's; all else is of what it leads to, if that is inside. */
  readonly isLink: boolean;
  /**
   * What the link says, for rows of `ls -l`: a path from where it is, or from the root; undefined
   * where it leads nowhere inside.
   */
  readonly target?: string | undefined;
}

/** What a file store can do: FEAT and replies follow from it. */
export interface StoreAbilities {
  /** Octets can be added to an existing file: APPE. */
  readonly append: boolean;
  /** Names can be changed: RNFR. */
  readonly rename: boolean;
  /** There are permission bits: SITE CHMOD, UNIX.mode. */
  readonly modes: boolean;
  /** Times can be set: MFMT. */
  readonly times: boolean;
}

/** How the octets of a transfer are converted on their way: the line ends of TYPE A. */
export interface LineConversion {
  /** "network": LF of a file becomes CR LF. "file": CR LF of the network becomes LF. */
  readonly to: "network" | "file";
  /** Octets at the begin of the result that are left out: REST in TYPE A (RFC 3659 5.3). */
  readonly skip: number;
}

/** How each entry of a listing is written. */
export type Rows =
  /** As `ls -l` (LIST, STAT); the store's clock decides between time of day and year. */
  | { readonly as: "long" }
  /** NLST: names in a directory behind `prefix`; a single file is called `name`. */
  | { readonly as: "names"; readonly prefix: string; readonly name: string }
  /** Facts of RFC 3659 section 7 (MLSD) of the directory `path`, as who has `access` sees them. */
  | {
    readonly as: "facts";
    readonly facts: readonly FactName[];
    readonly access: Access;
    readonly path: string;
  };

/** Which entries a listing has, and in which order. */
export interface Selection {
  /**
   * Matched against what is below the path, as glob(7): one component each ("*", "?", "[...]").
   * Where it is the very name of an entry, or there is none, that or the path itself is listed.
   */
  readonly pattern: readonly string[];
  /** Names that begin with a dot, too; a pattern that begins with one shows them anyway. */
  readonly hidden: boolean;
  /** Uploads under way and broken ones, too: for who may write. */
  readonly partials: boolean;
  /** A directory is an entry, its content is not looked at (`ls -d`). */
  readonly itself: boolean;
  /** The directories below, too (`ls -R`). */
  readonly recursive: boolean;
  /** By name, or the latest first. */
  readonly order: "name" | "time";
  /** The other way around. */
  readonly reverse: boolean;
  /** The directory itself comes first, named "." (MLSD). */
  readonly self: boolean;
}

/**
 * Where an upload begins, and under which name its octets live until it is complete. What
 * `partial` holds behind that is cut off by the first octet, or by `commitUpload`: an upload that
 * nothing comes of leaves it as it was.
 */
export type UploadStart =
  /** Octets go to `partial`, from its start, which takes the name `path` at `commitUpload`. */
  | { readonly at: "replace" }
  /**
   * After the last octet of `path`, in place; where `path` is missing, of `partial`, as resume.
   * Where `partial` holds something and is not older than `path`: "badOffset".
   */
  | { readonly at: "end" }
  /**
   * From `offset` of `partial` when that is at least `offset` long and not older than `path`,
   * renamed at `commitUpload`; else from `offset` of `path`, in place. Neither long enough, or
   * `partial` holds something and is not older than `path`: "badOffset".
   */
  | { readonly at: "offset"; readonly offset: number }
  /**
   * A name made from `path`'s that is free; `opened.name` says it. Octets live under its partial
   * name, and `commitUpload` fails with "exists" when somebody has taken the name meanwhile.
   */
  | { readonly at: "unique" };

/**
 * One operation on the served tree. All paths are virtual and absolute ("/", "/a/b"): normalised
 * by the session, resolved below the root by the model's one executor, which also refuses links
 * that lead outside ("denied"). Each answers what it names; where none is named, `done`.
 */
export type FileOperation =
  /**
   * lstat through links that stay inside; `itself`: of the entry, a link too, as it is removed or
   * renamed, and "busy" while it is uploaded to. Answers `stat`.
   */
  | { readonly do: "stat"; readonly path: string; readonly itself?: true }
  /** A directory that can be entered. Answers `done`, else "notDirectory", "notFound", "denied". */
  | { readonly do: "enter"; readonly path: string }
  | { readonly do: "makeDirectory"; readonly path: string }
  | { readonly do: "removeDirectory"; readonly path: string }
  /** What an interrupted upload to it left under its partial name goes with it. */
  | { readonly do: "removeFile"; readonly path: string }
  /** What interrupted uploads to the two names of a file left goes, too. */
  | { readonly do: "rename"; readonly from: string; readonly to: string }
  | { readonly do: "chmod"; readonly path: string; readonly mode: number }
  | { readonly do: "setModified"; readonly path: string; readonly modifiedMs: number }
  /**
   * Opens a regular file into the file slot at `offset`. At most the octets that it had then are
   * read, and fewer are the failure "changed". Answers `opened`.
   */
  | { readonly do: "openRead"; readonly path: string; readonly offset: number }
  /**
   * Opens a directory, or a single file as a list of one, into the file slot as a source of
   * octets: the entries of `selection`, each as `rows` has it. Nothing that a peer cannot ask for
   * again is listed. It is made as it is read: a directory of more names than the store sorts
   * comes in the file system's order, and where there are more directories, or deeper ones, than
   * the store goes down to, the last read fails, "tooLarge". Answers `opened`.
   */
  | {
    readonly do: "openListing";
    readonly path: string;
    readonly selection: Selection;
    readonly rows: Rows;
  }
  /** Opens an upload into the file slot. Answers `opened`; another upload to it: "busy". */
  | {
    readonly do: "openUpload";
    readonly path: string;
    readonly partial: string;
    readonly start: UploadStart;
    /** false: the partial file is removed when the upload ends without `commitUpload`. */
    readonly keepPartial: boolean;
    /**
     * Octets of the complete file, when the client said so (ALLO, mini): "noSpace" for more than
     * are free or in the file that is written to.
     */
    readonly expected?: number;
  }
  /**
   * Up to `length` octets from the file slot. Answers `octets`: none when nothing matched so far,
   * with `ended` when nothing will come any more.
   */
  | { readonly do: "read"; readonly length: number }
  /** Appends to the upload in the file slot; the octets are borrowed. Answers `done`. */
  | { readonly do: "write"; readonly octets: Uint8Array }
  /**
   * Closes the upload in the file slot and gives the file that was written its name: that file,
   * known by its descriptor, or "lost" when it is not there any more. Answers `done`.
   */
  | { readonly do: "commitUpload" }
  /**
   * Closes the file slot, whatever it holds. Of an upload all but the last octet that came stays
   * partial; where that is nothing, or it failed for want of space without resuming, it is removed.
   * So a client that takes a size equal to its own for complete has an octet left to send. Answers
   * `done`.
   */
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
  /** The file became shorter while it was read. */
  | "changed"
  /** The upload was deleted or replaced by somebody outside while it was written. */
  | "lost"
  /** The store cannot do it: what a store can is declared as data. */
  | "unsupported"
  | "tooMany"
  /** More directories, or deeper ones, than a listing goes down to; the others are listed. */
  | "tooLarge"
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
  | { readonly kind: "octets"; readonly octets: Uint8Array; readonly ended: boolean }
  /** The port of the socket now in the passive slot; its host is the connection's local one. */
  | { readonly kind: "passive"; readonly port: number }
  /** The data connection that `connectData` asked for is made. */
  | { readonly kind: "connected" }
  /** The data connection is closed and all octets are with the kernel or in the file. */
  | { readonly kind: "transferred"; readonly octets: number }
  | { readonly kind: "progress"; readonly octets: number }
  /** Whether the attempt may go on, and how long the answer to a failed one waits. */
  | { readonly kind: "attempt"; readonly allowed: boolean; readonly delayMs: number }
  /** A line that the operator typed, without its end; undefined when standard input ended. */
  | { readonly kind: "line"; readonly text: string | undefined };

/** A file on its way over the control connection itself, as mini has it: for the operator. */
export interface Moving {
  /** Whose it is. */
  readonly user: string;
  /** "send" is a download, "receive" an upload. */
  readonly direction: "send" | "receive";
  /** The virtual path of the file. */
  readonly path: string;
  /** Octets that went so far. */
  readonly octets: number;
  /** When it began, as `now` of server/session.ts. */
  readonly startedAt: number;
}

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
   * Connects to the peer's `address` and so begins a transfer, which waits for `startTransfer`.
   * Answered by `connected` or `failed`; after `failed` there is no transfer.
   */
  | {
    readonly kind: "connectData";
    readonly id: number;
    readonly address: Address;
    readonly timeoutMs: number;
  }
  /**
   * Moves all octets between the data connection and the file slot: "send" until the source ends,
   * "receive" until the peer closes. Without `connectData` before it, the data connection is the
   * first that the peer's own host makes to the passive slot, within `connectTimeoutMs`. Answered
   * by `transferred` or `failed`, after the data connection is closed and the passive slot is
   * empty; that of an upload that has come whole is closed once `commitUpload` or `closeFile`,
   * which follows in any case, was carried out, and before that is answered. The file slot stays
   * open until then.
   */
  | {
    readonly kind: "startTransfer";
    readonly id: number;
    readonly direction: "send" | "receive";
    /** Whose it is and what it moves, for the operator. */
    readonly user: string;
    readonly path: string;
    readonly lines?: LineConversion;
    readonly connectTimeoutMs: number;
    /** How long the data connection may stand still. */
    readonly stallTimeoutMs: number;
  }
  /**
   * Closes the transfer, also one that still connects; its own answer is `failed`, "aborted". One
   * that has connected and waits for `startTransfer` has no answer due, and is dropped; a
   * `closeFile` behind it is answered after that.
   */
  | { readonly kind: "abortTransfer" }
  /** Asks how far the running transfer is. Answered at once by `progress`. */
  | { readonly kind: "askProgress"; readonly id: number }
  /** Gives the passive slot back. No answer. */
  | { readonly kind: "closePassive" }
  /**
   * A password is about to be tried. Counted against the peer's host until `loggedIn`, over all
   * connections and workers. Answered by `attempt`; not allowed: no password is looked at.
   */
  | {
    readonly kind: "attemptLogin";
    readonly id: number;
    /** How long the answer to the host's first failure waits, milliseconds. */
    readonly delayMs: number;
  }
  /** The attempt succeeded. No answer. */
  | { readonly kind: "loggedIn"; readonly user: string; readonly access: Access }
  /** The user is no longer logged in (REIN, USER). No answer. */
  | { readonly kind: "loggedOut" }
  /** The attempt failed, for the operator. No answer. */
  | { readonly kind: "loginFailed"; readonly user: string; readonly reason: string }
  /** This connection is closed by a rule, for the operator; `close` follows. No answer. */
  | { readonly kind: "refused"; readonly reason: string }
  /** A file went over the control connection, or a part of it: `reason` says why. No answer. */
  | (Moving & { readonly kind: "moved"; readonly reason?: string })
  /** The last effect: flush what was sent, close, drop everything. No answer. */
  | { readonly kind: "close" };
