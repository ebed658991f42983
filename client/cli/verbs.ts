/**
 * What the command line can do: one table of verbs over the public client.
 *
 * mod.ts finds the verb, checks its operands against the table and runs it with a client that is
 * logged in. A verb writes results to standard output, errors are thrown.
 *
 * @module
 */

import {
  type Client,
  encodeText,
  type Entry,
  makeDirectories,
  printable,
  ProtocolError,
  removeTree,
} from "../mod.ts";
import type { Console } from "./console.ts";
import { formatColumns, formatDate, formatMode, formatSize, formatTable } from "./format.ts";
import type { Subcommand, Task } from "./task.ts";
import { checkGet, checkPut, get, getMini, outputSink, put, putMini } from "./transfers.ts";

/** Operands of the verbs that take any number of paths: what a command line can hold. */
const MANY = Number.MAX_SAFE_INTEGER;

/** Every verb, in the order of --help. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "get",
    operands: "REMOTE [LOCAL]",
    summary: "download a file; - is standard output",
    count: [1, 2],
    flags: ["continue", "quiet"],
    endsBySignal: true,
    check: checkGet,
    run: get,
    runMini: getMini,
  },
  {
    name: "put",
    operands: "LOCAL [REMOTE]",
    summary: "upload a file; - is standard input",
    count: [1, 2],
    flags: ["continue", "quiet"],
    endsBySignal: true,
    check: checkPut,
    run: put,
    runMini: putMini,
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
    endsBySignal: true,
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
