/**
 * The connections that one command line makes: where to, as whom, and protected by what.
 *
 * run.ts and the shell's session make them; verbs reach them by their task.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { connect, loadEncoding, type TlsOptions, trustAuthorities } from "../connect.ts";
import { LocalError, localError } from "../errors.ts";
import type { Encoding } from "../text.ts";
import type { Request } from "./arguments.ts";
import { homeOf } from "./console.ts";
import type { Login } from "./secrets.ts";
import type { Protection } from "./server_flags.ts";
import type { BareTask, ConnectionSource } from "./task.ts";
import { UsageError } from "./usage.ts";

/** Connections to one server, all logged in alike; a password is asked for once. */
export class Connections implements ConnectionSource {
  readonly #task: BareTask;
  #login: Promise<Login> | undefined;
  #client: Client | undefined;
  /** All that were made and may be there still. */
  readonly #made = new Set<Client>();
  #asks = false;

  /** Nothing is connected before it is asked for. */
  constructor(task: BareTask) {
    this.#task = task;
  }

  /** The connection that was there last, and may have ended. */
  get last(): Client {
    if (this.#client === undefined) throw new Error("Nothing is connected");
    return this.#client;
  }

  /** Whether a login is being looked for: a question on the terminal may stand there. */
  get asks(): boolean {
    return this.#asks;
  }

  /** The same while it is there, else another one in its place. */
  async connected(): Promise<Client> {
    if (this.#client === undefined || this.#client.closed) this.#client = await this.connect();
    return this.#client;
  }

  /**
   * One more connection, which whoever asks for it closes.
   *
   * @throws {UsageError} when there is no password to be had, or no encoding of that name.
   */
  async connect(): Promise<Client> {
    const { reporter, request, signal } = this.#task;
    const { host, port, timeoutMs, encoding, tls, active } = request;
    // A name that is none is told before a password is asked for.
    if (encoding !== undefined) await encodingOf(encoding);
    const login = await (this.#login ??= this.#loginOf());
    const options = tls === undefined ? {} : { tls: await tlsOptions(tls) };
    signal.throwIfAborted();
    reporter.connecting(host, port);
    let client: Client | undefined;
    try {
      client = await connect({
        host,
        port,
        signal,
        active,
        ...options,
        ...login,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(encoding === undefined ? {} : { encoding }),
        trace: (direction, line) => reporter.trace(direction, line),
      });
    } finally {
      reporter.connected(client);
    }
    for (const each of this.#made) if (each.closed) this.#made.delete(each);
    this.#made.add(client);
    return client;
  }

  /** Closes all connections now, whoever asked for them. */
  close(): void {
    for (const client of this.#made) client.close();
  }

  /** Says goodbye. */
  async quit(): Promise<void> {
    await this.#client?.quit();
  }

  async #loginOf(): Promise<Login> {
    this.#asks = true;
    try {
      return await loginOf(this.#task);
    } finally {
      this.#asks = false;
    }
  }
}

/** A file of certificates is no secret, and not large: the system's own has 220 kB. */
const CERTIFICATES_BYTES_MAX = 10_485_760;

/** The runtime's own authorities are trusted no more. */
let hasOthers = false;

/** One command line has one server, and a shell one at a time: what it trusts, all of it does. */
async function tlsOptions({ mode, caFile, insecure }: Protection): Promise<TlsOptions> {
  if (caFile !== undefined) {
    await trustAuthorities([await certificatesOf(caFile)]);
    hasOthers = true;
  } else if (hasOthers && !insecure) {
    const text = "Cannot go back to the usual authorities after --cacert: that takes a new shell";
    throw new LocalError(text);
  }
  return { mode, insecure };
}

async function certificatesOf(caFile: string): Promise<string> {
  const action = `Cannot read "${caFile}"`;
  try {
    const { size } = await Deno.stat(caFile);
    if (size > CERTIFICATES_BYTES_MAX) throw new LocalError(`${action}: it is too large`);
    const text = await Deno.readTextFile(caFile);
    if (!text.includes("-----BEGIN CERTIFICATE-----")) {
      throw new LocalError(`Cannot use "${caFile}": it has no certificate in PEM`);
    }
    return text;
  } catch (error) {
    throw localError(action, error);
  }
}

/**
 * The request with what a URL or --escapes says in octets as the characters that they are by
 * --encoding: files here are called by them, and listings have them. The same octets are sent for
 * both.
 *
 * @throws {UsageError} when there is no encoding of that name.
 */
export async function decodedNames(request: Request): Promise<Request> {
  const { encoding: label, operands, output, outputDirectory } = request;
  const names = [...operands, output ?? "", outputDirectory ?? ""];
  if (label === undefined || names.every((each) => each.isWellFormed())) return request;
  const encoding = await encodingOf(label);
  return {
    ...request,
    operands: operands.map((each) => decodedBy(encoding, each)),
    ...(output === undefined ? {} : { output: decodedBy(encoding, output) }),
    ...(outputDirectory === undefined
      ? {}
      : { outputDirectory: decodedBy(encoding, outputDirectory) }),
  };
}

function decodedBy(encoding: Encoding, name: string): string {
  const octets = name.isWellFormed() ? undefined : encoding.encode(name);
  return octets === undefined ? name : encoding.decode(octets);
}

async function encodingOf(label: string): Promise<Encoding> {
  try {
    return await loadEncoding(label);
  } catch (error) {
    throw error instanceof LocalError ? new UsageError(`--encoding: ${error.message}`) : error;
  }
}

async function loginOf({ console, reporter, request, signal }: BareTask): Promise<Login> {
  const { user, passwordFile, netrcFile } = request;
  const isNamed = [user, passwordFile, netrcFile].some((value) => value !== undefined);
  if (!isNamed && !hasNetrc(console)) return {};
  const { loginFor } = await import("./secrets.ts");
  const { encoding: label } = request;
  const named = user === undefined || label === undefined
    ? request
    : { ...request, user: decodedBy(await encodingOf(label), user) };
  return await loginFor(named, console, (text) => reporter.note(text), signal);
}

function hasNetrc(console: BareTask["console"]): boolean {
  const home = homeOf(console);
  try {
    return home !== undefined && Deno.statSync(`${home}/.netrc`).isFile;
  } catch {
    // Nothing there, or nothing that may be read.
    return false;
  }
}
