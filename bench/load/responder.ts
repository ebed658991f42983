/**
 * Starts load/responder.c, the least server that speaks the load's dialogue, for ceilings.ts to aim
 * the load at. What is measured against it says how fast any server could have been measured to be;
 * it is no subject of the comparison.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";

/** A responder that serves. */
export interface Responder {
  /** The port of its control connections. */
  readonly port: number;
  /** The command line that started it. */
  readonly command: readonly string[];
  /** Ends it and removes what was compiled; never fails. */
  stop(): Promise<void>;
}

/** How long it may take to read its file and to listen, milliseconds: 1 GiB takes 1 s. */
const START_MS_MAX = 10_000;

/** Octets of its line that are looked at: more is not that line. */
const LINE_BYTES_MAX = 1_000;

/**
 * Compiles the responder and starts it on `host`, an IPv4 address; each RETR will answer what
 * `file` holds, which is not empty. Where it cannot be had, the reason, in one line.
 */
export async function startResponder(
  host: string,
  file: string,
): Promise<Responder | { readonly unavailable: string }> {
  const folder = await Deno.makeTempDir({ prefix: "ftplab-responder-" });
  const program = join(folder, "responder");
  const wrong = await compile(program) ?? await start([program, host, "0", file], folder);
  if (typeof wrong !== "string") return wrong;
  await Deno.remove(folder, { recursive: true });
  return { unavailable: wrong };
}

/** Returns what is wrong, if anything is. */
async function compile(program: string): Promise<string | undefined> {
  const source = fromFileUrl(new URL("./responder.c", import.meta.url));
  try {
    const command = new Deno.Command("cc", { args: ["-O2", "-o", program, source], stdin: "null" });
    const { success, stderr } = await command.output();
    return success ? undefined : `the C compiler refuses it: ${firstLine(stderr)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no C compiler, cc";
    throw error;
  }
}

/** Returns what is wrong, if it does not come to listen. */
async function start(command: readonly string[], folder: string): Promise<Responder | string> {
  const [program, ...args] = command;
  const options = { args, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program!, options).spawn();
  const complaint = new Response(child.stderr).bytes();
  const stop = async () => {
    kill(child);
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  const timer = setTimeout(() => kill(child), START_MS_MAX);
  const line = await readLine(child.stdout);
  clearTimeout(timer);
  const port = Number(/^responder: .*:(\d+)$/.exec(line)?.[1] ?? 0);
  if (port !== 0) return { port, command, stop };
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

function firstLine(octets: Uint8Array): string {
  return new TextDecoder().decode(octets).split("\n")[0]!;
}
