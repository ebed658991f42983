/**
 * The control connection: the socket and the clock around a conversation.ts machine.
 *
 * The operations (login.ts, data.ts, transfer.ts, directory.ts) ask commands through it. It reads
 * all the time, so that a refusal in the middle of a transfer and a 421 out of the blue are heard
 * at once. When it fails, every command that waits fails with the same error, and so does every
 * later one.
 *
 * @module
 */

import { unreachable } from "../server/unreachable.ts";
import { Conversation, type ConversationEvent, GREETING_ID, type Reply } from "./conversation.ts";
import { ClientError, ConnectionError, describeReply, LocalError, refusal } from "./errors.ts";
import type { Timeouts } from "./limits.ts";

/** One read of the control connection; a reply is a line or two. */
const READ_BYTES = 16_384;

/** A command on its way. Both promises may be left alone: their failures are then unheard. */
export interface Exchange {
  /** The command's first word, for messages: the rest may hold a password. */
  readonly verb: string;
  /** The first reply, preliminary or final. */
  readonly first: Promise<Reply>;
  /** The last reply. */
  readonly final: Promise<Reply>;
}

/** What was learned of the server, or settled with it, on this connection. */
export interface ServerState {
  /** The reply with which the connection began. */
  greeting: Reply;
  /** FEAT's lines: name in upper case, parameters behind it (RFC 2389). */
  features: ReadonlyMap<string, string>;
  /** The representation type in force; undefined before the first TYPE. */
  type: "A" | "I" | undefined;
  /** false once EPSV has failed: PASV from then on. */
  extendedPassive: boolean;
}

interface Waiting extends Exchange {
  readonly resolveFirst: (reply: Reply) => void;
  readonly resolveFinal: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** A connected control connection. */
export class ControlConnection {
  /** The server's numeric address, to which data connections go too. */
  readonly peer: Deno.NetAddr;
  readonly timeouts: Timeouts;
  readonly server: ServerState = {
    greeting: { code: 220, lines: [] },
    features: new Map(),
    type: undefined,
    extendedPassive: true,
  };

  readonly #conn: Deno.TcpConn;
  readonly #conversation = new Conversation();
  readonly #waiting = new Map<number, Waiting>();
  #writing: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  private constructor(conn: Deno.TcpConn, timeouts: Timeouts) {
    this.#conn = conn;
    this.timeouts = timeouts;
    this.peer = conn.remoteAddr;
  }

  /**
   * Connects and waits for the greeting.
   *
   * @throws {ConnectionError} when there is no FTP server at that address, or it is full.
   */
  static async open(
    host: string,
    port: number,
    timeouts: Timeouts,
    signal?: AbortSignal,
  ): Promise<ControlConnection> {
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const conn = await dial(host, port, timeouts.connectMs, signal);
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
      const control = new ControlConnection(conn, timeouts);
      const greeting = control.#expect(GREETING_ID, "the connection");
      const drop = () => control.#fail(signal!.reason);
      signal?.addEventListener("abort", drop);
      control.#readAll();
      const reply = await control.settle(greeting.final).finally(() =>
        signal?.removeEventListener("abort", drop)
      );
      if (reply.code !== 220) {
        throw new ConnectionError(`Cannot connect to ${where}: ${describeReply(reply)}`);
      }
      control.server.greeting = reply;
      return control;
    } catch (error) {
      closeQuietly(conn);
      throw error;
    }
  }

  /** Whether the connection has ended or failed. */
  get closed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Sends a command without waiting.
   *
   * @throws {LocalError} when the command cannot be sent as one line.
   */
  begin(command: string): Exchange {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#conversation.ask(command);
    const exchange = this.#expect(id, command.split(" ", 1)[0]!);
    this.#flush();
    return exchange;
  }

  /**
   * Sends a command and waits for its final reply, whatever that says.
   *
   * @throws {ConnectionError} when none comes in time; the connection is then closed, because the
   * replies of what follows could not be told apart.
   */
  ask(command: string, timeoutMs: number = this.timeouts.replyMs): Promise<Reply> {
    const exchange = this.begin(command);
    return this.settle(exchange.final, timeoutMs, exchange.verb);
  }

  /**
   * Sends a command and waits for a final reply between `from` and `from + 99`.
   *
   * @throws {ProtocolError} for any other, its text beginning with `action`.
   */
  async expect(action: string, command: string, from: 200 | 300): Promise<Reply> {
    const reply = await this.ask(command);
    if (reply.code < from || reply.code >= from + 100) throw refusal(action, reply);
    return reply;
  }

  /** Waits for a reply at most `timeoutMs`, then closes the connection. */
  async settle(
    reply: Promise<Reply>,
    timeoutMs: number = this.timeouts.replyMs,
    verb?: string,
  ): Promise<Reply> {
    const timer = setTimeout(() => {
      const about = verb === undefined ? "the server" : `the server to ${verb}`;
      this.#fail(new ConnectionError(`No reply from ${about} within ${seconds(timeoutMs)}`));
    }, timeoutMs);
    try {
      return await reply;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connection without a word. */
  close(): void {
    this.#fail(new LocalError("The connection is closed"));
  }

  #expect(id: number, verb: string): Exchange {
    const first = Promise.withResolvers<Reply>();
    const final = Promise.withResolvers<Reply>();
    const reject = (error: unknown) => {
      first.reject(error);
      final.reject(error);
    };
    const waiting: Waiting = {
      verb,
      first: first.promise,
      final: final.promise,
      resolveFirst: first.resolve,
      resolveFinal: final.resolve,
      reject,
    };
    // A caller may wait for one of the two only, or for none.
    first.promise.catch(() => {});
    final.promise.catch(() => {});
    this.#waiting.set(id, waiting);
    return waiting;
  }

  #flush(): void {
    for (let octets; (octets = this.#conversation.pollOutput()) !== undefined;) {
      const chunk = octets;
      this.#writing = this.#writing.then(() => writeAll(this.#conn, chunk)).catch((error) => {
        // What the server said before it closed may still be on its way to #readAll.
        if (!(error instanceof Deno.errors.BrokenPipe)) this.#lose(error);
      });
    }
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (this.#failure === undefined) {
      let count: number | null;
      try {
        count = await this.#conn.read(buffer);
      } catch (error) {
        return this.#lose(error);
      }
      if (count === null) this.#conversation.handleEnd();
      else this.#conversation.handleInput(buffer.subarray(0, count));
      for (let event; (event = this.#conversation.pollEvent()) !== undefined;) this.#handle(event);
    }
  }

  #handle(event: ConversationEvent): void {
    switch (event.kind) {
      case "reply": {
        const waiting = this.#waiting.get(event.id);
        if (event.final) this.#waiting.delete(event.id);
        waiting?.resolveFirst(event.reply);
        if (event.final) waiting?.resolveFinal(event.reply);
        return;
      }
      case "unsolicited":
        if (event.reply.code !== 421) return;
        return this.#fail(
          new ConnectionError(`The server closed the connection: ${describeReply(event.reply)}`),
        );
      case "failed":
        return this.#fail(new ConnectionError(`Cannot talk to the server: ${event.reason}`));
      case "ended":
        return this.#fail(new ConnectionError("The server closed the connection"));
      default:
        return unreachable(event);
    }
  }

  #lose(error: unknown): void {
    this.#fail(new ConnectionError(`The connection broke: ${systemText(error)}`, { cause: error }));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    closeQuietly(this.#conn);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/**
 * Connects within `timeoutMs`.
 *
 * @throws {ConnectionError} in one line; an interruption by `signal` throws its reason.
 */
export async function dial(
  hostname: string,
  port: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Deno.TcpConn> {
  const where = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  signal?.throwIfAborted();
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new ConnectionError(`no answer within ${seconds(timeoutMs)}`)),
    timeoutMs,
  );
  const interrupt = () => abort.abort(signal!.reason);
  signal?.addEventListener("abort", interrupt);
  try {
    return await Deno.connect({ hostname, port, signal: abort.signal });
  } catch (error) {
    signal?.throwIfAborted();
    const reason = abort.signal.aborted ? abort.signal.reason.message : systemText(error);
    throw new ConnectionError(`Cannot connect to ${where}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
  }
}

/** What the operating system or the resolver said, in lower case and without its number. */
export function systemText(error: unknown): string {
  if (error instanceof ClientError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/ \(os error \d+\).*$/s, "").split("\n", 1)[0]!;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `60 s`, `0.5 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`;
}

/** Writes all of `octets`: one write(2) may take fewer. */
async function writeAll(conn: Deno.Conn, octets: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < octets.length;) at += await conn.write(octets.subarray(at));
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed already.
  }
}
