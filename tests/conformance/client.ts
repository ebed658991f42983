/**
 * The suite's own FTP client: raw lines out, replies in, data connections by hand. The cases use
 * it and nothing of client/, so that one mistake cannot sit on both sides of a conversation. It
 * must never repair what a server does wrong: it throws instead.
 *
 * @module
 */

import { assert, assertEquals, AssertionError } from "@std/assert";

/** Where a server is reached. */
export interface Endpoint {
  /** A numeric address, IPv6 without brackets. */
  readonly host: string;
  /** A TCP port. */
  readonly port: number;
}

/** One whole reply (RFC 959 section 4.2). */
export interface Reply {
  /** The three digits that every one of its lines begins with, or only the first and last. */
  readonly code: number;
  /** Every line without its CRLF, codes included. */
  readonly lines: readonly string[];
  /** The lines joined by a line feed. */
  readonly text: string;
}

/** Codes that a case accepts: one, several, all of a first digit, any negative one, or any. */
export type Expected = number | readonly number[] | "2xx" | "4xx" | "5xx" | "refusal" | "any";

/** What a reply may at most be long; a server that sends more of it is broken. */
const REPLY_BYTES_MAX = 1 << 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The octets of `text` in UTF-8. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of `bytes` in UTF-8. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The octets of `parts`, one after the other; strings stand for their UTF-8. */
export function join(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const chunks = parts.map((part) => typeof part === "string" ? octets(part) : part);
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

/** The longest pattern made of each seed: cases ask for the same ones again and again. */
const patterns = new Map<number, Uint8Array<ArrayBuffer>>();

/** `length` octets in which no two stretches are alike, all values included. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let bytes = patterns.get(seed) ?? new Uint8Array(0);
  if (bytes.length < length) {
    bytes = new Uint8Array(length);
    let state = seed;
    for (let index = 0; index < length; index++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[index] = state >>> 16;
    }
    patterns.set(seed, bytes);
  }
  return bytes.slice(0, length);
}

/** Fails unless the two are the same; says where they first differ, not all that they hold. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length, "Length of the octets");
  for (let at = 0; at < actual.length; at++) {
    if (actual[at] !== expected[at]) {
      throw new AssertionError(`Octet ${at} differs: ${actual[at]} instead of ${expected[at]}`);
    }
  }
}

/** Everything that `conn` sends until it ends; a reset is thrown. The connection is closed. */
export async function readAll(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(1 << 18);
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return join(...chunks);
      chunks.push(buffer.slice(0, count));
    }
  } finally {
    closeQuietly(conn);
  }
}

/** As `readAll`, but a reset counts as an end too. */
export async function readUntilEnd(conn: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(1 << 18);
  let total = 0;
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return total;
      total += count;
    }
  } catch {
    return total;
  } finally {
    closeQuietly(conn);
  }
}

/** Exactly `length` octets of `conn`, which stays open. */
export async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = await conn.read(bytes.subarray(at));
    if (count === null) throw new AssertionError(`Connection ended after ${at} of ${length}`);
    at += count;
  }
  return bytes;
}

/** All of `bytes` to `conn`. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await conn.write(bytes.subarray(at));
}

/** Closes what may have been closed before. */
export function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // Closed by the case itself.
  }
}

/** One control connection. */
export class Conversation {
  #buffered = new Uint8Array(0);
  readonly #chunk = new Uint8Array(1 << 14);
  readonly #resources: { close(): void }[] = [];

  private constructor(readonly conn: Deno.TcpConn, readonly endpoint: Endpoint) {
    this.#resources.push(conn);
  }

  /** Connects; the greeting is not read yet. */
  static async connect(endpoint: Endpoint): Promise<Conversation> {
    const conn = await Deno.connect({ hostname: endpoint.host, port: endpoint.port });
    conn.setNoDelay(true);
    return new Conversation(conn, endpoint);
  }

  /** Closes the control connection and every data connection and listener made with it. */
  close(): void {
    for (const resource of this.#resources) closeQuietly(resource);
  }

  /** Sends `line` and CRLF; an octet array is sent as it is. */
  async send(line: string | Uint8Array): Promise<void> {
    await writeAll(this.conn, typeof line === "string" ? octets(`${line}\r\n`) : line);
  }

  /** Sends `line` and reads one reply, whose code is among `expected`. */
  async command(line: string | Uint8Array, expected: Expected): Promise<Reply> {
    await this.send(line);
    return await this.reply(expected, typeof line === "string" ? line : "octets");
  }

  /** The next reply, whose code is among `expected`. */
  async reply(expected: Expected, to = "a reply"): Promise<Reply> {
    const reply = await this.#read();
    if (!accepts(expected, reply.code)) {
      throw new AssertionError(`Wanted ${expected} for "${to}", got "${reply.text}"`);
    }
    return reply;
  }

  /** Fails unless the server closes the connection without another reply. */
  async end(): Promise<void> {
    assertEquals(await this.#line(), undefined, "Another line instead of the end");
  }

  async #read(): Promise<Reply> {
    const lines: string[] = [];
    const first = await this.#line();
    if (first === undefined) throw new AssertionError("Connection closed instead of a reply");
    lines.push(first);
    const match = /^([1-6][0-9]{2})([ -])/.exec(first);
    if (match === null) throw new AssertionError(`Not a reply line: "${first}"`);
    if (match[2] === "-") {
      for (;;) {
        const line = await this.#line();
        if (line === undefined) throw new AssertionError("Connection closed inside a reply");
        lines.push(line);
        if (line.startsWith(`${match[1]} `)) break;
      }
    }
    return { code: Number(match[1]), lines, text: lines.join("\n") };
  }

  /** One line without its CRLF, which it must have; undefined at the end of the connection. */
  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffered.indexOf(10);
      if (end >= 0) {
        const line = this.#buffered.subarray(0, end);
        this.#buffered = this.#buffered.slice(end + 1);
        if (line.at(-1) !== 13) throw new AssertionError(`No CR at the end of "${text(line)}"`);
        return text(withoutTelnet(line.subarray(0, -1)));
      }
      if (this.#buffered.length > REPLY_BYTES_MAX) throw new AssertionError("Reply without end");
      const count = await this.conn.read(this.#chunk).catch(resetAsEnd);
      if (count === null) {
        assertEquals(text(this.#buffered), "", "Connection closed inside a line");
        return undefined;
      }
      this.#buffered = join(this.#buffered, this.#chunk.subarray(0, count));
    }
  }

  /** Asks for a passive port by `verb` and gives its number. */
  async passivePort(verb = "EPSV"): Promise<number> {
    if (verb.startsWith("EPSV")) {
      await this.send(verb);
      return await this.extendedPort();
    }
    const { text: said } = await this.command(verb, 227);
    const match = /(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)/.exec(said);
    if (match === null) throw new AssertionError(`No address in "${said}"`);
    const [host, port] = [match.slice(1, 5).join("."), match.slice(5, 7).map(Number)];
    assertEquals(host, this.endpoint.host, "Address in the 227");
    return port[0]! * 256 + port[1]!;
  }

  /** The port of the answer to EPSV that comes next. */
  async extendedPort(): Promise<number> {
    const { text: said } = await this.reply(229, "EPSV");
    const match = /\(\|\|\|([0-9]{1,5})\|\)/.exec(said);
    if (match === null) throw new AssertionError(`No port in "${said}"`);
    return Number(match[1]);
  }

  /** A data connection to `port` of the server. */
  async dial(port: number): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: this.endpoint.host, port });
    this.#resources.push(conn);
    return conn;
  }

  /** A data connection to a fresh passive port. */
  async passive(verb = "EPSV"): Promise<Deno.TcpConn> {
    return await this.dial(await this.passivePort(verb));
  }

  /** Begins the transfer of `command` over a passive port; its data connection. */
  async begin(command: string, verb = "EPSV"): Promise<Deno.TcpConn> {
    const data = await this.passive(verb);
    await this.command(command, [125, 150]);
    return data;
  }

  /** A listener for an active data connection on this end's own address. */
  listen(): Deno.TcpListener {
    const local = this.conn.localAddr as Deno.NetAddr;
    const listener = Deno.listen({ hostname: local.hostname, port: 0 });
    this.#resources.push(listener);
    return listener;
  }

  /** The data connection that comes in at `listener`, which is closed. */
  async accept(listener: Deno.TcpListener): Promise<Deno.TcpConn> {
    const conn = await listener.accept();
    this.#resources.push(conn);
    closeQuietly(listener);
    return conn;
  }

  /** Offers a fresh listener by PORT or EPRT. */
  async active(verb: "PORT" | "EPRT" = "PORT"): Promise<Deno.TcpListener> {
    const listener = this.listen();
    await this.command(portCommand(verb, listener), 200);
    return listener;
  }

  /** The octets that `command` sends over a fresh data connection, between 150 and 226. */
  async fetch(command: string, verb = "EPSV"): Promise<Uint8Array<ArrayBuffer>> {
    const data = await this.begin(command, verb);
    const bytes = await readAll(data);
    await this.reply([226, 250], command);
    return bytes;
  }

  /** Sends `bytes` over a fresh data connection with `command`; gives the preliminary reply. */
  async put(command: string, bytes: Uint8Array, verb = "EPSV"): Promise<Reply> {
    const data = await this.passive(verb);
    const begun = await this.command(command, [125, 150]);
    await writeAll(data, bytes);
    closeQuietly(data);
    await this.reply([226, 250], command);
    return begun;
  }

  /** The lines that `command` sends, each of which must end with CRLF. */
  async list(command: string): Promise<string[]> {
    return lines(await this.fetch(command));
  }

  /** Sends `command` after a fresh EPSV; its only reply is among `expected`, none of it 1xx. */
  async refused(command: string, expected: Expected): Promise<Reply> {
    const data = await this.passive();
    const reply = await this.command(command, expected);
    closeQuietly(data);
    return reply;
  }

  /** The codes of the replies until `count` of them were final, preliminary ones left out. */
  async finals(count: number): Promise<number[]> {
    const codes: number[] = [];
    while (codes.length < count) {
      const { code } = await this.#read();
      if (code >= 200) codes.push(code);
    }
    return codes;
  }
}

/** The command that offers `listener`. */
export function portCommand(verb: "PORT" | "EPRT", listener: Deno.TcpListener): string {
  const { hostname, port } = listener.addr;
  if (verb === "EPRT") return `EPRT |${hostname.includes(":") ? 2 : 1}|${hostname}|${port}|`;
  return `PORT ${hostname.replaceAll(".", ",")},${port >> 8},${port & 255}`;
}

/** The lines in `bytes`, each of which must end with CRLF. */
export function lines(bytes: Uint8Array): string[] {
  const all = text(bytes);
  if (all === "") return [];
  assert(all.endsWith("\r\n"), "The last line has no CRLF");
  const found = all.slice(0, -2).split("\r\n");
  assert(found.every((line) => !line.includes("\n")), "A line ends with LF alone");
  return found;
}

/** The next final reply that `ftp` gets, preliminary ones passed over. */
export async function finalReply(ftp: Conversation, expected: Expected): Promise<Reply> {
  for (;;) {
    const reply = await ftp.reply([...PRELIMINARY, ...codesOf(expected)]);
    if (reply.code >= 200) return reply;
  }
}

const PRELIMINARY = [120, 125, 150];

function codesOf(expected: Expected): number[] {
  return Array.from({ length: 700 }, (_, code) => code).filter((code) => accepts(expected, code));
}

function accepts(expected: Expected, code: number): boolean {
  if (typeof expected === "number") return code === expected;
  if (expected === "any") return true;
  if (expected === "refusal") return code >= 400 && code < 600;
  if (typeof expected === "string") return Math.trunc(code / 100) === Number(expected[0]);
  return expected.includes(code);
}

/** A server that closes with unread input makes the kernel send a reset: the end as well. */
function resetAsEnd(cause: unknown): null {
  if (cause instanceof Deno.errors.ConnectionReset) return null;
  if (cause instanceof Deno.errors.BrokenPipe) return null;
  throw cause;
}

/** `line` without Telnet negotiations (RFC 854), which a server may answer with. */
function withoutTelnet(line: Uint8Array): Uint8Array {
  if (!line.includes(255)) return line;
  const kept: number[] = [];
  for (let index = 0; index < line.length; index++) {
    if (line[index] !== 255) {
      kept.push(line[index]!);
    } else if (line[index + 1] === 255) {
      kept.push(255);
      index++;
    } else {
      index += line[index + 1]! >= 251 ? 2 : 1;
    }
  }
  return new Uint8Array(kept);
}
