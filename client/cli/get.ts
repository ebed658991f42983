/**
 * get: files from the server, one after the other.
 *
 * verbs.ts names it in its table; what its operands and flags may be is in checks.ts.
 *
 * @module
 */

import type { Sink } from "../data.ts";
import { lastName } from "../directory.ts";
import { ProtocolError } from "../errors.ts";
import { downloadFile } from "../local/downloads.ts";
import { baseName } from "../local/names.ts";
import { OnwardDownload } from "../local/onward.ts";
import { PartFile } from "../local/part.ts";
import { again } from "./again.ts";
import { quoted } from "./checks.ts";
import { assertApart, expandOperands } from "./remote_names.ts";
import type { TransferReport } from "./reporter.ts";
import { hintAtOutput, isStreamHere, localTarget, WrittenHere } from "./targets.ts";
import { eachOperand, type Task } from "./task.ts";
import { checked, outputSink, reported } from "./transfers.ts";
import { UsageError } from "./usage.ts";

/** Downloads files. */
export async function get(task: Task): Promise<void> {
  const { console, reporter, request, signal } = task;
  const { names, assertUsable } = await expandOperands(task, request.operands);
  if (request.output === undefined) assertApart(names);
  else if (request.output !== "-") assertOne(names, request.output);
  const written = new WrittenHere();
  await eachOperand(task, names, async (remote, index) => {
    // A file each, until a directory tells how many are in it.
    reporter.expect(names.length - index, undefined);
    if (request.output === "-") {
      return await reported(
        reporter,
        lastName(remote),
        (report) => onward(task, remote, outputSink(console, report), report),
      );
    }
    const target = await checked(reporter, lastName(remote), () => {
      assertUsable(remote);
      const target = localTarget(remote, request);
      written.assertOther(target);
      return target;
    });
    if (await isTree(task, remote)) {
      const { copyTree } = await import("./mirror.ts");
      await copyTree(task, { direction: "down", remote, local: target });
      return written.add(target);
    }
    await reported(reporter, baseName(target), async (report) => {
      if (isStreamHere(target)) {
        const stream = await PartFile.open(target, { signal });
        return await stream.fill(() => onward(task, remote, stream, report));
      }
      written.assertPartOther(target);
      return await again(
        task,
        "get",
        report,
        (client, options) => downloadFile(client, remote, target, options),
      );
    });
    written.add(target);
  }, { hint: hintAtOutput(request, (error) => error instanceof ProtocolError) });
}

/** One name is for one file, and a pattern may mean more: checks.ts sees what is typed alone. */
function assertOne(names: readonly string[], output: string): void {
  if (names.length <= 1) return;
  throw new UsageError(
    `-o ${quoted(output)} names one file, and ${names.length} match: get takes -O DIR for them`,
  );
}

/** Downloads into what takes octets once, and is open over all attempts. */
function onward(task: Task, remote: string, sink: Sink, report: TransferReport): Promise<boolean> {
  const download = new OnwardDownload(remote, sink);
  return again(task, "get", report, (client, options) => download.attempt(client, options));
}

/** Whether -r is given and `remote` is a directory. */
async function isTree(task: Task, remote: string): Promise<boolean> {
  if (!task.request.options.has("recursive")) return false;
  const client = await task.connected();
  return (await client.stat(remote, { signal: task.signal })).kind === "directory";
}
