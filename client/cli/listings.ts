/**
 * ls and stat: what there is on the server, as ls(1) and stat(1) show it.
 *
 * verbs.ts names them in its table.
 *
 * @module
 */

import {
  type Client,
  type ClientError,
  encodeText,
  type Entry,
  joinPath,
  printable,
  ProtocolError,
} from "../mod.ts";
import type { VerbFlag } from "./arguments.ts";
import type { Console } from "./console.ts";
import { SomeFailed } from "./exit.ts";
import { formatDate, formatMode, formatSize } from "./format.ts";
import { eachOperand, type Task } from "./task.ts";

/** Read only where names or rows are put below each other. */
const TABLES = new URL("./tables.ts", import.meta.url).href;

/** Directories inside each other that ls -R enters: deeper than PATH_MAX allows names of 32 octets. */
const DEPTH_MAX = 128;

/** Directories that one ls -R lists; a server could make up more without end. */
const DIRECTORIES_MAX = 1_000_000;

/** Lists directories; a file is listed by itself. */
export async function ls(task: Task): Promise<void> {
  const { console, request } = task;
  const paths = request.operands.length === 0 ? [""] : request.operands;
  const hasHeaders = paths.length > 1 || request.options.has("recursive");
  /** Whether what was listed last has a header; undefined before the first. */
  let wasHeaded: boolean | undefined;
  const show = shownName(console);
  await eachOperand(task, paths, async (path) => {
    if (request.options.has("directory")) {
      const entry = await task.client.stat(path === "" ? "." : path);
      return await writeEntries(task, [{ ...entry, name: path === "" ? "." : path }]);
    }
    for await (const listing of listings(task, path)) {
      const isHeaded = hasHeaders && listing.directory !== undefined;
      const header = isHeaded ? [`${show(listing.directory || ".")}:`] : [];
      if (wasHeaded !== undefined && (isHeaded || wasHeaded)) header.unshift("");
      if (!request.telling.json) await writeLines(console, header);
      wasHeaded = isHeaded;
      await writeEntries(task, listing.entries, listing.directory);
    }
  });
}

interface Listing {
  /** Undefined for a file by itself. */
  readonly directory: string | undefined;
  readonly entries: readonly Entry[];
}

/** The listing of `path`, and with -R those of all directories below it, parents first. */
async function* listings(
  { client, reporter, request }: Task,
  path: string,
): AsyncGenerator<Listing> {
  const top = await listingOf(client, path);
  if (top.directory === undefined) return yield top;
  const entries = arranged(top.entries, request.options);
  yield { ...top, entries };
  if (!request.options.has("recursive")) return;
  let first: ClientError | undefined;
  let count = 1;
  const pending = directoriesIn(path, entries, 1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > DEPTH_MAX || ++count > DIRECTORIES_MAX) {
      const limit = next.depth > DEPTH_MAX ? "deep" : "many directories";
      reporter.note(`"${next.path}" and more is left out: too ${limit}`);
      if (count > DIRECTORIES_MAX) return;
      continue;
    }
    try {
      const below = arranged(await client.list(next.path), request.options);
      yield { directory: next.path, entries: below };
      pending.push(...directoriesIn(next.path, below, next.depth + 1));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      reporter.failed(error);
      first ??= error;
    }
  }
  if (first !== undefined) throw new SomeFailed("Some directories could not be listed", first);
}

interface Pending {
  readonly path: string;
  readonly depth: number;
}

/** The directories among `entries`, the first one last: they are taken from the end. */
function directoriesIn(path: string, entries: readonly Entry[], depth: number): Pending[] {
  return entries.filter(({ kind }) => kind === "directory")
    .map(({ name }) => ({ path: joinPath(path, name), depth })).reverse();
}

/** A directory, or a file by itself. */
async function listingOf(client: Client, path: string): Promise<Listing> {
  try {
    return { directory: path, entries: await client.list(path) };
  } catch (refused) {
    if (!(refused instanceof ProtocolError) || path === "") throw refused;
    const entry = await client.stat(path).catch(() => {
      throw refused;
    });
    if (entry.kind === "directory") throw refused;
    return { directory: undefined, entries: [{ ...entry, name: path }] };
  }
}

/** What is shown, in the order in which it is. */
function arranged(entries: readonly Entry[], options: ReadonlySet<VerbFlag>): Entry[] {
  const shown = options.has("all") ? [...entries] : entries.filter(({ name }) => !/^\./.test(name));
  const byName = (left: Entry, right: Entry) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
  const rank = options.has("by-time")
    ? ({ modified }: Entry) => modified?.getTime() ?? -Infinity
    : options.has("by-size")
    ? ({ size }: Entry) => size ?? -1
    : () => 0;
  shown.sort((left, right) => {
    const [one, other] = [rank(left), rank(right)];
    return one === other ? byName(left, right) : other > one ? 1 : -1;
  });
  return options.has("reverse") ? shown.reverse() : shown;
}

async function writeEntries(
  { console, reporter, request: { options } }: Task,
  entries: readonly Entry[],
  directory?: string,
): Promise<void> {
  const rows = entries.filter((entry) => !reporter.entry(entry, directory));
  const show = shownName(console);
  const names = () => rows.map((entry) => show(entry.name));
  const inColumns = console.outTerminal && !options.has("one");
  if (!options.has("long") && !inColumns) return await writeLines(console, names());
  const { formatColumns, formatTable, widthsFor }: typeof import("./tables.ts") = await import(
    TABLES
  );
  await widthsFor(rows.flatMap(({ name, owner = "", group = "" }) => [name, owner, group]));
  const lines = options.has("long")
    ? formatTable(rows, show, options.has("human") ? formatSize : String)
    : formatColumns(names(), console.columns());
  await writeLines(console, lines);
}

/** Shows what the server knows of files and directories. */
export async function stat(task: Task): Promise<void> {
  const { client, console, reporter, request } = task;
  const show = shownName(console);
  await eachOperand(task, request.operands, async (path, index) => {
    const entry = await client.stat(path);
    if (reporter.entry(entry)) return;
    const lines = index === 0 ? [] : [""];
    lines.push(`name:     ${show(entry.name)}`, `kind:     ${entry.kind}`);
    if (entry.target !== undefined) lines.push(`target:   ${show(entry.target)}`);
    if (entry.size !== undefined) lines.push(`size:     ${entry.size}${inUnits(entry.size)}`);
    if (entry.modified !== undefined) lines.push(`modified: ${formatDate(entry.modified)}`);
    if (entry.mode !== undefined) lines.push(`mode:     ${formatMode(entry)}`);
    if (entry.owner !== undefined) lines.push(`owner:    ${printable(entry.owner)}`);
    if (entry.group !== undefined) lines.push(`group:    ${printable(entry.group)}`);
    await writeLines(console, lines);
  });
}

function inUnits(octets: number): string {
  return octets < 1024 ? "" : ` (${formatSize(octets)})`;
}

/** How a server's name is written: as it is to a pipe, without control characters to a terminal. */
function shownName(console: Console): (name: string) => string {
  return console.outTerminal ? printable : (name) => name;
}

async function writeLines(console: Console, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await console.write(encodeText(lines.map((line) => `${line}\n`).join("")));
}
