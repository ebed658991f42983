/**
 * What mod.ts has to know of the machine: where a server's program is, what version it says it
 * is, which account it may change to. Reads only; the one thing run is a program asked its version.
 *
 * @module
 */

import { join } from "@std/path";

/** A program, and what it needs to find its libraries. */
export interface Program {
  /** Where it is. */
  readonly path: string;
  /** To be added to the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Servers are often outside of a user's PATH. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** Looks for `name` in packages unpacked in `roots`, then on the machine. */
export async function findProgram(
  name: string,
  roots: readonly string[],
): Promise<Program | undefined> {
  for (const root of roots) {
    // An unpacked server's libraries are where the package system would have put them.
    const libraries = join(root, "usr/lib", `${Deno.build.arch}-linux-gnu`);
    for (const path of [join(root, "usr/sbin", name), join(root, "usr/bin", name)]) {
      if (await isFile(path)) return { path, environment: { LD_LIBRARY_PATH: libraries } };
    }
  }
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), ...SERVER_FOLDERS]) {
    const path = join(folder, name);
    if (await isFile(path)) return { path, environment: {} };
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** What the file `path` holds; undefined when there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  return await isFile(path) ? await Deno.readTextFile(path) : undefined;
}

/** What `pattern`, or its group, finds in all that `command` writes; undefined: it cannot run. */
export async function versionOf(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  pattern: RegExp,
): Promise<string | undefined> {
  if (program === undefined || !await isFile(program)) return undefined;
  const { stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return pattern.exec(decoder.decode(stdout) + decoder.decode(stderr))?.at(-1);
}

/** Whose rights anonymous users get. */
export interface Account {
  /** As the user is called. */
  readonly name: string;
  /** The number of the user. */
  readonly uid: number;
  /** The number of the user's group. */
  readonly gid: number;
  /** As the group is called. */
  readonly group: string;
}

/** The account made for this, and the one that every system has. */
const ACCOUNTS = ["ftp", "nobody"];

/**
 * The account that anonymous users become.
 *
 * @throws {Error} when there is none for it, in one line.
 */
export async function existingAccount(): Promise<Account> {
  const table = async (path: string) =>
    (await Deno.readTextFile(path)).split("\n").map((line) => line.split(":"));
  const users = await table("/etc/passwd");
  for (const name of ACCOUNTS) {
    const user = users.find((fields) => fields[0] === name);
    const group = (await table("/etc/group")).find((fields) => fields[2] === user?.[3])?.[0];
    if (user === undefined || group === undefined) continue;
    return { name, uid: Number(user[2]), gid: Number(user[3]), group };
  }
  throw new Error(`There is none of the accounts ${ACCOUNTS.join(", ")} for anonymous users`);
}

/** `texts` as the lines of a file. */
export function lines(texts: readonly string[]): string {
  return texts.join("\n") + "\n";
}
