/**
 * What a tree on disk holds, and the calls that it needs: disk.ts makes and uses them.
 *
 * @module
 */

import type { FileCalls, Kernel } from "../libc/mod.ts";
import type { Identity } from "./volume.ts";

/** The calls on descriptors that a disk needs; a test fails one after another. */
export type DiskCalls = Pick<Kernel, "read" | "write" | "seek" | "truncate" | "tryLock" | "close">;

/** The calls on names. */
export type NameCalls = { [Name in keyof FileCalls]: FileCalls[Name] };

/** A directory that is open; it is closed when nobody holds it. */
export interface DiskDirectory {
  /** Of O_PATH. */
  readonly fd: number;
  /** The virtual path that it was found at. */
  readonly path: string;
  /** How many hold it; the volume itself may be one of them. */
  holds: number;
  /** What it is, where the volume holds it for the next operation. */
  identity?: Identity;
}

/** An open file. */
export interface DiskFile {
  /** Its descriptor. */
  readonly fd: number;
}

/** Names being read: a descriptor of its own. */
export interface DiskNames {
  /** Its descriptor. */
  readonly fd: number;
}
