/**
 * Starts a subject in a process of its own, waits until it serves, and stops it. measure.ts calls
 * this once per turn; a server that does not come up is an error with the reason that it gave.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { ModelSubject, Peer, Subject } from "./subjects.ts";

/** Where all servers listen: nothing of a benchmark is meant for the network. */
const HOST = "127.0.0.1";

/** How long a server may take until it serves, milliseconds; the slowest start seen is 1 s. */
const START_MS_MAX = 10_000;

/** How long a server may take to end after SIGTERM before it is killed, milliseconds. */
const STOP_MS_MAX = 3_000;

/** Between two looks whether a peer serves yet, milliseconds. */
const LOOK_MS = 10;

/** Lines of a server's own output that an error message repeats. */
const OUTPUT_LINES_MAX = 5;

/** What this project's server is allowed to do, whatever the model. */
const PERMISSIONS = ["net", "read", "write", "ffi", "sys"].map((name) => `--allow-${name}`);

/** A server that serves. */
export interface ServerProcess {
  /** The address that it listens on. */
  readonly host: string;
  /** The port of its control connections. */
  readonly port: number;
  /** What it says it is: the line of `serve`, or a peer's greeting. */
  readonly introduction: string;
  /** The command line that started it. */
  readonly command: readonly string[];
  /** The last lines that it wrote since it serves: a hint at why it may have failed. */
  complaints(): string[];
  /** Ends it; never fails. */
  stop(): Promise<void>;
}

/** The folders that a server works in. */
export interface Folders {
  /** What is served; `incoming` in it takes uploads. */
  readonly root: string;
  /** An empty folder for a peer's state. */
  readonly state: string;
}

/** What prevented a server from being measured, in one line. */
export class StartError extends Error {
  /** Tells it from other errors. */
  override name = "StartError";
}

/**
 * Starts `subject`; resolves when it serves.
 *
 * @throws {StartError} when it ends or stays silent instead.
 */
export function startServer(subject: Subject, folders: Folders): Promise<ServerProcess> {
  return subject.kind === "model" ? startModel(subject, folders) : startPeer(subject, folders);
}

/** The command line of a model variant, without the runtime's own flags. */
export function modelArguments(subject: ModelSubject, root: string): string[] {
  const flags = ["--host", HOST, "--port", "0", "--root", root, "--anonymous", "write"];
  return ["serve", ...subject.flags, ...flags];
}

async function startModel(subject: ModelSubject, folders: Folders): Promise<ServerProcess> {
  const main = fromFileUrl(new URL("../main.ts", import.meta.url));
  const child = new Child(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-prompt",
    ...PERMISSIONS,
    main,
    ...modelArguments(subject, folders.root),
  ]);
  const line = await child.waitFor(
    (lines) => lines.find((line) => line.startsWith("ftplab: serving ftp on ")),
  );
  const port = Number(/^ftplab: serving ftp on [^ ]*:(\d+),/.exec(line)?.[1]);
  return child.serving(port, line);
}

async function startPeer(peer: Peer, folders: Folders): Promise<ServerProcess> {
  const program = await findProgram(peer.program);
  if (program === undefined) throw new StartError(`${peer.program} is not installed`);
  const place = {
    host: HOST,
    port: freePort(),
    root: folders.root,
    folder: folders.state,
    superuser: Deno.uid() === 0,
  };
  const file = join(folders.root, "..", `${peer.id}.conf`);
  await Deno.writeTextFile(file, peer.configuration(place));
  const child = new Child(program, peer.arguments(place, file));
  const introduction = await child.waitFor(() => greeting(place.port));
  return child.serving(place.port, introduction);
}

/** A port that nobody listens on at the moment: peers cannot be told to choose one themselves. */
function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** The first line that a server on `port` says, or undefined while there is none. */
async function greeting(port: number): Promise<string | undefined> {
  try {
    using connection = await Deno.connect({ hostname: HOST, port });
    const octets = new Uint8Array(512);
    const count = await connection.read(octets) ?? 0;
    return new TextDecoder().decode(octets.subarray(0, count)).split("\r\n")[0];
  } catch {
    return undefined;
  }
}

/** Where `name` is, or undefined; servers are often outside of a user's PATH. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  for (const folder of [...folders, "/usr/sbin", "/usr/local/sbin"]) {
    const path = join(folder, name);
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** A process whose output is read, and of which the last lines are kept. */
class Child {
  readonly #command: readonly string[];
  readonly #lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #outputs: Promise<unknown>;
  #ended = false;

  constructor(program: string, args: readonly string[]) {
    this.#command = [program, ...args];
    this.#child = new Deno.Command(program, {
      args: [...args],
      // What it says may end in a report, which has no colours.
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child.status.then(() => this.#ended = true);
    this.#outputs = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
  }

  /** Resolves with what `look` finds among the lines so far or elsewhere, as soon as it does. */
  async waitFor<T>(
    look: (lines: readonly string[]) => T | undefined | Promise<T | undefined>,
  ): Promise<T> {
    const deadline = performance.now() + START_MS_MAX;
    while (!this.#ended && performance.now() < deadline) {
      const found = await look(this.#lines);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    const what = this.#ended ? "it ended" : `it did not serve within ${START_MS_MAX / 1e3} s`;
    await this.stop();
    throw new StartError([what, ...this.#lines].join(": "));
  }

  /** The face of this process for those who measure it. */
  serving(port: number, introduction: string): ServerProcess {
    this.#lines.length = 0;
    return {
      host: HOST,
      port,
      introduction,
      command: this.#command,
      complaints: () => [...this.#lines],
      stop: () => this.stop(),
    };
  }

  async stop(): Promise<void> {
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), STOP_MS_MAX);
    await this.#child.status;
    clearTimeout(timer);
    await this.#outputs;
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
      this.#lines.push(...lines.filter((line) => line !== ""));
      this.#lines.splice(0, this.#lines.length - OUTPUT_LINES_MAX);
    }
  }
}
