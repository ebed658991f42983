/**
 * get: files from the server, one after the other.
 *
 * verbs.ts names it in its table; what its operands and flags may be is in checks.ts.
 *
 * @module
 */

import { lastName } from "../directory.ts";
import { ProtocolError } from "../errors.ts";
import { downloadFile } from "../local/downloads.ts";
import { baseName } from "../local/names.ts";
import { OnwardDownload } from "../local/onward.ts";
import { again } from "./again.ts";
import { assertApart, expandOperands } from "./remote_names.ts";
import { hintAtOutput, localTarget } from "./targets.ts";
import { eachOperand, type Task } from "./task.ts";
import { counted, outputSink, reported, treeRoom } from "./transfers.ts";

/** Downloads files. */
export async function get(task: Task): Promise<void> {
  const { console, reporter, request } = task;
  const { names, assertUsable } = await expandOperands(task, request.operands);
  if (request.output === undefined) assertApart(names);
  reporter.expect(names.length, undefined);
  await eachOperand(task, names, async (remote) => {
    if (request.output === "-") {
      return await reported(reporter, lastName(remote), (report) => {
        const download = new OnwardDownload(remote, outputSink(console, report));
        return again(task, "get", report, (client, options) => download.attempt(client, options));
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
