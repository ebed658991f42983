/**
 * The lines that were typed, kept in a file of the user's from one shell to the next.
 *
 * What cannot be kept is only remembered: a shell without a home, or without the permission to look
 * for it, works all the same. Lines that may hold a password are neither kept nor remembered.
 *
 * @module
 */

import { decodeText, encodeText } from "../../text.ts";
import { withoutPassword } from "../../url.ts";
import { type Console, homeOf, isWhole } from "../console.ts";
import { closest } from "../usage.ts";
import { scanLine } from "./words.ts";

/** What a person scrolls through at most. */
export const HISTORY_LINES_MAX = 1_000;

/** A file that is longer than so many octets is no history that a shell has written. */
const HISTORY_BYTES_MAX = 4_194_304;

/** Whether a line may hold a password; one that cannot be read is judged as it stands. */
export function holdsSecret(line: string): boolean {
  // What looks like a blank may be meant as one.
  const words = scanLine(line.replace(/\s/g, " ")).words.map(({ text }) => text);
  // USER:PASSWORD@HOST, with or without a scheme or a verb.
  return words.some((word) => withoutPassword(word) !== word) ||
    hasSecretFlag(words) || isLogin(words);
}

/** --user NAME:PASSWORD; -u, which curl has, and lftp with a comma; --password, which is none. */
function hasSecretFlag(words: readonly string[]): boolean {
  return words.some((word, at) => {
    const [, letter, name = "", rest = ""] = /^-(?:(u)|-([\w-]+)[= ]?)([^]*)$/.exec(word) ?? [];
    const isUser = letter !== undefined || isMeant(name, ["user"]);
    if (isUser && /[:,]/.test(rest || (words[at + 1] ?? ""))) return true;
    return /^pass/i.test(name) && name !== "password-file";
  });
}

/** Verbs that a password follows behind a name or a colon; `login` is lftp's. */
const NAMED_LOGINS = ["user", "login"];

/** What a password follows at once; FTP's own, and `account` of ftp(1). */
const SECRETS = ["pass", "acct", "account"];

/** What a command of FTP follows as it is; `literal` is that of ftp(1). */
const RAW = ["quote", "literal"];

/** A login, as this shell has it, or others, or FTP itself. */
function isLogin([verb = "", ...operands]: readonly string[]): boolean {
  if (isMeant(verb, RAW)) return isLogin(operands.join(" ").trim().split(/\s+/));
  if (isMeant(verb, SECRETS)) return operands.length > 0;
  return isMeant(verb, NAMED_LOGINS) && (operands.length > 1 || operands.join().includes(":"));
}

/** Whether a word is one of these, with a slip in it or in capitals: it is typed all the same. */
function isMeant(word: string, known: readonly string[]): boolean {
  return closest(word.toLowerCase(), known) !== undefined;
}

/** The lines of a user, the newest first. */
export class History {
  readonly #path: string | undefined;
  #lines: string[];

  private constructor(path: string | undefined, lines: string[]) {
    this.#path = path;
    this.#lines = lines;
  }

  /** Reads the file, which need not be there; without `path` nothing is kept. */
  static async open(path: string | undefined): Promise<History> {
    if (path === undefined) return new History(undefined, []);
    try {
      const { size, isFile } = await Deno.stat(path);
      if (!isFile || size > HISTORY_BYTES_MAX) return new History(undefined, []);
      const all = linesOf(await Deno.readTextFile(path));
      // Twice as many: the file is not written anew for every line.
      if (all.length > 2 * HISTORY_LINES_MAX) shorten(path);
      return new History(path, all.slice(-HISTORY_LINES_MAX).toReversed());
    } catch (error) {
      return new History(error instanceof Deno.errors.NotFound ? path : undefined, []);
    }
  }

  /** The newest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Keeps a line, unless it is the one before it again, empty, or may hold a password. */
  add(line: string): void {
    if (line.trim() === "" || line === this.#lines[0] || holdsSecret(line)) return;
    this.#lines = [line, ...this.#lines.slice(0, HISTORY_LINES_MAX - 1)];
    if (this.#path === undefined) return;
    try {
      Deno.mkdirSync(this.#path.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o700 });
      using file = Deno.openSync(this.#path, { append: true, create: true, mode: 0o600 });
      lock(file);
      file.writeSync(encodeText(`${line}\n`));
    } catch {
      // It is remembered; a full disk is no reason to speak of something else than was asked for.
    }
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/**
 * Leaves the last lines of the file in it, which stays the same one for all who have it open. They
 * are moved over older ones, so that nothing is lost where that ends half-way, and read through what
 * has the lock, since on Windows that keeps all others out.
 */
function shorten(path: string): void {
  using file = Deno.openSync(path, { read: true, write: true });
  lock(file);
  const whole = new Uint8Array(file.statSync().size);
  for (let at = 0; at < whole.length;) {
    const count = file.readSync(whole.subarray(at));
    if (count === null) return; // somebody has cut it meanwhile
    at += count;
  }
  const lines = linesOf(decodeText(whole)).slice(-HISTORY_LINES_MAX);
  const octets = encodeText(`${lines.join("\n")}\n`);
  file.seekSync(0, Deno.SeekMode.Start);
  for (let at = 0; at < octets.length;) at += file.writeSync(octets.subarray(at));
  file.truncateSync(octets.length);
}

/** Keeps other shells from writing until the file is closed, flock(2): a matter of milliseconds. */
function lock(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch {
    // Some network file systems know no locks.
  }
}

/** Where the history is: in the folder for state of the XDG Base Directory Specification. */
export function historyPath(console: Console, isWindows?: boolean): string | undefined {
  const state = console.environment("XDG_STATE_HOME") ?? "";
  if (isWhole(state, isWindows)) return `${state}/ftplab/history`;
  const home = homeOf(console) ?? "";
  return isWhole(home, isWindows) ? `${home}/.local/state/ftplab/history` : undefined;
}
