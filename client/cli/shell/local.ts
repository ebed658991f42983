/**
 * Names of this machine as a line has them, and the shell's directory here. It is the process's
 * own: every verb, those that are yet to come too, and every command behind "!" goes on from there
 * without being told, as in ftp(1).
 *
 * @module
 */

import { LocalError, localError } from "../../errors.ts";
import type { Request } from "../arguments.ts";
import { type Console, homeOf, isWhole } from "../console.ts";
import { isRemote } from "../escaped.ts";
import type { ShellFace } from "./task.ts";

/** Names that a listing here keeps, at most: what is more is no directory for a screen. */
const NAMES_MAX = 100_000;

/** The directory from which local names go on. */
export function localDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw localError("Cannot tell the directory here", error);
  }
}

/** Changes it; without a path back to where the shell was begun. */
export function changeLocalDirectory(shell: ShellFace, path: string | undefined): void {
  if (shell.begunIn === undefined) shell.begunIn = directoryIfThere();
  const target = path ?? shell.begunIn;
  if (target === null) throw new LocalError("lcd has no directory to go back to");
  try {
    Deno.chdir(target);
  } catch (error) {
    throw localError(`Cannot change to "${target}"`, error);
  }
}

/** Goes back to where the shell was begun, if it has left and that is there still. */
export function returnHere({ begunIn }: ShellFace): void {
  if (typeof begunIn !== "string") return;
  try {
    Deno.chdir(begunIn);
  } catch {
    // The process ends wherever it is.
  }
}

/** The directory of this process; null when it has been removed. */
function directoryIfThere(): string | null {
  try {
    return Deno.cwd();
  } catch {
    return null;
  }
}

/** What stands for the user's own folder. */
const HOME = /^~(?:\/|$)/;

/**
 * A name here as other shells read it: "~", and what begins with "~/", is below the user's own
 * folder. A file that is called so is "./~".
 */
export function localPath(name: string, console: Console): string {
  const home = homeOf(console);
  return home !== undefined && HOME.test(name) ? home + name.slice(1) : name;
}

/** A name in the directory here as `localPath` takes it for itself. */
export function selfNamed(name: string): string {
  return HOME.test(name) ? `./${name}` : name;
}

/** The same of all names of this machine in what a line asks for. */
export function localNamesOf(request: Request, console: Console): Request {
  const { verb, options, output, outputDirectory } = request;
  const here = (name: string) => localPath(name, console);
  const sides = { verb, reverse: options.has("reverse") };
  const operands = request.operands.map((each, index) =>
    isRemote(sides, index) ? each : here(each)
  );
  if (verb === "put") return { ...request, operands };
  return {
    ...request,
    operands,
    ...(output === undefined ? {} : { output: here(output) }),
    ...(outputDirectory === undefined ? {} : { outputDirectory: here(outputDirectory) }),
  };
}

/**
 * The same for where a shell connects: the files that it names are read at each connection, and
 * stay those that they are now whatever `lcd` does. `here` says what a name means.
 *
 * @throws {LocalError} when the directory here cannot be told.
 */
export function withWholePaths(
  target: Request,
  here: (name: string) => string = (name) => name,
): Request {
  const { passwordFile, netrcFile, tls } = target;
  const whole = (name: string) => wholePath(here(name));
  const isFile = passwordFile !== undefined && passwordFile !== "-";
  return {
    ...target,
    ...(isFile ? { passwordFile: whole(passwordFile) } : {}),
    ...(netrcFile === undefined ? {} : { netrcFile: whole(netrcFile) }),
    ...(tls?.caFile === undefined ? {} : { tls: { ...tls, caFile: whole(tls.caFile) } }),
  };
}

function wholePath(path: string): string {
  return isWhole(path) ? path : `${localDirectory()}/${path}`;
}

/** What a directory here has, as far as `takes` says so, sorted; directories end with "/". */
export async function localNames(
  path: string,
  takes: (entry: Deno.DirEntry) => boolean = () => true,
): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (!takes(entry)) continue;
      if (names.length === NAMES_MAX) {
        throw new LocalError(`Cannot list "${path}": it has more than ${NAMES_MAX} names`);
      }
      names.push(entry.isDirectory ? `${entry.name}/` : entry.name);
    }
  } catch (error) {
    throw localError(`Cannot list "${path}"`, error);
  }
  return names.sort();
}
