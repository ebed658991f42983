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

/** Why the calls cannot be made here, in one sentence, or undefined when they can. */
export function unavailableReason(): string | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) {
    return `it calls Linux on x86-64 or arm64 directly, this is ${os} on ${arch}`;
  }
  try {
    symbols();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "it needs --allow-ffi";
    return `libc.so.6 cannot be opened: ${error instanceof Error ? error.message : error}`;
  }
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
