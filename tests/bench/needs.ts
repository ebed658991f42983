/**
 * What a test of the benchmark needs: it starts servers and looks below /proc.
 *
 * @module
 */

import { missing, type Need, SERVER_NEEDS } from "../permission.ts";

/** Permissions of a test that measures a server in a process of its own. */
export const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

async function hasCompiler(): Promise<boolean> {
  try {
    return (await new Deno.Command("cc", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Why what is compiled cannot be tested, if it cannot. */
export const noCompiler = missing(NEEDS).length > 0 || await hasCompiler()
  ? undefined
  : "there is no C compiler, cc";
