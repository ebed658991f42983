/**
 * Starts the servers of twin/: the least that speak the load's dialogue, one for each way to wait, in
 * C. The one over epoll says how fast any server could have been measured to be (ceilings.ts); beside
 * a model, its twin says how much of a difference is the way to wait and how much the runtime.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { compile, firstLine } from "./compiler.ts";

/** A twin that serves. */
export interface Twin {
  /** Its process. */
  readonly pid: number;
  /** The port of its control connections. */
  readonly port: number;
  /** The command line that started it. */
  readonly command: readonly string[];
  /** Ends it and removes what was compiled; never fails. */
  stop(): Promise<void>;
}

/** What a twin waits by; `unavailable` where the kernel or the compiler does not know it. */
export const TWIN_WAYS = ["threads", "select", "poll", "epoll", "uring"] as const;

/** One of TWIN_WAYS. */
export type TwinWay = typeof TWIN_WAYS[number];

const SOURCES = ["main.c", "dialogue.c", "threads.c", "readiness.c", "uring.c"].map((name) =>
  fromFileUrl(new URL(`./twin/${name}`, import.meta.url))
);

/** How long it may take to read its file and to listen, milliseconds: 1 GiB takes 1 s. */
const START_MS_MAX = 10_000;

/** Octets of its line that are looked at: more is not that line. */
const LINE_BYTES_MAX = 1_000;

/** Compiles the twins to `program`; why they cannot be had in one line, if they cannot. */
export function compileTwins(program: string): Promise<string | undefined> {
  return compile(program, SOURCES);
}

/** The arguments of the compiled program: it is to listen on `host`, at a port that it picks. */
export function twinArguments(way: TwinWay, host: string, file: string, rung?: number): string[] {
  return [way, host, "0", file, ...(rung === undefined ? [] : [String(rung)])];
}

/** The port in the line that a twin says when it listens; undefined: it is another line. */
export function twinPort(line: string): number | undefined {
  const port = /^twin: .*:(\d+)$/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}

/**
 * Compiles the twins and starts one on `host`, an IPv4 address; each RETR will answer what
 * `file` holds, which is not empty. Where it cannot be had, the reason, in one line.
 */
export async function startTwin(
  way: TwinWay,
  host: string,
  file: string,
  rung?: number,
): Promise<Twin | { readonly unavailable: string }> {
  await using undo = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ftplab-twin-" });
  undo.defer(() => Deno.remove(folder, { recursive: true }));
  const program = join(folder, "twin");
  const twin = await compileTwins(program) ??
    await start([program, ...twinArguments(way, host, file, rung)]);
  if (typeof twin === "string") return { unavailable: twin };
  const compiled = undo.move();
  const stop = async () => {
    await twin.stop();
    await compiled.disposeAsync();
  };
  return { ...twin, stop };
}

/** Returns what is wrong, if it does not come to listen. */
async function start(command: readonly string[]): Promise<Twin | string> {
  const [program, ...args] = command;
  const options = { args, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program!, options).spawn();
  const complaint = new Response(child.stderr).bytes();
  const stop = async () => {
    kill(child);
    await child.status;
  };
  const timer = setTimeout(() => kill(child), START_MS_MAX);
  const line = await readLine(child.stdout);
  clearTimeout(timer);
  const port = twinPort(line);
  if (port !== undefined) return { pid: child.pid, port, command, stop };
  kill(child);
  await child.status;
  return firstLine(await complaint) || `it did not listen within ${START_MS_MAX / 1e3} s`;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** The first line of `stream`, of which nothing else is wanted. */
async function readLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes("\n") || text.length > LINE_BYTES_MAX) break;
  }
  return text.split("\n")[0]!;
}
