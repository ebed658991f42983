/**
 * get and put: files in one direction, by FTP or by mini, one after the other.
 *
 * verbs.ts names them in its table; what their operands and flags may be is in checks.ts.
 *
 * @module
 */

import {
  downloadFile,
  kindThere,
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
  uploadSource,
} from "../mod.ts";
import { again, keptText, rateOf } from "./again.ts";
import { baseName } from "./base_name.ts";
import type { Console } from "./console.ts";
import type { Reporter, TransferReport } from "./reporter.ts";
import { assertApart, expandOperands } from "./remote_names.ts";
import { hintAtOutput, isDirectoryHere, localTarget, remoteTarget } from "./targets.ts";
import { type BareTask, eachOperand, type Task } from "./task.ts";

/** Downloads files. */
export async function get(task: Task): Promise<void> {
  const { client, console, reporter, request, signal } = task;
  const { names, assertUsable } = await expandOperands(client, request.operands);
  if (request.output === undefined) assertApart(names);
  reporter.expect(names.length, undefined);
  await eachOperand(task, names, async (remote) => {
    if (request.output === "-") {
      return await reported(reporter, lastName(remote), async (report) => {
        const sink = outputSink(console, report);
        const limited = rateOf(request).rate?.sink(sink, signal) ?? sink;
        const client = await task.connected();
        await client.download(remote, limited, { signal, onProgress: report.update });
        return true;
      });
    }
    const target = await counted(reporter, lastName(remote), () => {
      assertUsable(remote);
      return localTarget(remote, request);
    });
    if (await isTree(task, remote)) {
      const { copyTree } = await treeRoom();
      return await copyTree(task, { direction: "down", remote, local: target });
    }
    await reported(reporter, baseName(target), (report) =>
      again(
        task,
        "get",
        report,
        (client, options) => downloadFile(client, remote, target, options),
      ));
  }, { hint: hintAtOutput(request, (error) => error instanceof ProtocolError) });
}

/** Whether -r is given and `remote` is a directory. */
async function isTree(task: Task, remote: string): Promise<boolean> {
  if (!task.request.options.has("recursive")) return false;
  return (await (await task.connected()).stat(remote)).kind === "directory";
}

/** Directories need much that files do not. */
function treeRoom(): Promise<typeof import("./mirror.ts")> {
  return import(new URL("./mirror.ts", import.meta.url).href);
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
          miniGet(request, remote, rateOf(request).rate?.sink(sink, signal) ?? sink, {
            ...request,
            signal,
            onProgress: report.update,
          });
        if (request.output === "-") {
          await fetch(outputSink(console, report));
          return true;
        }
        const part = await PartFile.open(localTarget(remote, request));
        await part.fill(
          () =>
            fetch({
              begin(size) {
                part.begin();
                report.start(0, size);
              },
              write: (chunk) => part.write(chunk),
            }),
          (...kept) => {
            report.stop();
            reporter.note(keptText("get", ...kept));
          },
        );
        return true;
      }),
  );
}

/** Uploads files. */
export async function put(task: Task): Promise<void> {
  const { console, reporter, request, signal } = task;
  reporter.expect(request.operands.length, undefined);
  await eachOperand(task, request.operands, async (local) => {
    const target = remoteTarget(local, request);
    if (request.options.has("no-clobber")) {
      await counted(reporter, lastName(target), () => assertFree(task, target));
    }
    if (request.options.has("recursive") && isDirectoryHere(local)) {
      const { copyTree } = await treeRoom();
      return await copyTree(task, { direction: "up", remote: target, local });
    }
    await reported(reporter, lastName(target), async (report) => {
      if (local !== "-") {
        return await again(
          task,
          "put",
          report,
          (client, options) => uploadFile(client, local, target, options),
        );
      }
      const source: Source = { read: (buffer) => console.read(buffer) };
      report.start(0, undefined);
      const direct = request.options.has("direct");
      const options = { ...rateOf(request), direct, signal, onProgress: report.update };
      await uploadSource(await task.connected(), source, target, options);
      return true;
    });
  }, { hint: hintAtOutput(request, (error) => error instanceof LocalError) });
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
      const source = rateOf(request).rate?.source(file, signal) ?? file;
      await miniPut(request, target, file.size, source, {
        ...request,
        signal,
        onProgress: report.update,
      });
      return true;
    });
  });
}

async function assertFree(task: Task, target: string): Promise<void> {
  if (await kindThere(await task.connected(), target) === undefined) return;
  throw new LocalError(`Cannot put "${target}": it is there already, and --no-clobber is given`);
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

/** What `check` says; a file that it refuses counts as one that is not complete. */
async function counted<T>(
  reporter: Reporter,
  name: string,
  check: () => T | Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    reporter.transfer(name).stop();
    throw error;
  }
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
