/**
 * What a conformance case is given: a server that runs, an account on it, the served folder on
 * disk, and what the server declares that it cannot do. A case is a function of a Target; it makes
 * its own connections, keeps to its own folder and asserts both replies and effects.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Conversation, type Endpoint, pattern } from "./client.ts";

/** One case: rejects when the server of `target` does not keep to it. */
export type Case = (target: Target) => Promise<void>;

/** The cases of one topic by their names. */
export type Cases = Readonly<Record<string, Case>>;

/** An account with all rights, on every server of the suite. */
export const WRITER = { user: "writer", password: "pass word" } as const;

/** More than the kernel's buffers of one connection take, so that a server has to wait. */
export const LARGE = 8_000_000;

/** What `Target.large` holds. */
export const LARGE_CONTENT: Uint8Array<ArrayBuffer> = pattern(LARGE);

/** What may differ from the ordinary server of a variant; the same served folder in any case. */
export interface Overrides {
  /** What it speaks; "ftp" by default. */
  readonly protocol?: "ftp" | "mini" | "echo" | "hello";
  /** The address to listen on; IPv4's loopback by default. */
  readonly host?: string;
  /** The port to listen on; any free one by default. */
  readonly port?: number;
  /** How many ports there are for passive data connections. */
  readonly passivePortCount?: number;
  /** For blocking: the most threads. */
  readonly maxWorkers?: number;
  /** What those may do who give no account; "read" by default. */
  readonly anonymous?: "read" | "write" | "off";
  /** The pause after a failed login. */
  readonly loginDelayMs?: number;
  /** Event loops, or for blocking the threads at the start; the variant's own by default. */
  readonly workers?: number;
  /** How long a connection may take to log in. */
  readonly loginTimeoutMs?: number;
  /** The most sessions in all. */
  readonly sessionsMax?: number;
  /** The most sessions from one address. */
  readonly sessionsPerHostMax?: number;
  /** Failed logins from one address within a minute, over all connections; unlimited by default. */
  readonly failedLoginsPerMinuteMax?: number;
  /** How long a session may be silent. */
  readonly idleTimeoutMs?: number;
  /** How long a data connection may take to come. */
  readonly connectTimeoutMs?: number;
  /** How long a data connection may move nothing. */
  readonly stallTimeoutMs?: number;
}

/** A server as the suite needs it. */
export interface Serving {
  /** Where it is reached. */
  readonly endpoint: Endpoint;
  /** The most connections served at once; undefined when only descriptors limit them. */
  readonly connections?: number;
  /** Ends it; transfers may go on for `graceMs`. A second call is harmless. */
  stop(graceMs: number): Promise<void>;
}

/** Where the servers of one variant come from. */
export interface Grounds {
  /** The real path of the served folder. */
  readonly root: string;
  /** The real path of a file with LARGE_CONTENT on the same file system; never written to. */
  large(): Promise<string>;
  /** A server kept for all cases of the topic that ask for the same. */
  shared(overrides: Overrides): Promise<Serving>;
  /** A server for one case, which stops it. */
  own(overrides: Overrides): Promise<Serving>;
}

/** One case's view of a server. */
export class Target {
  /** Where the server is reached. */
  readonly endpoint: Endpoint;
  /** The most connections served at once; undefined when only descriptors limit them. */
  readonly connections: number | undefined;
  /** The real path of the served folder. */
  readonly root: string;
  readonly #closing: { close(): unknown }[] = [];

  /** `folder` is a virtual path, "/name", of a folder that is this case's alone. */
  constructor(readonly serving: Serving, readonly grounds: Grounds, readonly folder: string) {
    this.endpoint = serving.endpoint;
    this.connections = serving.connections;
    this.root = grounds.root;
  }

  /** Ends what the case left open. */
  async close(): Promise<void> {
    for (const resource of this.#closing.toReversed()) await resource.close();
  }

  /** Closes `resource` when the case ends. */
  defer<T extends { close(): unknown }>(resource: T): T {
    this.#closing.push(resource);
    return resource;
  }

  /** The same case on a server with other settings, which other cases use too. */
  async shared(overrides: Overrides): Promise<Target> {
    const serving = await this.grounds.shared(overrides);
    return this.defer(new Target(serving, this.grounds, this.folder));
  }

  /** The same case on a server that it alone uses; stopped when the case ends. */
  async own(overrides: Overrides): Promise<Target> {
    const serving = await this.grounds.own(overrides);
    this.defer({ close: () => serving.stop(0) });
    return this.defer(new Target(serving, this.grounds, this.folder));
  }

  /** The same server by another address of this machine. */
  at(host: string): Target {
    const endpoint = { host, port: this.endpoint.port };
    return this.defer(new Target({ ...this.serving, endpoint }, this.grounds, this.folder));
  }

  /** A connection whose greeting is not read yet. */
  async dial(): Promise<Conversation> {
    return this.defer(await Conversation.connect(this.endpoint));
  }

  /** A connection after its greeting. */
  async connect(): Promise<Conversation> {
    const ftp = await this.dial();
    await ftp.reply(220, "greeting");
    return ftp;
  }

  /** A connection logged in with all rights, TYPE I, inside the case's folder. */
  async login(): Promise<Conversation> {
    const ftp = await this.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    await ftp.command("TYPE I", 200);
    await ftp.command(`CWD ${this.folder}`, 250);
    return ftp;
  }

  /** The real path of `name` in the case's folder. */
  path(name = ""): string {
    return `${this.root}${this.folder}${name === "" ? "" : `/${name}`}`;
  }

  /** Makes the file `name` in the case's folder. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(this.path(name), bytes);
  }

  /** Makes the file `name` of LARGE octets, which nothing may write to in place. */
  async large(name: string): Promise<Uint8Array> {
    await Deno.link(await this.grounds.large(), this.path(name));
    return LARGE_CONTENT;
  }

  /** Makes the folder `name` in the case's folder. */
  async mkdir(name: string): Promise<void> {
    await Deno.mkdir(this.path(name));
  }

  /** The octets of the file `name`. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return await Deno.readFile(this.path(name));
  }

  /** The text of the file `name`. */
  async readText(name: string): Promise<string> {
    return await Deno.readTextFile(this.path(name));
  }

  /** The names in the case's folder, or in `name` of it, sorted. */
  async names(name = ""): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(this.path(name))) names.push(entry.name);
    return names.sort();
  }

  /** Fails unless the case's folder holds exactly `names`. */
  async holds(...names: string[]): Promise<void> {
    assertEquals(await this.names(), names.sort());
  }

  /** Makes a folder outside the served one, with a file "secret", and gives its real path. */
  async outside(): Promise<string> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "ftplab-outside-" }));
    assert(!folder.startsWith(`${this.root}/`), "The outside is inside");
    this.defer({ close: () => Deno.remove(folder, { recursive: true }) });
    await Deno.writeTextFile(`${folder}/secret`, "secret");
    return folder;
  }
}
