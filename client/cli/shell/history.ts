/**
 * The lines that were typed, kept in a file of the user's from one shell to the next.
 *
 * What cannot be kept is only remembered: a shell without a home, or without the permission to look
 * for it, works all the same. Lines that may hold a password are neither kept nor remembered.
 *
 * @module
 */

import { withoutPassword } from "../../url.ts";
import type { Console } from "../console.ts";
import { scanLine } from "./words.ts";

/** What a person scrolls through at most. */
export const HISTORY_LINES_MAX = 1_000;

/** A file that is longer than so many octets is no history that a shell has written. */
const HISTORY_BYTES_MAX = 4_194_304;

/** Whether a line may hold a password; one that cannot be read is judged as it stands. */
export function holdsSecret(line: string): boolean {
  const words = scanLine(line).words.map(({ text }) => text);
  const operands = words.slice(1).join(" ");
  // USER:PASSWORD@HOST, with or without a scheme or a verb, and the flag for the same.
  if (words.some((word) => withoutPassword(word) !== word)) return true;
  if (/--user[= ]\S*:/.test(operands)) return true;
  switch (words[0]) {
    case "user":
      return words.length > 2 || operands.includes(":");
    case "quote":
      return /^\s*(?:pass|acct)\b/i.test(operands);
    default:
      return false;
  }
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
      const all = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
      const kept = all.slice(-HISTORY_LINES_MAX);
      // Twice as many: the file is not written anew for every line.
      if (all.length > 2 * HISTORY_LINES_MAX) await replace(path, kept);
      return new History(path, kept.toReversed());
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
      Deno.writeTextFileSync(this.#path, `${line}\n`, { append: true, mode: 0o600 });
    } catch {
      // It is remembered; a full disk is no reason to speak of something else than was asked for.
    }
  }
}

/** Writes the whole file anew: nobody finds half of it. */
async function replace(path: string, lines: readonly string[]): Promise<void> {
  const part = `${path}.part`;
  await Deno.writeTextFile(part, `${lines.join("\n")}\n`, { mode: 0o600 });
  await Deno.rename(part, path);
}

/** Where the history is: in the folder for state of the XDG Base Directory Specification. */
export function historyPath(console: Console): string | undefined {
  const state = console.environment("XDG_STATE_HOME");
  if (state?.startsWith("/")) return `${state}/ftplab/history`;
  const home = console.environment("HOME");
  return home?.startsWith("/") ? `${home}/.local/state/ftplab/history` : undefined;
}
