/**
 * The shell's connection: where to, as whom, in which directory; made when a verb needs it, and made
 * again when it was lost.
 *
 * @module
 */

import type { Client } from "../../client.ts";
import { ConnectionError } from "../../errors.ts";
import type { Request } from "../arguments.ts";
import { Connections } from "../connection.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../flags.ts";
import type { Reporter } from "../reporter.ts";
import type { ConnectionSource } from "../task.ts";

/** Said when the old connection is gone and the new one did not come. */
const LEFT = "Not connected any more: user NAME logs in, open HOST connects elsewhere";

/** What a line of the shell is performed with. */
export interface Line {
  readonly reporter: Reporter;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One server at a time. */
export class ShellSession implements ConnectionSource, AsyncDisposable {
  readonly #console: Console;
  #target: Request;
  #connections: Connections;
  /** The line that is performed, which a connection outlives; none between two of them. */
  line: Line | undefined;
  #client: Client | undefined;
  /** Whether the next verb may connect: not after `close`, nor when `open` failed. */
  #isOpen = true;
  /** Where the login led to; undefined until it was left. */
  #home: string | undefined;
  #directory: string | undefined;
  #previous: string | undefined;

  /** @param target The request that says where to connect. */
  constructor(console: Console, target: Request) {
    this.#console = console;
    this.#target = target;
    this.#connections = this.#made();
  }

  /** The request that says where it connects to. */
  get target(): Request {
    return this.#target;
  }

  /** `line` while there is one. */
  get now(): Line {
    if (this.line === undefined) throw new Error("No line is performed");
    return this.line;
  }

  /** The connection that was there last, and may have ended. */
  get last(): Client {
    if (this.#client === undefined) throw new Error("Nothing is connected");
    return this.#client;
  }

  /** Whether somebody may be asked for a password now. */
  get asks(): boolean {
    return this.#connections.asks;
  }

  /** The connection, if it is there now. */
  get client(): Client | undefined {
    return this.#client?.closed ? undefined : this.#client;
  }

  /**
   * The connection, made or made again if need be.
   *
   * @throws {ConnectionError} also after `close`.
   * @throws {ProtocolError} as long as the directory of one that was lost cannot be entered.
   */
  async connected(): Promise<Client> {
    return this.client ?? await this.#renewed(this.#directory);
  }

  /** One more connection, in the same directory; whoever asks for it closes it. */
  async connect(): Promise<Client> {
    return await this.#connectedIn(this.#directory);
  }

  /** Lets the old connection go and makes one to `target`. */
  async open(target: Request): Promise<void> {
    const wasThere = this.client !== undefined;
    await this.close();
    this.#target = target;
    this.#connections = this.#made();
    this.#isOpen = true;
    try {
      if (target.protocol === "ftp") await this.connected();
    } catch (error) {
      // Nobody wants the next verb to try the same again.
      this.#isOpen = false;
      // Whoever goes on must not do it as somebody else than was asked for.
      if (wasThere) this.line?.reporter.note(LEFT);
      throw error;
    }
  }

  /** Says goodbye; no verb connects until `open`. */
  async close(): Promise<void> {
    await this.client?.quit();
    this.#client =
      this.#home =
      this.#directory =
      this.#previous =
        undefined;
    this.#isOpen = false;
  }

  /** Breaks all connections off, for Ctrl-C. */
  drop(): void {
    this.#connections.close();
  }

  /** Changes the directory on the server; "-" is the one before, none the one of the login. */
  async changeDirectory(path: string | undefined): Promise<void> {
    const before = this.#directory ?? await (await this.connected()).workingDirectory();
    this.#home ??= before;
    const target = path === undefined ? this.#home : path === "-" ? this.#previous : path;
    if (target === undefined) throw new UsageError("cd - has no directory to go back to");
    // A whole path needs no way through the old directory, which may be gone.
    const isWhole = target !== path || path.startsWith("/");
    if (isWhole && this.client === undefined) await this.#renewed(target);
    else await (await this.connected()).changeDirectory(target);
    this.#directory = await this.last.workingDirectory();
    this.#previous = before;
  }

  /** Says goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A new connection in the place of one that was lost, in `directory`. */
  async #renewed(directory: string | undefined): Promise<Client> {
    if (!this.#isOpen) {
      throw new ConnectionError("Not connected: open HOST or user NAME connects", {
        kind: "refused",
      });
    }
    const wasThere = this.#client !== undefined;
    if (wasThere) this.line?.reporter.note("The connection is lost, and is made again");
    try {
      return this.#client = await this.#connectedIn(directory);
    } catch (error) {
      // A password that was wrong, or not given, is asked for anew.
      if (!wasThere) this.#connections = this.#made();
      throw error;
    }
  }

  /**
   * A new connection in `directory`, without one where the login leads to. Where it cannot be
   * entered, the verb that was meant for it fails: elsewhere it would act on other files.
   */
  async #connectedIn(directory: string | undefined): Promise<Client> {
    const client = await this.#connections.connect();
    if (directory === undefined) return client;
    const { signal } = this.now;
    try {
      await client.changeDirectory(directory, { signal });
      return client;
    } catch (error) {
      // After Ctrl-C nobody waits for a goodbye.
      if (signal.aborted) client.close();
      else await client.quit();
      throw error;
    }
  }

  #made(): Connections {
    const line = () => this.now;
    // A connection lives longer than the line that made it, and goes on telling.
    const reporter = forwarding(() => this.line?.reporter);
    return new Connections({
      console: this.#console,
      request: this.#target,
      reporter,
      get signal() {
        return line().signal;
      },
    });
  }
}

/** Tells everything to the reporter of the moment, and nothing where there is none. */
function forwarding(reporter: () => Reporter | undefined): Reporter {
  return new Proxy({} as Reporter, {
    get: (_target, name) => (...told: unknown[]) => {
      const now = reporter();
      if (now !== undefined) return Reflect.get(now, name).apply(now, told);
    },
  });
}
