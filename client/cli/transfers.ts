/**
 * get and put: files in one direction, by FTP or by mini, one after the other.
 *
 * verbs.ts names them in its table; what their operands and flags may be is in checks.ts.
 *
 * @module
 */

import {
  type Client,
  downloadFile,
  lastName,
  LocalError,
  LocalFile,
  miniGet,
  miniPut,
  PartFile,
  ProtocolError,
  type Sink,
  type Source,
  uploadFile,
} from "../mod.ts";
import { baseName } from "./base_name.ts";
import type { Console } from "./console.ts";
import { formatSize } from "./format.ts";
import type { Reporter, TransferReport } from "./reporter.ts";
import { hintAtOutput, localTarget, remoteTarget } from "./targets.ts";
import { type BareTask, eachOperand, type Task } from "./task.ts";

/** Downloads files. */
export async function get(task: Task): Promise<void> {
  const { client, console, reporter, request, signal } = task;
  const names = await expandRemote(client, request.operands);
  reporter.expect(names.length, undefined);
  await eachOperand(task, names, async (remote) => {
    if (request.output === "-") {
      return await reported(reporter, lastName(remote), async (report) => {
        const sink = outputSink(console, report);
        await client.download(remote, sink, { signal, onProgress: report.update });
        return true;
      });
    }
    const target = localTarget(remote, request);
    await reported(reporter, baseName(target), async (report) => {
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
  }, { hint: hintAtOutput(request, (error) => error instanceof ProtocolError) });
}

/** The names that patterns among `operands` stand for, in their order. */
function expandRemote(_client: Client, operands: readonly string[]): Promise<readonly string[]> {
  return Promise.resolve(operands);
}

/** Downloads files by mini. */
export async function getMini(task: BareTask): Promise<void> {
  const { console, reporter, request, signal } = task;
  await eachOperand(
    task,
    request.operands,
    (remote) =>
      reported(reporter, remote, async (report) => {
        const fetch = (sink: Sink) =>
          miniGet(request, remote, sink, { ...request, signal, onProgress: report.update });
        if (request.output === "-") {
          await fetch(outputSink(console, report));
          return true;
        }
        const part = await PartFile.open(localTarget(remote, request), false);
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
      }),
  );
}

/** Uploads files. */
export async function put(task: Task): Promise<void> {
  const { client, console, reporter, request, signal } = task;
  reporter.expect(request.operands.length, undefined);
  await eachOperand(task, request.operands, async (local) => {
    const target = remoteTarget(local, request);
    if (request.options.has("no-clobber") && await isThere(client, target)) {
      throw new LocalError(
        `Cannot put "${target}": it is there already, and --no-clobber is given`,
      );
    }
    await reported(reporter, lastName(target), async (report) => {
      if (local !== "-") return await putFile(task, local, target, report);
      const source: Source = { read: (buffer) => console.read(buffer) };
      report.start(0, undefined);
      await client.upload(source, target, { signal, onProgress: report.update });
      return true;
    });
  }, { hint: hintAtOutput(request, (error) => error instanceof LocalError) });
}

/** Uploads one file; whether anything had to be moved. */
async function putFile(
  { client, reporter, request, signal }: Task,
  local: string,
  target: string,
  report: TransferReport,
): Promise<boolean> {
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
}

/** Uploads files by mini. */
export async function putMini(task: BareTask): Promise<void> {
  const { reporter, request, signal } = task;
  await eachOperand(task, request.operands, (local) => {
    const target = remoteTarget(local, request);
    return reported(reporter, target, async (report) => {
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
  });
}

/** Whether anything has the name on the server. */
export async function isThere(client: Client, path: string): Promise<boolean> {
  try {
    await client.stat(path);
    return true;
  } catch (error) {
    // Only a lasting refusal says that there is nothing.
    if (error instanceof ProtocolError && error.code >= 500) return false;
    throw error;
  }
}

/** Standard output as a sink. */
export function outputSink(console: Console, report?: TransferReport): Sink {
  return {
    begin(size) {
      // On the terminal that shows the octets a progress line would stand between them.
      if (console.outTerminal) report?.hide();
      report?.start(0, size);
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
