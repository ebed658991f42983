/**
 * What a test of the benchmark needs: it starts servers and looks below /proc.
 *
 * @module
 */

import { choosePins } from "../../bench/run/pins.ts";
import { Quota } from "../../bench/run/quota.ts";
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

/** Why no server can be kept to a part of a processor here, if so. */
export async function whyNoQuota(): Promise<string | undefined> {
  if (missing(NEEDS).length > 0) return undefined; // told by testWith
  const quota = Quota.open(1);
  if ("unavailable" in quota) return quota.unavailable;
  await quota[Symbol.asyncDispose]();
}

/** Why server and load cannot be kept apart here, if so. */
export async function whyNoPins(): Promise<string | undefined> {
  if (missing(NEEDS).length > 0) return undefined; // told by testWith
  const pins = await choosePins();
  return "unavailable" in pins ? pins.unavailable : undefined;
}
