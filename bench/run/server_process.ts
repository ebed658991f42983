/**
 * Starts a subject in a process of its own, waits until it serves, samples what it uses, and stops
 * it. measure.ts, count.ts and lessons call this; a server that does not come up is an error with
 * the reason that it gave.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { WorkerStats } from "../../models/mod.ts";
import type { WindowEdge } from "../load/job.ts";
import { twinArguments, twinPort } from "../load/twins.ts";
import { FILES } from "../scenarios/parts.ts";
import {
  OWN,
  type ProcessFigures,
  processTree,
  readMemoryBytes,
  readProcessFigures,
} from "./process_figures.ts";
import type { ModelSubject, PeerSubject, Subject, TwinSubject } from "./subjects.ts";

/** Where servers listen unless told otherwise: nothing of a benchmark is meant for the network. */
const HOST = "127.0.0.1";

/** How long a server may take until it serves, milliseconds: 64 threads took 4 s. */
const START_MS_MAX = 20_000;

/** How long a server may take to end after SIGTERM before it is killed, milliseconds. */
const STOP_MS_MAX = 3_000;

/** How long a server may take to show its counters, milliseconds. */
const STATS_MS_MAX = 2_000;

/** Between two looks whether a peer serves yet, milliseconds. */
const LOOK_MS = 2;

/** Lines of a server's own output that an error message repeats. */
const OUTPUT_LINES_MAX = 5;

/** What this project's server is allowed to do, whatever the model. */
const PERMISSIONS = ["net", "read", "write", "ffi", "sys"].map((name) => `--allow-${name}`);

/** What a server has used since it was started. */
export interface ServerSample extends ProcessFigures {
  /** The counters of a model's workers; none of a peer. */
  readonly workers?: readonly WorkerStats[];
}

/** A server that serves. */
export interface ServerProcess {
  /** The address that it listens on. */
  readonly host: string;
  /** The port of its control connections. */
  readonly port: number;
  /** Of the process that was started; a peer's sessions are its descendants. */
  readonly pid: number;
  /** What it says it is: the line of `serve`, or a peer's greeting. */
  readonly introduction: string;
  /** The command line that started it. */
  readonly command: readonly string[];
  /** Milliseconds from the start of the process to the first greeting. */
  readonly startMs: number;
  /**
   * What it has used so far. A model is asked for its counters, which costs it something: outside
   * the window whose `edge` this is.
   */
  sample(edge: WindowEdge): Promise<ServerSample>;
  /** Octets of memory that are its own, now: the proportional set size. */
  memoryBytes(): number;
  /** Octets of it that no file stands behind: the program's own code is shared by all who run it. */
  ownMemoryBytes(): number;
  /** The last lines that it wrote since it serves: a hint at why it may have failed. */
  complaints(): string[];
  /** Stops it and its descendants where they are, until `resume`: it uses nothing meanwhile. */
  park(): void;
  /** Lets it go on. */
  resume(): void;
  /** Ends it, parked or not; never fails. */
  stop(): Promise<void>;
}

/** The folders that a server works in. */
export interface Folders {
  /** What is served; `incoming` in it takes uploads. */
  readonly root: string;
  /** A folder for a peer's configuration and state. */
  readonly state: string;
}

/** What prevented a server from being measured, in one line. */
export class StartError extends Error {
  /** Tells it from other errors. */
  override name = "StartError";
}

/**
 * Starts `subject` on `host`, a numeric IPv4 address; resolves when it serves.
 *
 * @param extra further flags of `serve`, for a model
 * @param startMsMax how long it may take until it serves
 * @throws {StartError} when it ends or stays silent instead.
 */
export function startServer(
  subject: Subject,
  folders: Folders,
  host = HOST,
  extra: readonly string[] = [],
  startMsMax = START_MS_MAX,
): Promise<ServerProcess> {
  if (subject.kind === "model") return startModel(subject, folders, host, extra, startMsMax);
  return subject.kind === "peer"
    ? startPeer(subject, folders, host, startMsMax)
    : startTwin(subject, folders, host, startMsMax);
}

/** More than any point has: what ends a ladder is the way of waiting, and no default of `serve`. */
const SESSIONS_MAX = 20_000;

/** The command line of a model variant, without the runtime's own flags. */
export function modelArguments(
  subject: ModelSubject,
  root: string,
  host: string,
  extra: readonly string[],
): string[] {
  const flags = ["--host", host, "--port", "0", "--root", root, "--anonymous", "write", "--stats"];
  const room = ["--max-sessions", String(SESSIONS_MAX)];
  return ["serve", ...subject.flags, ...flags, ...room, ...extra];
}

async function startModel(
  subject: ModelSubject,
  folders: Folders,
  host: string,
  extra: readonly string[],
  startMsMax: number,
): Promise<ServerProcess> {
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  const child = new Child(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-prompt",
    ...PERMISSIONS,
    main,
    ...modelArguments(subject, folders.root, host, extra),
  ], startMsMax);
  const line = await child.waitFor(() =>
    child.lines.find((line) => line.startsWith("ftplab: serving "))
  );
  const [, protocol, port] = /^ftplab: serving (\S+) on [^ ]*:(\d+),/.exec(line) ?? [];
  // Only FTP greets; of other protocols the line is the sign that connections are accepted.
  if (protocol === "ftp") await child.waitFor((over) => greeting(host, Number(port), over));
  return child.serving(host, Number(port), line, () => child.workerStats());
}

async function startPeer(
  { located }: PeerSubject,
  folders: Folders,
  host: string,
  startMsMax: number,
): Promise<ServerProcess> {
  const state = await Deno.makeTempDir({ dir: folders.state });
  await Deno.chmod(state, 0o755);
  const superuser = Deno.uid() === 0;
  const port = freePort(host);
  const place = { host, port, root: folders.root, folder: state, superuser };
  const { command, environment, silent } = await located.prepare(place);
  const child = new Child(command[0]!, command.slice(1), startMsMax, environment);
  const introduction = await child.waitFor((over) => greeting(host, port, over, silent));
  return child.serving(host, port, introduction);
}

async function startTwin(
  { program, way, rung }: TwinSubject,
  { root }: Folders,
  host: string,
  startMsMax: number,
): Promise<ServerProcess> {
  const args = twinArguments(way, host, join(root, FILES.small), rung);
  const child = new Child(program, args, startMsMax);
  const line = await child.waitFor(() => child.lines.find((said) => twinPort(said) !== undefined));
  const port = twinPort(line)!;
  await child.waitFor((over) => greeting(host, port, over));
  return { ...child.serving(host, port, line), command: ["twin", ...args] };
}

/** Where peers listen: below the range that the kernel takes ports of connections from. */
const PORTS = [20_000, 32_000] as const;

/** How many ports are tried at most before one is free. */
const PORT_TRIES_MAX = 100;

/**
 * A port that nobody listens on at the moment: peers cannot be told to choose one themselves.
 *
 * @throws {StartError} when there is none.
 */
function freePort(hostname: string): number {
  const [from, to] = PORTS;
  for (let tries = 0; tries < PORT_TRIES_MAX; tries++) {
    const port = from + Math.floor(Math.random() * (to - from));
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new StartError(`no port from ${from} to ${to} is free`);
}

/** Octets of a greeting that are read: its first line is shorter. */
const GREETING_BYTES = 512;

/**
 * The first line that a server on `port` says, undefined while there is none, and when nothing has
 * come until `over` is aborted; of a `silent` one "".
 */
async function greeting(
  hostname: string,
  port: number,
  over: AbortSignal,
  silent = false,
): Promise<string | undefined> {
  try {
    using connection = await Deno.connect({ hostname, port, signal: over });
    if (silent) return "";
    over.throwIfAborted();
    const { promise: late, reject } = Promise.withResolvers<never>();
    over.addEventListener("abort", reject, { once: true });
    const octets = new Uint8Array(GREETING_BYTES);
    const count = await Promise.race([connection.read(octets), late]) ?? 0;
    return new TextDecoder().decode(octets.subarray(0, count)).split("\r\n")[0];
  } catch {
    return undefined;
  }
}

/** Sends `signal` to a process and all that came of it, as far as they are there. */
function signalTree(pid: number, signal: Deno.Signal): void {
  for (const member of processTree(pid)) {
    try {
      Deno.kill(member, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** What a model's counters look like on its standard output. */
const STATS = "ftplab: stats ";

/** A process whose output is read, and of which the last lines are kept. */
class Child {
  readonly lines: string[] = [];
  readonly #command: readonly string[];
  readonly #child: Deno.ChildProcess;
  readonly #outputs: Promise<unknown>;
  readonly #begin = performance.now();
  #stats = Promise.withResolvers<WorkerStats[]>();
  #ended = false;

  constructor(
    program: string,
    args: readonly string[],
    readonly startMsMax: number,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#command = [program, ...args];
    this.#child = new Deno.Command(program, {
      args: [...args],
      // What it says may end in a report, which has no colours.
      env: { NO_COLOR: "1", ...environment },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child.status.then(() => this.#ended = true);
    this.#outputs = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
  }

  /**
   * Resolves with what `look` finds, as soon as it does; `over` is aborted when the process has
   * ended, or has had its time: who waits for it gives up then.
   */
  async waitFor<T>(
    look: (over: AbortSignal) => T | undefined | Promise<T | undefined>,
  ): Promise<T> {
    const over = new AbortController();
    const giveUp = () => over.abort();
    const timer = setTimeout(giveUp, this.startMsMax);
    this.#child.status.then(giveUp);
    try {
      while (!over.signal.aborted) {
        const found = await look(over.signal);
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } finally {
      clearTimeout(timer);
    }
    const what = this.#ended ? "it ended" : `it did not serve within ${this.startMsMax / 1e3} s`;
    await this.stop();
    throw new StartError([what, ...this.lines].join(": "));
  }

  /** The face of this process for those who measure it, as soon as it has greeted. */
  serving(
    host: string,
    port: number,
    introduction: string,
    workers?: () => Promise<WorkerStats[]>,
  ): ServerProcess {
    const startMs = performance.now() - this.#begin;
    this.lines.length = 0;
    const { pid } = this.#child;
    return {
      host,
      port,
      pid,
      introduction,
      command: this.#command,
      startMs,
      async sample(edge) {
        if (workers === undefined) return readProcessFigures(pid);
        if (edge === "closed") return { ...readProcessFigures(pid), workers: await workers() };
        const stats = { workers: await workers() };
        return { ...readProcessFigures(pid), ...stats };
      },
      memoryBytes: () => readMemoryBytes(pid),
      ownMemoryBytes: () => readMemoryBytes(pid, OWN),
      complaints: () => [...this.lines],
      park: () => signalTree(pid, "SIGSTOP"),
      resume: () => signalTree(pid, "SIGCONT"),
      stop: () => this.stop(),
    };
  }

  /** Has the server show its counters. */
  async workerStats(): Promise<WorkerStats[]> {
    this.#stats = Promise.withResolvers();
    this.#kill("SIGUSR2");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new StartError("it did not show its counters")),
      STATS_MS_MAX,
    );
    try {
      return await Promise.race([this.#stats.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    // One that is parked would not hear of it.
    if (!this.#ended) signalTree(this.#child.pid, "SIGCONT");
    this.#kill("SIGTERM");
    // Sessions may be processes, which would outlive it.
    const timer = setTimeout(() => signalTree(this.#child.pid, "SIGKILL"), STOP_MS_MAX);
    await this.#child.status;
    clearTimeout(timer);
    // A killed server's sessions may live on for a moment and hold its output open.
    const late = Promise.withResolvers<void>();
    const patience = setTimeout(late.resolve, STOP_MS_MAX);
    await Promise.race([this.#outputs, late.promise]);
    clearTimeout(patience);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#heard(line);
    }
  }

  #heard(line: string): void {
    if (line.startsWith(STATS)) {
      this.#stats.resolve(JSON.parse(line.slice(STATS.length)).workers);
    } else if (line !== "") {
      this.lines.push(line);
      this.lines.splice(0, this.lines.length - OUTPUT_LINES_MAX);
    }
  }
}
