/** The load in C, compiled for the first test of a file that wants it, and removed at the end. @module */

import { assert } from "@std/assert";
import { type LoadProgram, nativeLoad } from "../../bench/load/process.ts";

let compiled: Promise<LoadProgram> | undefined;

/** The program. */
export function nativeLoadOnce(): Promise<LoadProgram> {
  return compiled ??= compile();
}

async function compile(): Promise<LoadProgram> {
  const folder = await Deno.makeTempDir();
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const program = await nativeLoad(folder);
  assert("name" in program, JSON.stringify(program));
  return program;
}
