/**
 * The folder that serve serves: looked at before anything listens, made with something to play
 * where none is given. mod.ts calls it; what is wrong with a folder is one line.
 *
 * @module
 */

import { realRoot, rootError } from "../model.ts";

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
  // Read once in the life of a folder: the address is no literal.
  const { sampleAvi }: typeof import("./sample_avi.ts") = await import(
    new URL("./sample_avi.ts", import.meta.url).href
  );
  Deno.writeFileSync(`${root}/a.avi`, sampleAvi());
}
