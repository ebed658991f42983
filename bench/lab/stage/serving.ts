/**
 * A model that serves within this process, for the length of an experiment: `serve` starts one of
 * `models` on a free loopback port with an empty folder of its own, and hands out its counters and
 * clients. Lessons dispose of it by `await using`; what they still hold of it is closed then.
 *
 * @module
 */

import {
  models,
  type ServeOptions,
  serveOptions,
  type ServeParts,
  type Server,
  type Terminal,
  type WorkerStats,
} from "../../../models/mod.ts";
import { LessonError } from "../lesson.ts";

/** Where experiments happen: never on a network. */
export const HOST = "127.0.0.1";

/** One receive of a client; the answers of the small protocols are shorter. */
const RECEIVE_BYTES = 65_536;

/** How long a client waits for what comes next, milliseconds: no lesson's answer takes so long. */
const RECEIVE_MS_MAX = 10_000;

const DEFAULTS: Omit<ServeParts, "root"> = {
  protocol: "hello",
  host: HOST,
  port: 0,
  settings: {
    ftp: { accounts: { users: [], anonymous: "write" } },
    mini: { anonymous: "write" },
  },
  maxWorkers: 1,
};

/** One worker, one thread of blocking at most, epoll by level, unless `changes` say otherwise. */
export function servingOptions(root: string, changes: Partial<ServeOptions> = {}): ServeOptions {
  return serveOptions({ ...DEFAULTS, root, ...changes });
}

/**
 * Starts `model`; aborting `signal` ends it, and with it whatever waits for its answers.
 *
 * @throws {LessonError} when the model cannot run here.
 */
export async function serve(
  model: string,
  changes: Partial<Omit<ServeOptions, "root">>,
  signal: AbortSignal,
  terminal?: Terminal,
): Promise<Served> {
  const reason = models.get(model)!.unavailable();
  if (reason !== undefined) throw new LessonError(`Model ${model} is not available: ${reason}`);
  signal.throwIfAborted();
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "ftplab-lab-" }));
  try {
    const server = await models.get(model)!.serve(servingOptions(root, changes), terminal);
    return new Served(server, root, signal);
  } catch (error) {
    await Deno.remove(root, { recursive: true });
    throw error;
  }
}

/** A running server, its folder and its clients. */
export class Served implements AsyncDisposable {
  readonly #clients: Client[] = [];
  readonly #stop = () => void this.server.stop(0);

  constructor(readonly server: Server, readonly root: string, readonly signal: AbortSignal) {
    signal.addEventListener("abort", this.#stop);
  }

  /** Where it listens on HOST. */
  get port(): number {
    return this.server.address.port;
  }

  /** The counters of all workers added up; the lane is that of the first worker. */
  stats(): WorkerStats {
    const [first, ...others] = this.server.stats();
    return others.reduce(add, first!);
  }

  /** Another client; connected means: by the kernel, whoever may accept it. */
  async connect(): Promise<Client> {
    const client = new Client(await Deno.connect({ hostname: HOST, port: this.port }));
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener("abort", this.#stop);
    for (const client of this.#clients) client.close();
    await this.server.stop(0);
    await Deno.remove(this.root, { recursive: true });
  }
}

/** One connection to a server. */
export class Client {
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #closed = false;
  /** It has waited in vain for RECEIVE_MS_MAX, and was closed then. */
  #gaveUp = false;

  constructor(readonly connection: Deno.TcpConn) {}

  /** Sends all of `text`. @throws {LessonError} when it has given up. */
  async send(text: string): Promise<void> {
    this.#check();
    const octets = new TextEncoder().encode(text);
    for (let sent = 0; sent < octets.length;) {
      sent += await this.connection.write(octets.subarray(sent));
    }
  }

  /**
   * What comes next, as much as there is; undefined at the end.
   *
   * @throws {LessonError} when nothing comes, and it gives up.
   */
  async receive(): Promise<string | undefined> {
    const text = await this.#next();
    this.#check();
    return text;
  }

  /** The next `length` characters (of one octet each), or fewer at the end or if it gives up. */
  async receiveAll(length: number): Promise<string> {
    let text = "";
    while (text.length < length) {
      const more = await this.#next();
      if (more === undefined) break;
      text += more;
    }
    return text;
  }

  /** Ends the connection; a second time does nothing. */
  close(): void {
    if (!this.#closed) this.connection.close();
    this.#closed = true;
  }

  async #next(): Promise<string | undefined> {
    const patience = setTimeout(() => {
      this.#gaveUp = true;
      this.close();
    }, RECEIVE_MS_MAX);
    try {
      const count = await this.connection.read(this.#buffer);
      return count === null ? undefined : new TextDecoder().decode(this.#buffer.subarray(0, count));
    } catch (error) {
      if (!this.#gaveUp) throw error;
      return undefined;
    } finally {
      clearTimeout(patience);
    }
  }

  #check(): void {
    if (!this.#gaveUp) return;
    throw new LessonError(`The server said nothing for ${RECEIVE_MS_MAX / 1e3} s`);
  }
}

/** `later` minus `earlier`, of one server. */
export function difference(later: WorkerStats, earlier: WorkerStats): WorkerStats {
  return combine(later, earlier, (left, right) => left - right);
}

function add(one: WorkerStats, other: WorkerStats): WorkerStats {
  return combine(one, other, (left, right) => left + right);
}

function combine(
  one: WorkerStats,
  other: WorkerStats,
  by: (left: number, right: number) => number,
): WorkerStats {
  const names = new Set([...Object.keys(one.calls), ...Object.keys(other.calls)]);
  const calls = Array.from(
    names,
    (name): [string, number] => [name, by(one.calls[name] ?? 0, other.calls[name] ?? 0)],
  );
  const counts = Object.entries(one).flatMap(([name, value]) =>
    typeof value === "number" ? [[name, by(value, other[name as "wakeups"])]] : []
  );
  return { ...one, ...Object.fromEntries(counts), calls: Object.fromEntries(calls) };
}
