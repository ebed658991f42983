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
  type Sink,
  type Source,
  uploadFile,
} from "../mod.ts";
import type { Request } from "./arguments.ts";
import type { Console } from "./console.ts";
import { UsageError } from "./flags.ts";
import { formatSize } from "./format.ts";
import type { Reporter, TransferReport } from "./reporter.ts";
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
export async function get({ client, console, reporter, request, signal }: Task): Promise<void> {
  const [remote, local] = request.operands as [string, string | undefined];
  if (local === "-") {
    return await reported(reporter, lastName(remote), async (report) => {
      const sink = outputSink(console, report);
      await client.download(remote, sink, { signal, onProgress: report.update });
      return true;
    });
  }
  const target = localTarget(remote, local);
  await reported(reporter, basename(target), async (report) => {
    const { wasComplete } = await downloadFile(client, remote, target, {
      resume: request.options.has("continue"),
      signal,
      onProgress: report.update,
      onStart: report.start,
      onKept: (path, octets) =>
        sayKept(reporter, report, path, octets, ", get --continue goes on from there"),
    });
    return !wasComplete;
  });
}

/** Downloads a file by mini. */
export async function getMini({ console, reporter, request, signal }: BareTask): Promise<void> {
  const [remote, local] = request.operands as [string, string | undefined];
  await reported(reporter, remote, async (report) => {
    const fetch = (sink: Sink) =>
      miniGet(request, remote, sink, { ...request, signal, onProgress: report.update });
    if (local === "-") {
      await fetch(outputSink(console, report));
      return true;
    }
    const part = await PartFile.open(localTarget(remote, local), false);
    await part.fill(
      () =>
        fetch({
          begin(size) {
            part.begin();
            report.start(0, size);
          },
          write: (chunk) => part.write(chunk),
        }),
      (path, octets) => sayKept(reporter, report, path, octets, ""),
    );
    return true;
  });
}

/** Uploads a file. */
export async function put({ client, console, reporter, request, signal }: Task): Promise<void> {
  const [local, target] = putNames(request);
  await reported(reporter, lastName(target), async (report) => {
    if (local === "-") {
      const source: Source = { read: (buffer) => console.read(buffer) };
      report.start(0, undefined);
      await client.upload(source, target, { signal, onProgress: report.update });
      return true;
    }
    const resume = request.options.has("continue");
    // Where an older file has the name, nobody can tell later what of it is the new one.
    const isNew = resume || await client.size(target) === undefined;
    const { wasComplete } = await uploadFile(client, local, target, {
      resume,
      signal,
      onProgress: report.update,
      onStart: report.start,
    }).catch((error) => {
      if (signal.aborted) {
        report.stop();
        const next = isNew ? "put --continue goes on from there" : "put it again as a whole";
        reporter.note(`Left "${target}" incomplete, ${next}`);
      }
      throw error;
    });
    return !wasComplete;
  });
}

/** Uploads a file by mini. */
export async function putMini({ reporter, request, signal }: BareTask): Promise<void> {
  const [local, target] = putNames(request);
  await reported(reporter, target, async (report) => {
    using file = await LocalFile.open(local);
    if (file.size === undefined) {
      throw new LocalError(`Cannot put "${local}": mini takes files whose size is known`);
    }
    report.start(0, file.size);
    await miniPut(request, target, file.size, file, {
      ...request,
      signal,
      onProgress: report.update,
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
export function outputSink(console: Console, report?: TransferReport): Sink {
  return {
    begin(size) {
      // On the terminal that shows the octets a progress line would stand between them.
      if (!console.outTerminal) report?.start(0, size);
    },
    write: (chunk) => console.write(chunk),
  };
}

/** Runs a transfer and tells how it goes; `transfer` says whether octets had to be moved. */
async function reported(
  reporter: Reporter,
  name: string,
  transfer: (report: TransferReport) => Promise<boolean>,
): Promise<void> {
  const report = reporter.transfer(name);
  try {
    if (await transfer(report)) report.finish();
    else report.skip("already complete");
  } finally {
    report.stop();
  }
}

function sayKept(
  reporter: Reporter,
  report: TransferReport,
  path: string,
  octets: number,
  hint: string,
): void {
  report.stop();
  reporter.note(`Kept ${formatSize(octets)} in "${path}"${hint}`);
}
