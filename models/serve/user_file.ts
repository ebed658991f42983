/**
 * The file of --user-file: who may log in besides those of the command line, which every user of
 * the machine can read. mod.ts asks for it before it serves.
 *
 * @module
 */

import { UsageError } from "../../client/cli/flags.ts";
import type { User } from "../../server/mod.ts";
import type { ServeOptions } from "../model.ts";
import { userOf } from "./flags.ts";

/** Some ten thousand users: what is longer is another file. */
export const USER_FILE_BYTES_MAX = 1_048_576;

/**
 * `options` with the users that the file at `path` names besides.
 *
 * @throws {UsageError} as `readUsers`.
 */
export function withUsersOf<T extends Pick<ServeOptions, "settings">>(path: string, options: T): T {
  const { settings } = options;
  const { accounts } = settings.ftp;
  const all = { ...accounts, users: [...accounts.users, ...readUsers(path)] };
  return { ...options, settings: { ...settings, ftp: { ...settings.ftp, accounts: all } } };
}

/**
 * The users in the file at `path`: a NAME:PASSWORD a line, in UTF-8; lines that are empty or begin
 * with # are none.
 *
 * @throws {UsageError} that names the file, and the line, but nothing of what stands there.
 */
export function readUsers(path: string): User[] {
  const wrong = (what: string) => new UsageError(`Cannot use --user-file "${path}": ${what}`);
  const lines = textOf(path, wrong).split(/\r?\n/);
  const users = [...lines.entries()].filter(([, line]) => !/^\s*(#|$)/.test(line))
    .map(([index, line]) => userOf(line, () => wrong(`line ${index + 1} is no NAME:PASSWORD`)));
  if (users.length === 0) throw wrong("it names nobody");
  return users;
}

/** All of a file, or of a pipe, such as the shell's <(...). */
function textOf(path: string, wrong: (what: string) => UsageError): string {
  const octets = new Uint8Array(USER_FILE_BYTES_MAX + 1);
  let length = 0;
  try {
    using file = Deno.openSync(path);
    for (;;) {
      const count = file.readSync(octets.subarray(length));
      if (!count) break; // its end, or there is no room for more
      length += count;
    }
  } catch (error) {
    throw wrong(reasonOf(error));
  }
  if (length > USER_FILE_BYTES_MAX) throw wrong(`it is over ${USER_FILE_BYTES_MAX} octets`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets.subarray(0, length));
  } catch {
    throw wrong("it is not UTF-8");
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied";
  }
  return error instanceof Error ? error.message : String(error);
}
