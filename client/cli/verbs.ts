/**
 * What the command line can do: one table of verbs over the public client.
 *
 * mod.ts finds the verb, checks its operands against the table and runs it with a client that is
 * logged in. A verb writes results to standard output, errors are thrown.
 *
 * @module
 */

import { basename } from "@std/path";
import {
  type Client,
  downloadFile,
  encodeText,
  type Entry,
  isPlainName,
  lastName,
  LocalError,
  makeDirectories,
  printable,
  ProtocolError,
  removeTree,
  type Sink,
  type Source,
  uploadFile,
} from "../mod.ts";

import { type Request, UsageError, type VerbFlag } from "./arguments.ts";
import type { Console } from "./console.ts";
import { formatColumns, formatDate, formatMode, formatSize, formatTable } from "./format.ts";
import { Progress } from "./progress.ts";

/** What a verb works with. */
export interface Task {
  readonly client: Client;
  readonly console: Console;
  readonly request: Request;
  /** Ctrl-C, for transfers: everything else ends with the connection. */
  readonly signal: AbortSignal;
}

/** One verb of the command line. */
export interface Verb {
  readonly name: string;
  /** What stands behind it, for --help and for messages. */
  readonly operands: string;
  readonly summary: string;
  /** The least and the most operands. */
  readonly count: readonly [number, number];
  readonly flags: readonly VerbFlag[];
  /** What cannot be known from the table; throws `UsageError` before anything is connected. */
  check?(request: Request): void;
  run(task: Task): Promise<void>;
}

/** Operands of the verbs that take any number of paths: what a command line can hold. */
const MANY = Number.MAX_SAFE_INTEGER;

/** Every verb, in the order of --help. */
export const VERBS: readonly Verb[] = [
  {
    name: "get",
    operands: "REMOTE [LOCAL]",
    summary: "download a file; - is standard output",
    count: [1, 2],
    flags: ["continue", "quiet"],
    check: checkGet,
    run: get,
  },
  {
    name: "put",
    operands: "LOCAL [REMOTE]",
    summary: "upload a file; - is standard input",
    count: [1, 2],
    flags: ["continue", "quiet"],
    check: checkPut,
    run: put,
  },
  {
    name: "ls",
    operands: "[PATH]",
    summary: "list a directory",
    count: [0, 1],
    flags: ["long"],
    run: ls,
  },
  {
    name: "cat",
    operands: "REMOTE...",
    summary: "write files to standard output",
    count: [1, MANY],
    flags: [],
    run: cat,
  },
  {
    name: "mkdir",
    operands: "PATH...",
    summary: "make directories",
    count: [1, MANY],
    flags: ["parents"],
    run: mkdir,
  },
  {
    name: "rm",
    operands: "PATH...",
    summary: "remove files",
    count: [1, MANY],
    flags: ["recursive"],
    run: rm,
  },
  {
    name: "mv",
    operands: "FROM TO",
    summary: "rename or move a file or a directory",
    count: [2, 2],
    flags: [],
    run: mv,
  },
  {
    name: "stat",
    operands: "PATH...",
    summary: "show what the server knows of a file or a directory",
    count: [1, MANY],
    flags: [],
    run: stat,
  },
];

function checkGet({ operands: [remote, local], options }: Request): void {
  if (local === "-" && options.has("continue")) {
    throw new UsageError("--continue takes a file to go on with, not standard output");
  }
  if (local === undefined && !isPlainName(lastName(remote!))) {
    throw new UsageError(`get takes a LOCAL name too for "${remote}"`);
  }
}

function checkPut({ operands: [local, remote], options }: Request): void {
  if (local === "-" && remote === undefined) {
    throw new UsageError("put takes a REMOTE name too for standard input");
  }
  if (local === "-" && options.has("continue")) {
    throw new UsageError("--continue takes a file to go on with, not standard input");
  }
}

async function get({ client, console, request, signal }: Task): Promise<void> {
  const [remote, local] = request.operands as [string, string | undefined];
  if (local === "-") {
    await withProgress(console, request, lastName(remote), async (progress) => {
      // On the terminal that shows the octets a progress line would stand between them.
      const start = (total: number | undefined) =>
        console.outTerminal ? undefined : progress?.start(0, total);
      await client.download(remote, outputSink(console, start), {
        signal,
        ...onProgress(progress),
      });
      return true;
    });
    return;
  }
  const target = localTarget(remote, local);
  await withProgress(console, request, basename(target), async (progress) => {
    const { wasComplete } = await downloadFile(client, remote, target, {
      resume: request.options.has("continue"),
      signal,
      ...onProgress(progress),
      onStart: (offset, total) => progress?.start(offset, total),
      onKept: (path, octets) => {
        progress?.stop();
        console.writeError(
          `Kept ${formatSize(octets)} in "${printable(path)}", get --continue goes on from there\n`,
        );
      },
    });
    if (wasComplete) sayComplete(console, request, target);
    return !wasComplete;
  });
}

/** The local name of a download: a directory gets the file under its remote name. */
export function localTarget(remote: string, local: string | undefined): string {
  const name = lastName(remote);
  if (local === undefined) return name;
  if (!isDirectoryHere(local)) {
    if (!local.endsWith("/")) return local;
    throw new LocalError(`Cannot write into "${local}": there is no such directory`);
  }
  if (!isPlainName(name)) throw new LocalError(`Cannot write "${remote}" into "${local}": no name`);
  return `${local.replace(/\/+$/, "")}/${name}`;
}

function isDirectoryHere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // What it is instead is told by whoever opens it.
    return false;
  }
}

async function put({ client, console, request, signal }: Task): Promise<void> {
  const [local, remote = basename(request.operands[0]!)] = request.operands as [string, string?];
  const target = remote.endsWith("/") && local !== "-" ? remote + basename(local) : remote;
  await withProgress(console, request, lastName(target), async (progress) => {
    if (local === "-") {
      const source: Source = { read: (buffer) => console.read(buffer) };
      progress?.start(0, undefined);
      await client.upload(source, target, { signal, ...onProgress(progress) });
      return true;
    }
    const { wasComplete } = await uploadFile(client, local, target, {
      resume: request.options.has("continue"),
      signal,
      ...onProgress(progress),
      onStart: (offset, total) => progress?.start(offset, total),
    }).catch((error) => {
      progress?.stop();
      if (signal.aborted) {
        console.writeError(
          `Left "${printable(target)}" incomplete, put --continue goes on from there\n`,
        );
      }
      throw error;
    });
    if (wasComplete) sayComplete(console, request, target);
    return !wasComplete;
  });
}

function onProgress(progress: Progress | undefined): { onProgress?: (octets: number) => void } {
  return progress === undefined ? {} : { onProgress: (octets) => progress.update(octets) };
}

function sayComplete(console: Console, request: Request, name: string): void {
  if (!request.options.has("quiet")) console.writeError(`${printable(name)}: already complete\n`);
}

/**
 * Runs a transfer with progress on standard error, unless --quiet. On what is no terminal nothing
 * is drawn, and the last line comes when `transfer` says that there was one.
 */
export async function withProgress(
  console: Console,
  request: Request,
  name: string,
  transfer: (progress: Progress | undefined) => Promise<boolean>,
): Promise<void> {
  const progress = request.options.has("quiet") ? undefined : new Progress(console, name);
  try {
    if (await transfer(progress)) progress?.finish();
  } finally {
    progress?.stop();
  }
}

/** Standard output as a sink; `begin` hears the size. */
function outputSink(console: Console, begin?: (size: number | undefined) => void): Sink {
  return {
    begin: (size) => begin?.(size),
    write: (chunk) => console.write(chunk),
  };
}

async function cat({ client, console, request, signal }: Task): Promise<void> {
  for (const path of request.operands) {
    await client.download(path, outputSink(console), { signal });
  }
}

async function ls({ client, console, request }: Task): Promise<void> {
  const entries = await entriesOf(client, request.operands[0] ?? "");
  entries.sort((left, right) => left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
  const show = shownName(console);
  const names = () => entries.map((entry) => show(entry.name));
  const lines = request.options.has("long")
    ? formatTable(entries, show)
    : console.outTerminal
    ? formatColumns(names(), console.columns())
    : names();
  await writeLines(console, lines);
}

/** The entries of a directory, or a file alone. */
async function entriesOf(client: Client, path: string): Promise<Entry[]> {
  try {
    return await client.list(path);
  } catch (refused) {
    if (!(refused instanceof ProtocolError) || path === "") throw refused;
    const entry = await client.stat(path).catch(() => {
      throw refused;
    });
    if (entry.kind === "directory") throw refused;
    return [{ ...entry, name: path }];
  }
}

async function mkdir({ client, request }: Task): Promise<void> {
  for (const path of request.operands) {
    if (request.options.has("parents")) await makeDirectories(client, path);
    else await client.makeDirectory(path);
  }
}

async function rm({ client, request }: Task): Promise<void> {
  for (const path of request.operands) {
    if (request.options.has("recursive")) await removeTree(client, path);
    else await client.removeFile(path);
  }
}

async function mv({ client, request }: Task): Promise<void> {
  const [from, to] = request.operands as [string, string];
  await client.rename(from, to);
}

async function stat({ client, console, request }: Task): Promise<void> {
  const show = shownName(console);
  for (const [index, path] of request.operands.entries()) {
    const entry = await client.stat(path);
    const lines = index === 0 ? [] : [""];
    lines.push(`name:     ${show(entry.name)}`, `kind:     ${entry.kind}`);
    if (entry.target !== undefined) lines.push(`target:   ${show(entry.target)}`);
    if (entry.size !== undefined) lines.push(`size:     ${entry.size}${inUnits(entry.size)}`);
    if (entry.modified !== undefined) lines.push(`modified: ${formatDate(entry.modified)}`);
    if (entry.mode !== undefined) lines.push(`mode:     ${formatMode(entry)}`);
    if (entry.owner !== undefined) lines.push(`owner:    ${printable(entry.owner)}`);
    if (entry.group !== undefined) lines.push(`group:    ${printable(entry.group)}`);
    await writeLines(console, lines);
  }
}

function inUnits(octets: number): string {
  return octets < 1024 ? "" : ` (${formatSize(octets)})`;
}

/** How a server's name is written: as it is to a pipe, without control characters to a terminal. */
function shownName(console: Console): (name: string) => string {
  return console.outTerminal ? printable : (name) => name;
}

async function writeLines(console: Console, lines: readonly string[]): Promise<void> {
  await console.write(encodeText(lines.map((line) => `${line}\n`).join("")));
}
