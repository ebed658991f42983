/**
 * An open regular file, two ways: through the runtime, which works wherever it runs, and through
 * the C library, whose descriptor sendfile(2) can take. Paths here are real and already checked.
 *
 * @module
 */

import type { Failure } from "../server/mod.ts";
import { errorText, type Libc } from "./libc/mod.ts";
import * as c from "./libc/constants.ts";

/** What an operation on a file came to when it failed; the executor turns it into a completion. */
export class FileFailure extends Error {
  override name = "FileFailure";
  constructor(readonly failure: Failure, detail: string) {
    super(detail);
  }
}

/** How to open: an existing file to read, an existing or a new one to write. */
export type OpenMode = "read" | "modify" | "create" | "createNew";

/** A file's octets. Every method throws FileFailure. */
export interface OpenFile {
  /** The descriptor, where there is one that the kernel's calls can take. */
  readonly descriptor?: number;
  /** Fills `buffer` from the current position; 0 at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): number;
  /** Writes all of `octets` at the current position. */
  write(octets: Uint8Array<ArrayBuffer>): void;
  seek(offset: number): void;
  truncate(length: number): void;
  /** Takes the exclusive lock of flock(2); false when another open file has it. */
  tryLock(): boolean;
  close(): void;
}

/** Opens the file at a real path, never through a symbolic link in its last component. */
export type OpenFunction = (path: string, mode: OpenMode) => OpenFile;

const FAILURES: Readonly<Record<string, Failure>> = {
  ENOENT: "notFound",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ELOOP: "denied",
  EEXIST: "exists",
  ENOTEMPTY: "notEmpty",
  EISDIR: "isDirectory",
  ENOTDIR: "notDirectory",
  ENAMETOOLONG: "badName",
  EINVAL: "badName",
  ENOSPC: "noSpace",
  EDQUOT: "noSpace",
  EFBIG: "noSpace",
  EMFILE: "tooMany",
  ENFILE: "tooMany",
  EBUSY: "busy",
  ETXTBSY: "busy",
};

/** The failure for an error number by its name, for example "ENOENT". */
export function failureOfCode(code: string | undefined): Failure {
  return (code !== undefined ? FAILURES[code] : undefined) ?? "io";
}

const CODE_OF_ERRNO: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(c).filter(([name]) => name in FAILURES).map(([name, value]) => [value, name]),
);

/** Runs `body`; a runtime error comes out as FileFailure with the system's own words. */
export function withFailures<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof FileFailure || !(error instanceof Error)) throw error;
    if (error instanceof Deno.errors.NotCapable) {
      throw new FileFailure("denied", "the server was not given access to it");
    }
    const code = (error as { code?: string }).code;
    if (code === undefined) throw error;
    throw new FileFailure(failureOfCode(code), error.message.replace(/ \(os error.*$/s, ""));
  }
}

const RUNTIME_OPTIONS: Readonly<Record<OpenMode, Deno.OpenOptions>> = {
  read: { read: true },
  modify: { write: true },
  create: { write: true, create: true },
  createNew: { write: true, createNew: true },
};

class RuntimeFile implements OpenFile {
  readonly #file: Deno.FsFile;

  constructor(path: string, mode: OpenMode) {
    this.#file = withFailures(() => Deno.openSync(path, RUNTIME_OPTIONS[mode]));
  }

  read(buffer: Uint8Array<ArrayBuffer>): number {
    return withFailures(() => this.#file.readSync(buffer)) ?? 0;
  }

  write(octets: Uint8Array<ArrayBuffer>): void {
    for (let done = 0; done < octets.length;) {
      done += withFailures(() => this.#file.writeSync(octets.subarray(done)));
    }
  }

  seek(offset: number): void {
    withFailures(() => this.#file.seekSync(offset, Deno.SeekMode.Start));
  }

  truncate(length: number): void {
    withFailures(() => this.#file.truncateSync(length));
  }

  tryLock(): boolean {
    return withFailures(() => this.#file.tryLockSync(true));
  }

  close(): void {
    this.#file.close();
  }
}

/** Opens through the runtime: no FFI. */
export const openWithRuntime: OpenFunction = (path, mode) => new RuntimeFile(path, mode);

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: c.O_RDONLY,
  modify: c.O_WRONLY,
  create: c.O_WRONLY | c.O_CREAT,
  createNew: c.O_WRONLY | c.O_CREAT | c.O_EXCL,
};

/** The failure for a result of the C library, -errno. */
export function fileFailure(result: number): FileFailure {
  return new FileFailure(failureOfCode(CODE_OF_ERRNO[-result]), errorText(-result));
}

class LibcFile implements OpenFile {
  readonly descriptor: number;

  constructor(readonly libc: Libc, path: string, mode: OpenMode) {
    // O_NONBLOCK: a FIFO of that name must not block the thread; regular files ignore it.
    this.descriptor = this.#done(libc.open(path, FLAGS[mode] | c.O_NOFOLLOW | c.O_NONBLOCK, 0o666));
  }

  /** `result` when it is no error; else the error as FileFailure. */
  #done(result: number): number {
    if (result >= 0) return result;
    throw fileFailure(result);
  }

  read(buffer: Uint8Array<ArrayBuffer>): number {
    return this.#done(this.libc.read(this.descriptor, buffer));
  }

  write(octets: Uint8Array<ArrayBuffer>): void {
    for (let done = 0; done < octets.length;) {
      done += this.#done(this.libc.write(this.descriptor, octets.subarray(done)));
    }
  }

  seek(offset: number): void {
    this.#done(this.libc.seek(this.descriptor, offset));
  }

  truncate(length: number): void {
    this.#done(this.libc.truncate(this.descriptor, length));
  }

  tryLock(): boolean {
    const result = this.libc.tryLock(this.descriptor);
    if (result === -c.EAGAIN) return false;
    this.#done(result);
    return true;
  }

  close(): void {
    this.libc.close(this.descriptor);
  }
}

/** Opens through the C library. */
export function openWithLibc(libc: Libc): OpenFunction {
  return (path, mode) => new LibcFile(libc, path, mode);
}
