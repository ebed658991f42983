/**
 * ls and stat: what there is on the server, as ls(1) and stat(1) show it.
 *
 * verbs.ts names them in its table.
 *
 * @module
 */

import { joinPath, type ListOptions } from "../directory.ts";
import { type ClientError, ProtocolError } from "../errors.ts";
import { escapeName } from "../escapes.ts";
import { DEPTH_MAX } from "../limits.ts";
import type { Entry } from "../listing.ts";
import { encodeText, printable } from "../text.ts";
import type { VerbFlag } from "./arguments.ts";
import type { Console } from "./console.ts";
import { SomeFailed } from "./exit.ts";
import { formatDate, formatMode, formatSize } from "./format.ts";
import { listedNames } from "./remote_names.ts";
import { eachGroup, NameRows, piecesOf } from "./rows.ts";
import { eachOperand, type Task } from "./task.ts";

/** Directories that one ls -R lists; a server could make up more without end. */
const DIRECTORIES_MAX = 1_000_000;

/** Lists directories; a file is listed by itself, and what patterns match before all else. */
export async function ls(task: Task): Promise<void> {
  const { console, request, signal } = task;
  const { options } = request;
  const operands = request.operands.length === 0 ? [""] : request.operands;
  const { entries, paths } = await listedNames(task, operands, options.has("directory"));
  const hasHeaders = paths.length > 1 || entries.length > 0 || options.has("recursive");
  /** Whether what was listed last has a header; undefined before the first. */
  let wasHeaded: boolean | undefined;
  const show = shownName(console);
  const writeHeader = async (directory: string | undefined) => {
    const isHeaded = hasHeaders && directory !== undefined;
    const header = isHeaded ? [`${show(directory || ".")}:`] : [];
    if (wasHeaded !== undefined && (isHeaded || wasHeaded)) header.unshift("");
    if (!request.telling.json) await writeLines(console, header);
    wasHeaded = isHeaded;
  };
  if (entries.length > 0) {
    await writeHeader(undefined);
    await writeEntries(task, arranged([...entries], options));
  }
  await eachOperand(task, paths, async (path) => {
    if (options.has("directory")) {
      const entry = await task.client.stat(path === "" ? "." : path, { signal });
      return await writeEntries(task, [{ ...entry, name: path === "" ? "." : path }]);
    }
    if (options.has("unsorted")) return await writeAsTheyCome(task, path, writeHeader);
    if (!request.telling.json && !MORE_THAN_NAMES.some((flag) => options.has(flag))) {
      return await writeNames(task, path, writeHeader);
    }
    for await (const listing of listings(task, path)) {
      await writeHeader(listing.directory);
      await writeEntries(task, listing.entries, listing.directory);
    }
  });
}

/** Writes each group of entries when it has come, one line for each. */
async function writeAsTheyCome(
  task: Task,
  path: string,
  writeHeader: (directory: string | undefined) => Promise<void>,
): Promise<void> {
  const { options, telling } = task.request;
  const fields = telling.json || options.has("long") ? {} : NAMES_ONLY;
  let isFirst = true;
  await eachGroup(task, path, fields, async (group, directory) => {
    if (isFirst) await writeHeader(directory);
    isFirst = false;
    const shown = directory === undefined ? group : shownOf(group, options);
    await writeEntries(task, shown, directory, true);
  });
}

/** Of entries of which nothing else is shown. */
const NAMES_ONLY: ListOptions = { fields: [] };

/** Flags for which more than the names of entries is kept. */
const MORE_THAN_NAMES = ["long", "by-time", "by-size", "recursive"] as const;

/** Writes the names alone, of which any number can be kept. */
async function writeNames(
  task: Task,
  path: string,
  writeHeader: (directory: string | undefined) => Promise<void>,
): Promise<void> {
  const { console, request: { options } } = task;
  const names = new NameRows();
  let listed: string | undefined;
  await eachGroup(task, path, NAMES_ONLY, (group, directory) => {
    listed = directory;
    names.add(directory === undefined ? group : shownOf(group, options));
  });
  await writeHeader(listed);
  const sorted = names.sorted();
  if (options.has("reverse")) sorted.reverse();
  const shown = sorted.map(shownName(console));
  await writeLines(console, options.has("one") ? shown : await arrayed(console, shown));
}

/** Names in columns on a terminal, one a line elsewhere. */
async function arrayed(console: Console, names: string[]): Promise<string[]> {
  if (!console.outTerminal) return names;
  const { formatColumns, widthsFor } = await import("./tables.ts");
  await widthsFor(names);
  return formatColumns(names, console.columns());
}

interface Listing {
  /** Undefined for a file by itself. */
  readonly directory: string | undefined;
  readonly entries: readonly Entry[];
}

/** The listing of `path`, and with -R those of all directories below it, parents first. */
async function* listings(task: Task, path: string): AsyncGenerator<Listing> {
  const { reporter, request } = task;
  const top = await listingOf(task, path);
  yield top;
  if (top.directory === undefined || !request.options.has("recursive")) return;
  let first: ClientError | undefined;
  let count = 1;
  const pending = directoriesIn(path, top.entries, 1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > DEPTH_MAX || ++count > DIRECTORIES_MAX) {
      const limit = next.depth > DEPTH_MAX ? "deep" : "many directories";
      reporter.note(`"${next.path}" and more is left out: too ${limit}`);
      if (count > DIRECTORIES_MAX) return;
      continue;
    }
    try {
      const below = await listingOf(task, next.path);
      yield below;
      for (const inner of directoriesIn(next.path, below.entries, next.depth + 1)) {
        pending.push(inner);
      }
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
async function listingOf(task: Task, path: string): Promise<Listing> {
  const { options } = task.request;
  const entries: Entry[] = [];
  let listed: string | undefined;
  await eachGroup(task, path, {}, (group, directory) => {
    listed = directory;
    for (const entry of directory === undefined ? group : shownOf(group, options)) {
      entries.push(entry);
    }
  });
  return { directory: listed, entries: arranged(entries, options) };
}

/** The entries that are shown. */
function shownOf(entries: readonly Entry[], options: ReadonlySet<VerbFlag>): readonly Entry[] {
  return options.has("all") ? entries : entries.filter(({ name }) => !name.startsWith("."));
}

/** The entries in the order in which they are shown. */
function arranged(entries: Entry[], options: ReadonlySet<VerbFlag>): Entry[] {
  entries.sort((left, right) => left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
  // Among equals the order by name stays.
  if (options.has("by-time")) {
    const time = ({ modified }: Entry) => modified?.getTime() ?? -Infinity;
    entries.sort((left, right) => descending(time(left), time(right)));
  } else if (options.has("by-size")) {
    entries.sort((left, right) => descending(left.size ?? -1, right.size ?? -1));
  }
  return options.has("reverse") ? entries.reverse() : entries;
}

function descending(left: number, right: number): number {
  return left === right ? 0 : left < right ? 1 : -1;
}

async function writeEntries(
  { console, reporter, request: { options } }: Task,
  entries: readonly Entry[],
  directory?: string,
  isOneALine = options.has("one"),
): Promise<void> {
  const rows = entries.filter((entry) => !reporter.entry(entry, directory));
  const show = shownName(console);
  if (!options.has("long")) {
    const names = rows.map(({ name }) => show(name));
    return await writeLines(console, isOneALine ? names : await arrayed(console, names));
  }
  const { formatTable, widthsFor } = await import("./tables.ts");
  await widthsFor(
    rows.values().flatMap(({ name, owner = "", group = "" }) => [name, owner, group]),
  );
  await writeLines(
    console,
    formatTable(rows, show, options.has("human") ? formatSize : String),
  );
}

/** Shows what the server knows of files and directories. */
export async function showStat(task: Task): Promise<void> {
  const { client, console, reporter, request, signal } = task;
  const show = shownName(console);
  await eachOperand(task, request.operands, async (path, index) => {
    const entry = await client.stat(path, { signal });
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

/** How a server's name is written: as it is to a pipe, to a terminal as --escapes takes it back. */
function shownName(console: Console): (name: string) => string {
  return console.outTerminal ? escapeName : (name) => name;
}

async function writeLines(console: Console, lines: Iterable<string>): Promise<void> {
  for (const piece of piecesOf(lines)) {
    await console.write(encodeText(`${piece.join("\n")}\n`));
  }
}
