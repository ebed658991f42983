/**
 * The public client: one connection to one FTP server, with a method for each thing to do there.
 *
 * Programs embed it through mod.ts. Operations run one at a time in the order in which they were
 * called, because FTP has one working directory and one transfer per connection; for more at the
 * same time, connect more often.
 *
 * @module
 */

import { unlessAborted } from "./abort.ts";
import * as attributes from "./attributes.ts";
import { type DownloadOptions, retrieve, sizeOf, store, type UploadOptions } from "./contents.ts";
import type { ControlConnection } from "./control.ts";
import { assertSendable, type Reply } from "./conversation.ts";
import { MemorySink, type Sink } from "./data.ts";
import * as directory from "./directory.ts";
import { type Entries, entriesBy, type EntryGroup, type Lister } from "./entries.ts";
import { LocalError, type SessionRefusal } from "./errors.ts";
import { QUIT_TIMEOUT_MS } from "./limits.ts";
import type { Entry } from "./listing.ts";
import type { Rendezvous } from "./rendezvous.ts";
import { readingFrom, type Uploadable } from "./sources.ts";
import { readable, writable, writingTo } from "./streams.ts";
import { type CallOptions, setType, type Transferred } from "./transfer.ts";

/** The most that `readFile` keeps in memory: what is larger deserves a sink. */
export const READ_FILE_BYTES_MAX = 268_435_456;

/**
 * A connection on which a user is logged in. Made by `connect`.
 *
 * Every call takes a signal. An interrupted call throws the signal's reason at once or, where
 * octets were on their way, when the transfer is broken off; what its last command did on the
 * server is then not known. The connection goes on, unless the server does not answer any more.
 */
export class Client implements AsyncDisposable {
  /** The name or address that was connected to, without brackets. */
  readonly host: string;
  readonly #control: ControlConnection;
  /** Resolves when all calls so far are over; undefined when they are. */
  #turn: Promise<void> | undefined;
  /** Calls that wait for their turn. */
  #waiting = 0;
  /** The listing under way, in whose loop the program may ask for more. */
  #listing: Rendezvous<EntryGroup> | undefined;
  /** Breaks off streams that nobody is left to read or to write. */
  readonly #left = new AbortController();

  /** Takes over a connection to `host` that is logged in. */
  constructor(control: ControlConnection, host: string) {
    this.#control = control;
    this.host = host;
  }

  /** What the server said first. */
  get greeting(): Reply {
    return this.#control.server.greeting;
  }

  /** What the server can do beyond RFC 959, by the names of FEAT (RFC 2389). */
  get features(): ReadonlyMap<string, string> {
    return this.#control.server.features;
  }

  /** Whether the connection has ended. */
  get closed(): boolean {
    return this.#control.closed;
  }

  /**
   * Why the connection was closed, if the server wanted its data connections to go on with its very
   * TLS session and they did not. One that is made now can do it, as long as no other is made.
   */
  get sessionRefusal(): SessionRefusal | undefined {
    return this.#control.server.sessionRefusal;
  }

  /**
   * Sends any command that needs no data connection and returns its final reply, whatever it is.
   * Those of the login and of TLS (USER, REIN, AUTH, PROT, CCC) leave the connection unusable: the
   * client does not follow them.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * console.log((await client.command("SYST")).lines[0]); // UNIX Type: L8
   * ```
   */
  command(line: string, options?: CallOptions): Promise<Reply> {
    return this.#inTurn(() => {
      // What it settles is not known here.
      if (/^TYPE\b/i.test(line)) this.#control.server.type = undefined;
      if (/^REST\b/i.test(line)) this.#control.server.restarting = true;
      if (/^OPTS +MLST\b/i.test(line)) this.#control.server.facts = undefined;
      return this.#control.ask(line);
    }, options);
  }

  /** The working directory. */
  workingDirectory(options?: CallOptions): Promise<string> {
    return this.#inTurn(() => directory.workingDirectory(this.#control), options);
  }

  /** Changes the working directory, from which paths that do not begin with "/" go on. */
  changeDirectory(path: string, options?: CallOptions): Promise<void> {
    return this.#inTurn(() => directory.changeDirectory(this.#control, named(path)), options);
  }

  /**
   * The entries of a directory, in the server's order; without `path` of the working directory.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * for (const entry of await client.list("/films")) console.log(entry.kind, entry.name);
   * ```
   */
  list(path = "", options?: directory.ListOptions): Promise<Entry[]> {
    return this.#inTurn(
      () => directory.list(this.#control, path === "" ? "" : named(path), options),
      options,
    );
  }

  /**
   * The entries of a directory as they come: see `Entries`.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * let octets = 0;
   * for await (const entry of client.entries("/")) octets += entry.size ?? 0;
   * console.log(octets);
   * ```
   */
  entries(path = "", options: directory.ListOptions = {}): Entries {
    const list: Lister = (rendezvous, signal) =>
      this.#inTurn(async () => {
        this.#listing = rendezvous;
        if (this.#waiting > 0) rendezvous.keepRest();
        try {
          const take: directory.OnEntries = (entries, bytes) => rendezvous.put({ entries, bytes });
          const of = path === "" ? "" : named(path);
          await directory.readEntries(this.#control, of, take, options);
        } finally {
          this.#listing = undefined;
        }
      }, { signal });
    return entriesBy(list, options.signal, options.keptBytesMax);
  }

  /** What the server knows of one file or directory; a link to a directory counts as one. */
  stat(path: string, options?: CallOptions): Promise<Entry> {
    return this.#inTurn(() => attributes.stat(this.#control, named(path)), options);
  }

  /** Whether `path` is a directory, or a link to one, as far as it can be entered (CWD). */
  canEnter(path: string, options?: CallOptions): Promise<boolean> {
    return this.#inTurn(() => attributes.canEnter(this.#control, named(path)), options);
  }

  /** The size of a file in octets, or undefined when the server does not tell. */
  size(path: string, options?: CallOptions): Promise<number | undefined> {
    return this.#inTurn(async () => {
      await setType(this.#control, "I");
      return await sizeOf(this.#control, named(path));
    }, options);
  }

  /** When a file was last changed, or undefined when the server does not tell. */
  modified(path: string, options?: CallOptions): Promise<Date | undefined> {
    return this.#inTurn(() => attributes.modifiedOf(this.#control, named(path)), options);
  }

  /**
   * Sets when a file was last changed, to the second.
   *
   * @returns Whether the server did it; false when it has no command for it, or refuses one that is
   * not MFMT.
   * @throws {ProtocolError} when it has MFMT and refuses.
   */
  setModified(path: string, date: Date, options?: CallOptions): Promise<boolean> {
    return this.#inTurn(() => attributes.setModified(this.#control, named(path), date), options);
  }

  /**
   * The checksum that the server makes of a file, by the best algorithm that it has or by the one
   * that is asked for; undefined when it has none or not that one.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * const hash = await client.hash("a.avi", { algorithm: "SHA-256" });
   * console.log(hash?.hex ?? "the server makes no such checksums");
   * ```
   */
  hash(path: string, options?: attributes.HashOptions): Promise<attributes.FileHash | undefined> {
    return this.#inTurn(
      () => attributes.hashOf(this.#control, named(path), options?.algorithm),
      options,
    );
  }

  /** Makes a directory, which must not exist. */
  makeDirectory(path: string, options?: CallOptions): Promise<void> {
    return this.#inTurn(() => directory.makeDirectory(this.#control, named(path)), options);
  }

  /** Removes an empty directory. */
  removeDirectory(path: string, options?: CallOptions): Promise<void> {
    return this.#inTurn(() => directory.removeDirectory(this.#control, named(path)), options);
  }

  /** Removes a file. */
  removeFile(path: string, options?: CallOptions): Promise<void> {
    return this.#inTurn(() => directory.removeFile(this.#control, named(path)), options);
  }

  /** Gives a file or a directory another name. */
  rename(from: string, to: string, options?: CallOptions): Promise<void> {
    return this.#inTurn(() => directory.rename(this.#control, named(from), named(to)), options);
  }

  /**
   * Downloads a file as it is (TYPE I) into a sink or a stream, which is closed at the end, or
   * aborted when the download fails.
   *
   * @throws {ConnectionError} also when the transfer ends short of the size that was announced.
   */
  async download(
    path: string,
    sink: Sink | WritableStream<Uint8Array<ArrayBuffer>>,
    options: DownloadOptions = {},
  ): Promise<Transferred> {
    const work = (sink: Sink) =>
      this.#inTurn(() => {
        offsetOf(options.offset);
        return retrieve(this.#control, named(path), sink, options);
      }, options);
    // The class of streams is not named: the runtime reads it only when it is.
    return await ("write" in sink ? work(sink) : writingTo(sink, work, options.signal));
  }

  /**
   * Uploads octets, a source or a stream as they are (TYPE I). When the source fails, the transfer
   * is aborted: what the server makes of it is not a whole file. When the upload fails otherwise, a
   * stream is cancelled, and an iterable told to return.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * await client.upload(new TextEncoder().encode("Hello\n"), "hello.txt");
   * ```
   *
   * @throws {LocalError} before anything is sent, when `source` is none of them.
   * @throws {ConnectionError} also when the server has (SIZE) other than what was sent.
   */
  upload(source: Uploadable, path: string, options: UploadOptions = {}): Promise<Transferred> {
    return readingFrom(source, (octets) =>
      this.#inTurn(() => {
        offsetOf(options.at === "end" ? undefined : options.at);
        return store(this.#control, octets, named(path), options);
      }, options));
  }

  /**
   * A file as a stream of its octets, read from the server only as fast as they are asked for.
   * Cancelling it ends the transfer in good order. Until its end or that, all other operations of
   * this client wait.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * const text = client.readable("notes.txt").pipeThrough(new TextDecoderStream());
   * for await (const part of text) console.log(part);
   * ```
   *
   * Reading throws what `download` throws.
   *
   * @throws {LocalError} at once, for a path or an offset that cannot be used.
   */
  readable(path: string, options: DownloadOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    offsetOf(options.offset);
    return readable(this, named(path), { ...options, signal: this.#streamSignal(options) });
  }

  /**
   * A stream whose octets become a file, which is there when `close` has resolved. Aborting it
   * aborts the transfer, as a source that fails does. From its first write to its end all other
   * operations of this client wait.
   *
   * @example
   * ```ts
   * import { connect } from "./mod.ts";
   *
   * await using client = await connect();
   * const page = new Blob(["one\n", "two\n"]).stream();
   * await page.pipeThrough(new CompressionStream("gzip")).pipeTo(client.writable("page.gz"));
   * ```
   *
   * Writing and closing throw what `upload` throws.
   *
   * @throws {LocalError} at once, for a path or an offset that cannot be used.
   */
  writable(path: string, options: UploadOptions = {}): WritableStream<Uint8Array> {
    offsetOf(options.at === "end" ? undefined : options.at);
    return writable(this, named(path), { ...options, signal: this.#streamSignal(options) });
  }

  /** The octets of a file of at most `READ_FILE_BYTES_MAX`. */
  async readFile(path: string, options?: CallOptions): Promise<Uint8Array<ArrayBuffer>> {
    const sink = new MemorySink(READ_FILE_BYTES_MAX);
    await this.download(path, sink, options);
    return sink.octets();
  }

  /**
   * Says goodbye and closes the connection, after what is under way; at once when it is given up.
   * Never fails.
   */
  quit(options?: CallOptions): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#control.closed) return;
      await this.#control.ask("QUIT", QUIT_TIMEOUT_MS).catch(() => {});
      this.#control.close();
    }, options).catch(() => this.close());
  }

  /** Closes the connection now; what is under way fails. */
  close(): void {
    this.#control.close();
  }

  /** Says goodbye at the end of an `await using` block; streams that are still open are broken off. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort(new LocalError("The client was left before the stream's end"));
    return this.quit();
  }

  #streamSignal({ signal }: CallOptions): AbortSignal {
    return signal === undefined ? this.#left.signal : AbortSignal.any([this.#left.signal, signal]);
  }

  async #inTurn<T>(operation: () => T | Promise<T>, { signal }: CallOptions = {}): Promise<T> {
    const before = this.#turn;
    const turn = Promise.withResolvers<void>();
    this.#turn = turn.promise;
    const end = () => {
      if (this.#turn === turn.promise) this.#turn = undefined;
      turn.resolve();
    };
    try {
      if (before === undefined) signal?.throwIfAborted();
      else await this.#waitFor(before, signal);
      this.#control.signal = signal;
      try {
        return await operation();
      } finally {
        this.#control.signal = undefined;
      }
    } finally {
      // One that was given up in the queue still lets nobody pass.
      if (before === undefined) end();
      else before.then(end);
    }
  }

  async #waitFor(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    this.#waiting++;
    // It may be the loop over a listing that waits for this one.
    this.#listing?.keepRest();
    await unlessAborted(turn, signal).finally(() => this.#waiting--);
  }
}

/** A path that can be sent: known before the first of several commands. */
function named(path: string): string {
  assertSendable(path);
  if (path === "") throw new LocalError("Cannot use an empty path");
  return path;
}

/** Refuses what REST cannot say. */
function offsetOf(offset: number | undefined): void {
  if (offset === undefined || (Number.isSafeInteger(offset) && offset >= 0)) return;
  throw new LocalError(`Cannot begin at octet ${offset}: an offset is a whole number from 0`);
}
