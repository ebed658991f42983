/**
 * The folder that is served, looked at before anything is started; made with something to play
 * where the command line names none. What is wrong with a folder is one line.
 *
 * @module
 */

import { ServeError } from "./model.ts";

/**
 * The absolute real path of the folder at `path`, which is looked into.
 *
 * @throws {ServeError} with one line of text when it cannot be served.
 */
export function realRoot(path: string): string {
  try {
    const real = Deno.realPathSync(path);
    Deno.readDirSync(real)[Symbol.iterator]().next();
    return real;
  } catch (error) {
    throw rootError(path, error);
  }
}

/** The folder served where none is given; made when it is missing. */
export const DEFAULT_ROOT = "files";

/**
 * The absolute real path of the folder `given`, or of DEFAULT_ROOT.
 *
 * @throws {ServeError} when it cannot be served.
 */
export async function openRoot(given: string | undefined): Promise<string> {
  const root = given ?? DEFAULT_ROOT;
  try {
    if (given === undefined) await makeRoot(root);
  } catch (error) {
    throw rootError(root, error);
  }
  return realRoot(root);
}

async function makeRoot(root: string): Promise<void> {
  try {
    Deno.mkdirSync(root);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  // Read once in the life of a folder.
  const { sampleAvi } = await import("./serve/sample_avi.ts");
  Deno.writeFileSync(`${root}/a.avi`, sampleAvi());
}

function rootError(path: string, error: unknown): ServeError {
  return new ServeError(`Cannot serve "${path}": ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such folder";
  if (error instanceof Deno.errors.NotADirectory) return "not a folder";
  // A link may lead there too, so the runtime is asked, not the path.
  if (error instanceof Deno.errors.NotCapable && error.message.includes("--allow-all")) {
    return "below /dev, /proc and /sys the runtime wants --allow-all";
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied";
  }
  return error instanceof Error ? error.message : String(error);
}
