/**
 * The C library of the calling thread: opened once, at the first use, with the place where its
 * error numbers appear. mod.ts and files.ts make the kernel's calls through it.
 *
 * Importing this file loads nothing.
 *
 * @module
 */

import { CALL_NAMES, type CallName, SYMBOLS } from "./symbols.ts";

/** The functions of SYMBOLS. */
export type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let library: Library | undefined;

/** Opens the C library once per thread, at the first use. */
export function symbols(): Library {
  return library ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/**
 * The calling thread's errno: its one element is the error of the last call that failed, to be
 * read in the same expression as the call, before anything else runs.
 */
export function errnoOf(c: Pick<Library, "__errno_location">): Int32Array {
  const location = c.__errno_location();
  if (location === null) throw new Error("Cannot find errno");
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
}

/** Where each call is counted. */
export const INDEX = Object.fromEntries(
  CALL_NAMES.map((name, index) => [name, index]),
) as Record<CallName, number>;
