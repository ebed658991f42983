/**
 * get and put: one file in one direction, by FTP or by mini, with progress on standard error.
 *
 * verbs.ts names them in its table.
 *
 * @module
 */

import { basename } from "@std/path/basename";
import {
  downloadFile,
  isPlainName,
  lastName,
  LocalError,
  LocalFile,
  miniGet,
  miniPut,
  PartFile,
  printable,
  type Sink,
  type Source,
  uploadFile,
} from "../mod.ts";
import type { Request } from "./arguments.ts";
import type { Console } from "./console.ts";
import { UsageError } from "./flags.ts";
import { formatSize } from "./format.ts";
import { Progress } from "./progress.ts";
import type { BareTask, Task } from "./task.ts";

/** What get cannot do. */
export function checkGet({ operands: [remote, local], options, protocol }: Request): void {
  if (options.has("continue") && (local === "-" || protocol === "mini")) {
    const what = local === "-" ? "standard output" : "mini";
    throw new UsageError(`--continue takes a file of FTP to go on with, not ${what}`);
  }
  if (local === undefined && !isPlainName(lastName(remote!))) {
    throw new UsageError(`get takes a LOCAL name too for "${remote}"`);
  }
}

/** What put cannot do. */
export function checkPut({ operands: [local, remote], options, protocol }: Request): void {
  if (options.has("continue") && (local === "-" || protocol === "mini")) {
    const what = local === "-" ? "standard input" : "mini";
    throw new UsageError(`--continue takes a file of FTP to go on with, not ${what}`);
  }
  if (local !== "-") return;
  if (remote === undefined) throw new UsageError("put takes a REMOTE name too for standard input");
  if (protocol === "mini") throw new UsageError("put takes a file by mini, not standard input");
}

/** Downloads a file. */
export async function get({ client, console, request, signal }: Task): Promise<void> {
  const [remote, local] = request.operands as [string, string | undefined];
  if (local === "-") {
    return await withProgress(console, request, lastName(remote), async (progress) => {
      const sink = outputSink(console, progress);
      await client.download(remote, sink, { signal, ...listener(progress) });
      return true;
    });
  }
  const target = localTarget(remote, local);
  await withProgress(console, request, basename(target), async (progress) => {
    const { wasComplete } = await downloadFile(client, remote, target, {
      resume: request.options.has("continue"),
      signal,
      ...listener(progress),
      onStart: (offset, total) => progress?.start(offset, total),
      onKept: (path, octets) =>
        sayKept(console, progress, path, octets, ", get --continue goes on from there"),
    });
    if (wasComplete) sayComplete(console, request, target);
    return !wasComplete;
  });
}

/** Downloads a file by mini. */
export async function getMini({ console, request, signal }: BareTask): Promise<void> {
  const [remote, local] = request.operands as [string, string | undefined];
  await withProgress(console, request, remote, async (progress) => {
    const fetch = (sink: Sink) =>
      miniGet(request, remote, sink, { ...request, signal, ...listener(progress) });
    if (local === "-") {
      await fetch(outputSink(console, progress));
      return true;
    }
    const part = await PartFile.open(localTarget(remote, local), false);
    await part.fill(
      () =>
        fetch({
          begin(size) {
            part.begin();
            progress?.start(0, size);
          },
          write: (chunk) => part.write(chunk),
        }),
      (path, octets) => sayKept(console, progress, path, octets, ""),
    );
    return true;
  });
}

/** Uploads a file. */
export async function put({ client, console, request, signal }: Task): Promise<void> {
  const [local, target] = putNames(request);
  await withProgress(console, request, lastName(target), async (progress) => {
    if (local === "-") {
      const source: Source = { read: (buffer) => console.read(buffer) };
      progress?.start(0, undefined);
      await client.upload(source, target, { signal, ...listener(progress) });
      return true;
    }
    const resume = request.options.has("continue");
    // Where an older file has the name, nobody can tell later what of it is the new one.
    const isNew = resume || await client.size(target) === undefined;
    const { wasComplete } = await uploadFile(client, local, target, {
      resume,
      signal,
      ...listener(progress),
      onStart: (offset, total) => progress?.start(offset, total),
    }).catch((error) => {
      progress?.stop();
      if (signal.aborted) {
        const next = isNew ? "put --continue goes on from there" : "put it again as a whole";
        console.writeError(`Left "${printable(target)}" incomplete, ${next}\n`);
      }
      throw error;
    });
    if (wasComplete) sayComplete(console, request, target);
    return !wasComplete;
  });
}

/** Uploads a file by mini. */
export async function putMini({ console, request, signal }: BareTask): Promise<void> {
  const [local, target] = putNames(request);
  await withProgress(console, request, target, async (progress) => {
    using file = await LocalFile.open(local);
    if (file.size === undefined) {
      throw new LocalError(`Cannot put "${local}": mini takes files whose size is known`);
    }
    progress?.start(0, file.size);
    await miniPut(request, target, file.size, file, {
      ...request,
      signal,
      ...listener(progress),
    });
    return true;
  });
}

/** The local and the remote name of an upload: "dir/" gets the file under its local name. */
function putNames(request: Request): [string, string] {
  const [local, remote] = request.operands as [string, string | undefined];
  if (remote === undefined) return [local, basename(local)];
  return [local, remote.endsWith("/") && local !== "-" ? remote + basename(local) : remote];
}

/** The local name of a download: a directory gets the file under its remote name. */
function localTarget(remote: string, local: string | undefined): string {
  const name = lastName(remote);
  if (local === undefined) return name;
  if (!isDirectoryHere(local)) {
    if (!local.endsWith("/")) return local;
    throw new LocalError(`Cannot write into "${local}": there is no such directory`);
  }
  if (!isPlainName(name)) {
    throw new LocalError(`Cannot write "${remote}" into "${local}": it has no name of its own`);
  }
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

/** Standard output as a sink. */
export function outputSink(console: Console, progress?: Progress): Sink {
  return {
    begin(size) {
      // On the terminal that shows the octets a progress line would stand between them.
      if (!console.outTerminal) progress?.start(0, size);
    },
    write: (chunk) => console.write(chunk),
  };
}

/**
 * Runs a transfer with progress, unless --quiet. The last line comes when `transfer` says that
 * octets were moved.
 */
async function withProgress(
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

function listener(progress: Progress | undefined): { onProgress?: (octets: number) => void } {
  return progress === undefined ? {} : { onProgress: (octets) => progress.update(octets) };
}

function sayComplete(console: Console, request: Request, name: string): void {
  if (!request.options.has("quiet")) console.writeError(`${printable(name)}: already complete\n`);
}

function sayKept(
  console: Console,
  progress: Progress | undefined,
  path: string,
  octets: number,
  hint: string,
): void {
  progress?.stop();
  console.writeError(`Kept ${formatSize(octets)} in "${printable(path)}"${hint}\n`);
}
