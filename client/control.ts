/**
 * The control connection: the wire and the clock around a conversation.ts machine.
 *
 * The operations (login.ts, facts.ts, transfer.ts, contents.ts, directory.ts, attributes.ts) ask
 * commands through it. It reads all the time, so that a refusal in the middle of a transfer and a
 * 421 out of the blue are heard at once. When it fails, every command that waits fails with the
 * same error, and so does every later one.
 *
 * @module
 */

import { unreachable } from "../server/unreachable.ts";
import type { ChannelOpener, Dialogue } from "./channel.ts";
import { Conversation, type ConversationEvent, GREETING_ID, type Reply } from "./conversation.ts";
import {
  ConnectionError,
  describeReply,
  kindOf,
  LocalError,
  refusal,
  type SessionRefusal,
} from "./errors.ts";
import { type Exchange, Exchanges } from "./exchange.ts";
import { ABORT_TIMEOUT_MS, type Timeouts } from "./limits.ts";
import { newServerState, type ServerState } from "./server_state.ts";
import { type Encoding, maskSecrets, printable } from "./text.ts";
import { limitTime } from "./time_limit.ts";
import {
  attemptWithin,
  type Connection,
  connectionError,
  endpoint,
  seconds,
  type Transport,
  type WireAddress,
} from "./transport.ts";

/** One read of the control connection; a reply is a line or two. */
const READ_BYTES = 16_384;

/**
 * Hears every command and every line of a reply. Lines are printable and hold no secret: what
 * follows PASS, ACCT and ADAT is `****`. What it throws ends the connection.
 */
export type Trace = (direction: "sent" | "received", line: string) => void;

/** What a control connection is opened with. */
export interface Opening {
  /** A name or a numeric address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
  /** TLS from the first octet, or after AUTH TLS; plain text without it. */
  readonly tls?: "implicit" | "explicit" | undefined;
  /** Who makes data connections. */
  readonly openChannel: ChannelOpener;
  readonly timeouts: Timeouts;
  /** Gives up opening it and, until it is replaced, every command. */
  readonly signal?: AbortSignal | undefined;
  readonly trace?: Trace | undefined;
}

/** A connected control connection. */
export class ControlConnection implements Dialogue {
  readonly timeouts: Timeouts;
  readonly transport: Transport;
  readonly openChannel: ChannelOpener;
  readonly server: ServerState = newServerState();
  /** Interrupts the operation that is under way; client.ts sets it for each. */
  signal: AbortSignal | undefined;
  /** What the last transfer went through; one for each would be a tenth of a small one's time. */
  spareBuffer: Uint8Array<ArrayBuffer> | undefined;

  #trace: Trace | undefined;
  readonly #conversation = new Conversation();
  readonly #exchanges = new Exchanges();
  #wire: Connection;
  #reading: Promise<void> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();
  /** The next reply is the last one in clear text. */
  #upgrading = false;
  #failure: Error | undefined;

  private constructor(wire: Connection, opening: Opening) {
    this.#wire = wire;
    this.#trace = opening.trace;
    this.timeouts = opening.timeouts;
    this.transport = opening.transport;
    this.openChannel = opening.openChannel;
    this.signal = opening.signal;
  }

  /**
   * Connects, waits for the greeting, and secures the connection where `opening.tls` says so.
   *
   * @throws {ConnectionError} when there is no FTP server at that address, when it is full, or
   * when it cannot be trusted.
   */
  static async open(opening: Opening): Promise<ControlConnection> {
    const { host: hostname, port, transport, timeouts: { connectMs }, signal } = opening;
    const action = `Cannot connect to ${endpoint({ hostname, port })}`;
    const wire = await attemptWithin(
      action,
      connectMs,
      signal,
      (signal) => transport.connect({ hostname, port }, signal),
    );
    const control = new ControlConnection(wire, opening);
    try {
      if (opening.tls === "implicit") control.#wire = await control.secure(wire, signal);
      await control.#greet(action);
      if (opening.tls === "explicit") await control.#upgrade();
      return control;
    } catch (error) {
      control.close();
      throw error;
    }
  }

  /** How names and replies are written as octets. */
  get encoding(): Encoding {
    return this.#conversation.encoding;
  }

  /** For what is sent and what comes from now on. */
  set encoding(encoding: Encoding) {
    this.#conversation.encoding = encoding;
  }

  /** Whether the connection has ended or failed. */
  get closed(): boolean {
    return this.#failure !== undefined;
  }

  /** The server's address, to which data connections go too. */
  get peer(): WireAddress {
    return this.#wire.remote;
  }

  /** The address of this side. */
  get local(): WireAddress {
    return this.#wire.local;
  }

  /**
   * Puts TLS over `wire`, one of the control or of a data connection.
   *
   * @throws {ConnectionError} when the server cannot be trusted, or does not come to terms; the wire
   * is then closed.
   */
  async secure(wire: Connection, signal?: AbortSignal): Promise<Connection> {
    const secure = this.transport.secure?.bind(this.transport);
    const action = "Cannot protect the connection";
    try {
      if (secure === undefined) throw new LocalError(`${action}: the transport has no TLS`);
      return await attemptWithin(
        action,
        this.timeouts.connectMs,
        signal,
        (end) => secure(wire, end),
        "untrusted",
      );
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  /**
   * Sends a command without waiting.
   *
   * @throws {LocalError} when the command cannot be sent as one line.
   */
  begin(command: string): Exchange {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#conversation.ask(command);
    const exchange = this.#exchanges.add(id, command.split(" ", 1)[0]!);
    this.#flush();
    if (this.#trace !== undefined) this.#tell("sent", maskSecrets(command));
    return exchange;
  }

  /**
   * Sends a command and waits for its final reply, whatever that says.
   *
   * @throws {ConnectionError} when none comes in time; the connection is then closed, because the
   * server is of no use any more.
   */
  async ask(command: string, timeoutMs: number = this.timeouts.replyMs): Promise<Reply> {
    this.signal?.throwIfAborted();
    const exchange = this.begin(command);
    return await this.settle(exchange.final, timeoutMs, exchange.verb, this.signal);
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

  /**
   * Waits for a reply at most `timeoutMs`, then closes the connection. When `signal` interrupts the
   * wait, the reply may still come for a while: replies are told apart by their order, so that the
   * next command gets its own.
   */
  settle(
    reply: Promise<Reply>,
    timeoutMs: number,
    verb?: string,
    signal?: AbortSignal,
  ): Promise<Reply> {
    const settled = Promise.withResolvers<Reply>();
    let lift = this.#limit(timeoutMs, verb);
    const interrupt = () => {
      lift();
      lift = this.#limit(Math.min(timeoutMs, ABORT_TIMEOUT_MS), verb);
      settled.reject(signal!.reason);
    };
    const end = () => {
      lift();
      signal?.removeEventListener("abort", interrupt);
    };
    reply.then((reply) => {
      end();
      settled.resolve(reply);
    }, (error) => {
      end();
      settled.reject(error);
    });
    signal?.addEventListener("abort", interrupt);
    if (signal?.aborted) interrupt();
    return settled.promise;
  }

  /** Runs `work` to its end, whatever `signal` says: it puts things back in order. */
  async shielded<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this;
    this.signal = undefined;
    try {
      return await work();
    } finally {
      this.signal = signal;
    }
  }

  /** Closes the connection without a word; what is asked of it from now on fails with `reason`. */
  close(reason: Error = new LocalError("The connection is closed")): void {
    this.#fail(reason);
  }

  /** Closes the connection for a better one; what is asked of it from now on fails alike. */
  forgoSession(refusal: SessionRefusal): void {
    this.transport.resumption?.improve?.();
    this.server.sessionRefusal = refusal;
    this.#fail(refusal);
  }

  async #greet(action: string): Promise<void> {
    const greeting = this.#exchanges.add(GREETING_ID, "the connection");
    this.#reading = this.#readAll();
    const reply = await this.settle(greeting.final, this.timeouts.replyMs, undefined, this.signal);
    // Of a code only the first digit counts (RFC 1123 section 4.1.2.11); login.ts heeds 230.
    if (reply.code < 200 || reply.code >= 300) {
      const kind = kindOf(reply);
      throw new ConnectionError(`${action}: ${describeReply(reply)}`, { kind, reply });
    }
    this.server.greeting = reply;
  }

  /**
   * AUTH TLS (RFC 4217 section 4): whatever code says yes, TLS follows or nothing. Octets in clear
   * text behind the reply could be anybody's, and would count as said under TLS.
   */
  async #upgrade(): Promise<void> {
    const action = "Cannot protect the connection";
    this.#upgrading = true;
    const reply = await this.ask("AUTH TLS");
    if (reply.code < 200 || reply.code >= 400) {
      const kind = reply.code < 500 ? kindOf(reply) : "untrusted";
      const reason = kind === "untrusted" ? "the server has no TLS: " : "";
      throw new ConnectionError(`${action}: ${reason}${describeReply(reply)}`, { kind, reply });
    }
    await this.#reading;
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#conversation.idle) {
      const text = `${action}: octets in clear text follow the reply to AUTH`;
      throw new ConnectionError(text, { kind: "protocol" });
    }
    this.#upgrading = false;
    const wire = await this.secure(this.#wire, this.signal);
    this.#wire = wire;
    if (this.#failure !== undefined) wire.close();
    this.#reading = this.#readAll();
  }

  #limit(timeoutMs: number, verb: string | undefined): () => void {
    return limitTime(timeoutMs, () => {
      const about = verb === undefined ? "the server" : `the server to ${verb}`;
      const text = `No reply from ${about} within ${seconds(timeoutMs)}`;
      this.#fail(new ConnectionError(text, { kind: "timeout" }));
    });
  }

  #flush(): void {
    for (let octets; (octets = this.#conversation.pollOutput()) !== undefined;) {
      const chunk = octets;
      this.#writing = this.#writing.then(() => writeAll(this.#wire, chunk)).catch((error) => {
        // What the server said before it closed may still be on its way to #readAll.
        if (error.code !== "EPIPE") this.#lose(error);
      });
    }
  }

  /** Reads until the end, or until the last reply in clear text. */
  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const wire = this.#wire;
    while (this.#failure === undefined && !(this.#upgrading && this.#conversation.inFlight === 0)) {
      let count: number | null;
      try {
        count = await wire.read(buffer);
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
      case "reply":
        this.#traceReply(event.reply);
        return this.#exchanges.answer(event.id, event.reply, event.final);
      case "unsolicited":
        this.#traceReply(event.reply);
        return this.#handleUnsolicited(event.reply);
      case "stray":
        return this.#tell("received", event.line);
      case "failed": {
        const text = `Cannot talk to the server: ${event.reason}`;
        return this.#fail(new ConnectionError(text, { kind: "protocol" }));
      }
      case "ended":
        return this.#fail(new ConnectionError("The server closed the connection"));
      default:
        return unreachable(event);
    }
  }

  #handleUnsolicited(reply: Reply): void {
    if (this.#upgrading) {
      const text = "Cannot protect the connection: a reply in clear text follows that to AUTH";
      return this.#fail(new ConnectionError(text, { kind: "protocol" }));
    }
    if (reply.code !== 421) return;
    const text = `The server closed the connection: ${describeReply(reply)}`;
    this.#fail(new ConnectionError(text, { kind: "transient", reply }));
  }

  #traceReply({ code, lines }: Reply): void {
    if (this.#trace === undefined) return;
    for (const [index, line] of lines.entries()) {
      const mark = index === lines.length - 1 ? " " : "-";
      this.#tell("received", `${code}${mark}${line}`);
    }
  }

  /** Whoever listens may throw, and no command is to wait for its reply because of that. */
  #tell(direction: "sent" | "received", line: string): void {
    try {
      this.#trace?.(direction, printable(line));
    } catch (error) {
      this.#trace = undefined;
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #lose(error: unknown): void {
    this.#fail(connectionError("The connection broke", error, "reset"));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#wire.close();
    this.#exchanges.fail(error);
  }
}

/** Writes all of `octets`: one write may take fewer. */
async function writeAll(wire: Connection, octets: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < octets.length;) at += await wire.write(octets.subarray(at));
}
