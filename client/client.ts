/**
 * The public client: one connection to one FTP server, with a method for each thing to do there.
 *
 * Programs embed it through mod.ts; the command line in cli/ is one of them. Operations run one at
 * a time in the order in which they were called, because FTP has one working directory and one
 * transfer per connection; for more at the same time, connect more often.
 *
 * @module
 */

import { ControlConnection } from "./control.ts";
import { assertSendable, type Reply } from "./conversation.ts";
import { MemorySink, type Sink, type Source } from "./data.ts";
import * as directory from "./directory.ts";
import { LocalError } from "./errors.ts";
import { QUIT_TIMEOUT_MS, timeouts } from "./limits.ts";
import type { Entry } from "./listing.ts";
import { ANONYMOUS, type Credentials, login } from "./login.ts";
import {
  type DownloadOptions,
  retrieve,
  setType,
  sizeOf,
  store,
  type Transferred,
  type UploadOptions,
} from "./transfer.ts";

/** The most that `readFile` keeps in memory: what is larger deserves a sink. */
export const READ_FILE_BYTES_MAX = 268_435_456;

/** Where to connect, and as whom. */
export interface ConnectOptions {
  /** A name or a numeric address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 2121, where `deno task serve` listens; the port of the standard is 21. */
  readonly port?: number;
  /** Default: anonymous. */
  readonly user?: string;
  /** Default: what anonymous users send; empty for any other user. */
  readonly password?: string;
  /** The answer to a 332 reply. */
  readonly account?: string;
  /** For every wait of its own: the connection, a reply, a standstill. Default: see limits.ts. */
  readonly timeoutMs?: number;
  /** Gives up connecting and logging in. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to an FTP server and logs in.
 *
 * @example Download a file
 * ```ts ignore
 * import { connect } from "./client/mod.ts";
 *
 * await using client = await connect({ host: "127.0.0.1", port: 2121 });
 * using file = await Deno.open("a.avi", { write: true, create: true, truncate: true });
 * const { octets } = await client.download("a.avi", file.writable);
 * console.log(octets);
 * ```
 *
 * @throws {ConnectionError} when there is no FTP server.
 * @throws {LoginError} when it does not let the user in.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const host = (options.host ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  const { port = 2121, signal } = options;
  const control = await ControlConnection.open(host, port, timeouts(options.timeoutMs), signal);
  const drop = () => control.close();
  signal?.addEventListener("abort", drop);
  try {
    await login(control, credentialsOf(options));
    return new Client(control);
  } catch (error) {
    control.close();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", drop);
  }
}

function credentialsOf(options: ConnectOptions): Credentials {
  const user = options.user ?? ANONYMOUS.user;
  const password = options.password ?? (user === ANONYMOUS.user ? ANONYMOUS.password : "");
  return options.account === undefined
    ? { user, password }
    : { user, password, account: options.account };
}

/** A connection on which a user is logged in. Made by `connect`. */
export class Client implements AsyncDisposable {
  readonly #control: ControlConnection;
  #turn: Promise<unknown> = Promise.resolve();

  /** Takes over a connection that is logged in. */
  constructor(control: ControlConnection) {
    this.#control = control;
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
   * Sends any command that needs no data connection and returns its final reply, whatever it is.
   *
   * @example
   * ```ts ignore
   * import { connect } from "./client/mod.ts";
   *
   * await using client = await connect();
   * console.log((await client.command("SYST")).lines[0]); // UNIX Type: L8
   * ```
   */
  command(line: string): Promise<Reply> {
    return this.#inTurn(() => {
      // What it settles is not known here.
      if (/^TYPE\b/i.test(line)) this.#control.server.type = undefined;
      return this.#control.ask(line);
    });
  }

  /** The working directory. */
  workingDirectory(): Promise<string> {
    return this.#inTurn(() => directory.workingDirectory(this.#control));
  }

  /** Changes the working directory, from which paths that do not begin with "/" go on. */
  changeDirectory(path: string): Promise<void> {
    return this.#inTurn(() => directory.changeDirectory(this.#control, named(path)));
  }

  /**
   * The entries of a directory, in the server's order; without `path` of the working directory.
   *
   * @example
   * ```ts ignore
   * import { connect } from "./client/mod.ts";
   *
   * await using client = await connect();
   * for (const entry of await client.list("/films")) console.log(entry.kind, entry.name);
   * ```
   */
  list(path = ""): Promise<Entry[]> {
    return this.#inTurn(() => directory.list(this.#control, path === "" ? "" : named(path)));
  }

  /** What the server knows of one file or directory. */
  stat(path: string): Promise<Entry> {
    return this.#inTurn(() => directory.stat(this.#control, named(path)));
  }

  /** The size of a file in octets, or undefined when the server does not tell. */
  size(path: string): Promise<number | undefined> {
    return this.#inTurn(async () => {
      await setType(this.#control, "I");
      return await sizeOf(this.#control, named(path));
    });
  }

  /** When a file was last changed, or undefined when the server does not tell. */
  modified(path: string): Promise<Date | undefined> {
    return this.#inTurn(() => directory.modifiedOf(this.#control, named(path)));
  }

  /** Makes a directory, which must not exist. */
  makeDirectory(path: string): Promise<void> {
    return this.#inTurn(() => directory.makeDirectory(this.#control, named(path)));
  }

  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void> {
    return this.#inTurn(() => directory.removeDirectory(this.#control, named(path)));
  }

  /** Removes a file. */
  removeFile(path: string): Promise<void> {
    return this.#inTurn(() => directory.removeFile(this.#control, named(path)));
  }

  /** Gives a file or a directory another name. */
  rename(from: string, to: string): Promise<void> {
    return this.#inTurn(() => directory.rename(this.#control, named(from), named(to)));
  }

  /**
   * Downloads a file as it is (TYPE I) into a sink or a stream, which is closed at the end.
   *
   * @throws {ConnectionError} also when the transfer ends short of the size that was announced.
   */
  download(
    path: string,
    sink: Sink | WritableStream<Uint8Array<ArrayBuffer>>,
    options: DownloadOptions = {},
  ): Promise<Transferred> {
    return this.#inTurn(async () => {
      offsetOf(options.offset);
      if (!(sink instanceof WritableStream)) {
        return await retrieve(this.#control, named(path), sink, options);
      }
      const writer = sink.getWriter();
      try {
        const result = await retrieve(this.#control, named(path), {
          // A stream may keep a chunk for as long as it likes.
          write: (chunk) => writer.write(chunk.slice()),
        }, options);
        await writer.close();
        return result;
      } catch (error) {
        await writer.abort(error).catch(() => {});
        throw error;
      }
    });
  }

  /**
   * Uploads octets, a source or a stream as they are (TYPE I). When the source fails, the transfer
   * is aborted: what the server makes of it is not a whole file.
   *
   * @example
   * ```ts ignore
   * import { connect } from "./client/mod.ts";
   *
   * await using client = await connect();
   * await client.upload(new TextEncoder().encode("Hello\n"), "hello.txt");
   * ```
   *
   * @throws {LocalError} before anything is sent, when `source` is none of them.
   * @throws {ConnectionError} also when the server has (SIZE) other than what was sent.
   */
  upload(
    source: Source | AsyncIterable<Uint8Array> | Uint8Array,
    path: string,
    options: UploadOptions = {},
  ): Promise<Transferred> {
    return this.#inTurn(() => {
      offsetOf(options.at === "end" ? undefined : options.at);
      return store(this.#control, sourceFrom(source), named(path), options);
    });
  }

  /** The octets of a file of at most `READ_FILE_BYTES_MAX`. */
  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const sink = new MemorySink(READ_FILE_BYTES_MAX);
    await this.download(path, sink);
    return sink.octets();
  }

  /** Says goodbye and closes the connection, after what is under way. Never fails. */
  quit(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#control.closed) return;
      await this.#control.ask("QUIT", QUIT_TIMEOUT_MS).catch(() => {});
      this.#control.close();
    });
  }

  /** Closes the connection now; what is under way fails. */
  close(): void {
    this.#control.close();
  }

  /** Says goodbye at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(operation);
    this.#turn = result.catch(() => {});
    return result;
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

/** What an upload reads from; a stream of node: counts as its chunks, though it has a `read`. */
function sourceFrom(source: Source | AsyncIterable<Uint8Array> | Uint8Array): Source {
  if (source instanceof Uint8Array) return sourceOf([source]);
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return sourceOf(source);
    if (typeof source.read === "function") return source;
  }
  throw new LocalError("Cannot upload: the source is neither octets, nor a stream, nor has a read");
}

/** A source that hands out chunks, cut to the size of the buffer. */
function sourceOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Source {
  const iterator = Symbol.asyncIterator in chunks
    ? chunks[Symbol.asyncIterator]()
    : chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(buffer) {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return null;
        if (!(next.value instanceof Uint8Array)) {
          throw new LocalError("Cannot upload: the stream has other things than octets");
        }
        rest = next.value;
      }
      const count = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
  };
}
