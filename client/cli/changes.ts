/**
 * The small verbs: cat, mkdir, rm, mv, chmod and quote.
 *
 * verbs.ts names them in its table.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { joinPath, lastName } from "../directory.ts";
import { isLasting, LocalError, ProtocolError } from "../errors.ts";
import { OnwardDownload } from "../local/onward.ts";
import { encodeText, printable } from "../text.ts";
import { isDirectory, kindThere, makeDirectories, removeTree } from "../tree.ts";
import { rateOf, withTaskRetries } from "./again.ts";
import { expandOperands } from "./remote_names.ts";
import { eachOperand, isOutputFailure, onConnection, type Task } from "./task.ts";
import { outputSink } from "./transfers.ts";

/** Writes files to standard output. */
export async function cat(task: Task): Promise<void> {
  const { console, reporter, request, signal } = task;
  const { names } = await expandOperands(task, request.operands);
  await eachOperand(task, names, async (path) => {
    const download = new OnwardDownload(path, outputSink(console, reporter));
    await withTaskRetries(task, (client, attempt) =>
      download.attempt(client, {
        ...rateOf(request),
        signal,
        onProgress: () => attempt.moved(),
      }));
  }, { isFinal: isOutputFailure });
}

/** Makes directories. */
export async function mkdir(task: Task): Promise<void> {
  const { client, request } = task;
  await eachOperand(task, request.operands, async (path) => {
    if (request.options.has("parents")) await makeDirectories(client, path);
    else await client.makeDirectory(path);
  });
}

/** Removes files, or trees; with --force what is missing is removed already. */
export async function rm(task: Task): Promise<void> {
  const { options } = task.request;
  const { names } = await expandOperands(task, task.request.operands);
  const remove = async (path: string) => {
    if (options.has("recursive")) await onConnection(task, (client) => removeTree(client, path));
    else await task.client.removeFile(path);
  };
  await eachOperand(task, names, async (path) => {
    try {
      await remove(path);
    } catch (error) {
      if (!options.has("force") || !await isMissing(task.client, path, error)) throw error;
    }
  });
}

/** Whether nothing has the name for whose removal the server has `refused`, as far as it tells. */
async function isMissing(client: Client, path: string, refused: unknown): Promise<boolean> {
  if (!isLasting(refused)) return false;
  const kind = await kindThere(client, path).catch(() => "not told");
  return kind === undefined;
}

/** Renames one thing, or moves some into a directory, as mv(1) does. */
export async function mv(task: Task): Promise<void> {
  const { client, request } = task;
  const [sources, to] = [request.operands.slice(0, -1), request.operands.at(-1)!];
  const isFolder = to.endsWith("/") || sources.length > 1 || await isDirectory(client, to);
  await eachOperand(task, sources, async (from) => {
    const target = isFolder ? joinPath(to, lastName(from)) : to;
    if (request.options.has("no-clobber") && await kindThere(client, target) !== undefined) {
      throw new LocalError(
        `Cannot move "${from}" to "${target}": it is there already, and --no-clobber is given`,
      );
    }
    await client.rename(from, target);
  });
}

/** Changes mode bits. RFC 959 leaves SITE to the servers; most of those on Unix have CHMOD. */
export async function chmod(task: Task): Promise<void> {
  const { client, request } = task;
  const [mode, ...paths] = request.operands as [string, ...string[]];
  await eachOperand(task, paths, async (path) => {
    const reply = await client.command(`SITE CHMOD ${mode} ${path}`);
    if (reply.code >= 400) throw new ProtocolError(`Cannot change the mode of "${path}"`, reply);
  });
}

/** Sends a command and writes its reply, one line of the server's a line. */
export async function quote({ client, console, request }: Task): Promise<void> {
  const command = request.operands.join(" ");
  const reply = await client.command(command);
  if (reply.code >= 400) throw new ProtocolError(`Cannot do "${command}"`, reply);
  const show = console.outTerminal ? printable : (text: string) => text;
  const text = reply.lines.map((line) => `${show(line)}\n`).join("");
  await console.write(encodeText(`${reply.code} ${text}`));
}
