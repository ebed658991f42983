/**
 * Where tests of the command line play: a folder to serve, a folder of the client's, and a server,
 * ours or a scripted one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { main } from "../../client/cli/mod.ts";
import { WRITER } from "../conformance/target.ts";
import { variants } from "../conformance/variants.ts";
import { type Need, testWith } from "../permission.ts";
import { FakeConsole, type Surroundings } from "./fake_console.ts";
import { type Habits, MemoryFiles } from "./memory_files.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";

export { WRITER };

/** Two folders, one served, and a server at the end of a port. */
export interface Stage {
  readonly port: number;
  /** The served folder. */
  readonly root: string;
  /** A folder of the client's. */
  readonly here: string;
  /** Runs the command line. */
  client(args: readonly string[], surroundings?: Surroundings): Promise<Outcome>;
}

/** How a run ended. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly error: string;
}

/** Our server on the model that needs no FFI. */
export const ours = variants.find((variant) => variant.name === "async")!;

/** What a test with folders and a server needs. */
export const NEEDS: readonly Need[] = ["net", "read", "write"];

/** Runs the command line in this process. */
export async function run(
  port: number,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Outcome> {
  const console = new FakeConsole(surroundings);
  const status = await main(["--port", String(port), ...args], console);
  assertEquals(console.listening, false, "nobody listens for Ctrl-C any more");
  assertEquals(console.isRaw, false, "the terminal is as it was");
  return { status, output: console.outputText, error: console.errorText };
}

/** Runs `body` with a folder to serve and one of the client's. */
export async function withFolders(
  body: (root: string, here: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${folder}/root`);
    await Deno.mkdir(`${folder}/here`);
    await body(`${folder}/root`, `${folder}/here`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A test against our own server, where the user of the suite has all rights. */
export function served(
  name: string,
  body: (stage: Stage) => Promise<void>,
  protocol: "ftp" | "mini" = "ftp",
): void {
  testWith(NEEDS, name, () =>
    withFolders(async (root, here) => {
      const server = await ours.start(root, {
        protocol,
        anonymous: "write",
      });
      const { port } = server.endpoint;
      try {
        await body({ port, root, here, client: (args, more) => run(port, args, more) });
      } finally {
        await server.stop(0);
      }
    }));
}

/** A test against a server that does what `script` says. */
export function scripted(
  name: string,
  script: Script,
  body: (stage: Stage) => Promise<void>,
): void {
  testWith(NEEDS, name, () =>
    withFolders(async (root, here) => {
      await using server = new ScriptedServer(script);
      const { port } = server.address;
      await body({ port, root, here, client: (args, more) => run(port, args, more) });
    }));
}

/** A stage whose server keeps its files in memory. */
export interface MemoryStage extends Omit<Stage, "root"> {
  readonly memory: MemoryFiles;
  readonly server: ScriptedServer;
}

/** A test against a server in memory that has `habits`. */
export function remembered(
  name: string,
  habits: Habits,
  body: (stage: MemoryStage) => Promise<void>,
): void {
  testWith(NEEDS, name, () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles(habits);
      await using server = new ScriptedServer({ answers: memory.answers });
      const { port } = server.address;
      await body({ port, here, memory, server, client: (args, more) => run(port, args, more) });
    }));
}

/** So many octets, none of them like its neighbours. */
export function octets(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >> 8);
  return bytes;
}

/** The names in a folder, sorted. */
export async function names(folder: string): Promise<string[]> {
  const found = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
}

/** How much of a file that is moved is in `folder`, whatever its name there. */
export async function arrived(folder: string): Promise<number> {
  let most = 0;
  for await (const { name } of Deno.readDir(folder)) {
    const stat = await Deno.stat(`${folder}/${name}`).catch(() => undefined);
    if (!name.endsWith(".json")) most = Math.max(most, stat?.size ?? 0);
  }
  return most;
}

/** What get and put say of 300,000 octets as a.avi. */
export const SUMMARY = /^a\.avi: 293\.0 KiB in \d+(\.\d)? m?s \([\d.]+ [KMG]iB\/s\)\n$/;
