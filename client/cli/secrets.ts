/**
 * Who logs in, and with which password, without one in a command line: the file of
 * --password-file, the variable FTPLAB_PASSWORD, .netrc, or a question on the terminal.
 *
 * connection.ts asks before it connects. No password is ever printed, nor part of an error.
 *
 * @module
 */

import { LocalError, localError } from "../errors.ts";
import { decodeText } from "../text.ts";
import type { Request } from "./arguments.ts";
import { type Console, homeOf } from "./console.ts";
import { UsageError } from "./flags.ts";
import { findLogin, NETRC_BYTES_MAX, type NetrcEntry, parseNetrc } from "./netrc.ts";

/** A login as `connect` takes it; anonymous without a user. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly account?: string;
}

/** The first line of a longer file is no password. */
const PASSWORD_BYTES_MAX = 4_096;

const LF = 0x0a;

/** Users that send any password, by RFC 1635. */
const ANONYMOUS = ["anonymous", "ftp"];

/**
 * The login for a request. In this order: the command line or the URL, --password-file,
 * FTPLAB_PASSWORD, .netrc, the terminal. Without a user .netrc is looked into alone, and anonymous
 * is who logs in when it has nothing for the host.
 *
 * @throws {UsageError} when a password is needed and there is none.
 * @throws {LocalError} when a file that was named cannot be read.
 */
export async function loginFor(
  request: Request,
  console: Console,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Login> {
  const { host, user, password, passwordFile } = request;
  if (password !== undefined) return { ...named(user), password };
  if (passwordFile !== undefined) {
    if (user === undefined) throw new UsageError("--password-file takes a --user, too");
    return { user, password: await passwordIn(passwordFile, console, note) };
  }
  // An empty one is how scripts say that there is none.
  const variable = user === undefined ? "" : console.environment("FTPLAB_PASSWORD") ?? "";
  if (variable !== "") return { ...named(user), password: variable };
  const notes: string[] = [];
  const entry = findLogin(await netrcOf(request, (text) => notes.push(text), console), host, user);
  // Who can read a file matters where it holds what is used.
  if (entry?.password !== undefined) notes.forEach(note);
  const login = { ...entry, ...named(user) };
  const { user: name = login.login } = login;
  if (name === undefined) return {};
  const account = login.account === undefined ? {} : { account: login.account };
  if (login.password !== undefined) return { user: name, password: login.password, ...account };
  if (ANONYMOUS.includes(name)) return { user: name, ...account };
  const asked = await console.askSecret(`Password for ${name} at ${host}: `, signal);
  if (asked === undefined) {
    throw new UsageError(
      `No password for "${name}": give --password-file FILE, FTPLAB_PASSWORD or .netrc`,
    );
  }
  return { user: name, password: asked, ...account };
}

function named(user: string | undefined): { user?: string } {
  return user === undefined ? {} : { user };
}

/** The first line of a file, or of standard input. */
async function passwordIn(
  path: string,
  console: Console,
  note: (text: string) => void,
): Promise<string> {
  const isInput = path === "-";
  const octets = isInput
    ? await readUpTo(PASSWORD_BYTES_MAX, firstLine(console))
    : await readFile(path, PASSWORD_BYTES_MAX, note);
  const [line = ""] = decodeText(octets).split(/\r?\n/, 1);
  if (line.length > 0 && octets.length <= PASSWORD_BYTES_MAX) return line;
  const where = isInput ? "standard input" : `"${path}"`;
  throw new LocalError(`Cannot use ${where} as a password: its first line is empty, or too long`);
}

/** Reads standard input to the end of its first line: what follows is for whoever reads next. */
function firstLine(console: Console): (buffer: Uint8Array<ArrayBuffer>) => Promise<number | null> {
  let last: number | undefined;
  return async (buffer) => {
    if (last === LF) return null;
    const count = await console.read(buffer.subarray(0, 1));
    last = buffer[0];
    return count;
  };
}

/** The .netrc that was named, else the one of the user, if there is one that may be read. */
async function netrcOf(
  { netrcFile }: Request,
  note: (text: string) => void,
  console: Console,
): Promise<NetrcEntry[]> {
  const home = homeOf(console);
  const path = netrcFile ?? (home === undefined ? undefined : `${home}/.netrc`);
  if (path === undefined) return [];
  let octets: Uint8Array;
  try {
    octets = await readFile(path, NETRC_BYTES_MAX, note);
  } catch (error) {
    if (netrcFile === undefined) return [];
    throw error;
  }
  if (octets.length > NETRC_BYTES_MAX) throw new LocalError(`Cannot use "${path}": it is too long`);
  return parseNetrc(decodeText(octets));
}

/** At most one octet more than `limit`. Who else can read the file is warned of. */
async function readFile(
  path: string,
  limit: number,
  note: (text: string) => void,
): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const { mode, isFile, isDirectory } = await file.stat();
    if (isDirectory) throw new LocalError(`Cannot read "${path}": it is a directory`);
    // A pipe, such as the shell's <(...), has no mode that means anything. Windows has none at all.
    if (isFile && mode !== null && (mode & 0o077) !== 0 && Deno.build.os !== "windows") {
      note(`Warning: "${path}" can be read by others: chmod 600 keeps it to you`);
    }
    return await readUpTo(limit, (buffer) => file.read(buffer));
  } catch (error) {
    throw localError(`Cannot read "${path}"`, error);
  }
}

async function readUpTo(
  limit: number,
  read: (buffer: Uint8Array<ArrayBuffer>) => Promise<number | null>,
): Promise<Uint8Array> {
  const octets = new Uint8Array(limit + 1);
  let length = 0;
  while (length < octets.length) {
    const count = await read(octets.subarray(length));
    if (count === null) break;
    length += count;
  }
  return octets.subarray(0, length);
}
