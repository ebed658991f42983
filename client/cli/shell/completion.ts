/**
 * What a line can be completed to: verbs, their flags, names on the server, names here.
 *
 * Asking a server takes time that somebody waits: a listing that does not come within
 * LISTING_WAIT_MS completes nothing now, and is there for the next Tab. Nothing is connected for a
 * Tab.
 *
 * @module
 */

import type { Client } from "../../client.ts";
import { LocalError } from "../../errors.ts";
import { escapeName, unescapeName } from "../../escapes.ts";
import { printable } from "../../text.ts";
import { GRAMMAR, LETTERS_OF_VERB } from "../arguments.ts";
import { isRemote } from "../escaped.ts";
import { readFlags, UsageError } from "../flags.ts";
import type { Explained } from "./help.ts";
import { selfNamed } from "./local.ts";
import { ALIASES } from "./verbs.ts";
import { quoteWord, scanLine } from "./words.ts";

/** The longest that Tab holds up typing. */
const LISTING_WAIT_MS = 1_000;

/** A listing that is older may have become wrong by somebody else's doing. */
const LISTING_AGE_MS_MAX = 15_000;

/** Directories whose names are remembered at a time. */
const LISTINGS_MAX = 16;

/** So many words are shown: more are no help to anybody. */
const SHOWN_MAX = 100;

/** Flags whose value is a name on the other side than the operands. */
const OTHER_SIDE = ["-o", "--output", "-O", "--output-dir"];

/** What can be asked while a line is typed. */
export interface Surroundings {
  readonly verbs: readonly Explained[];
  /** The names in a directory on the server, "" being the working one; directories end in "/". */
  remoteNames(directory: string): Promise<readonly string[]>;
  /** The same here. */
  localNames(directory: string): Promise<readonly string[]>;
}

/** The words that the end of `line` can become, and what of it they stand for. */
export async function complete(
  line: string,
  surroundings: Surroundings,
): Promise<readonly [words: string[], typed: string]> {
  const { words, open, endsInWord, endsInComment } = scanLine(line);
  if (endsInComment) return [[], ""];
  const last = endsInWord ? words.at(-1)! : { text: "", start: line.length };
  const before = endsInWord ? words.slice(0, -1) : words;
  const typed = line.slice(last.start);
  const found = await candidates(before.map(({ text }) => text), last.text, surroundings);
  const quote = typed[0] === '"' || typed[0] === "'" ? typed[0] : undefined;
  const offered = found.map((word) => asTyped(word, quote));
  // What several words have in common, which Tab inserts, may end in a backslash of theirs.
  const fit = open === "\\" ? offered.filter((word) => word.startsWith(typed)) : offered;
  return [few(fit, typed), typed];
}

/** A word that is whole ends with a space, a directory may go on. */
function asTyped(word: string, quote: '"' | "'" | undefined): string {
  if (word.endsWith("/")) return quoteWord(word, quote);
  return `${quoteWord(word, quote)}${quote ?? ""} `;
}

/** What the last word can become, in the order in which it is shown. */
async function candidates(
  before: readonly string[],
  typed: string,
  { verbs, remoteNames, localNames }: Surroundings,
): Promise<string[]> {
  const begins = (word: string) => word.startsWith(typed);
  // What begins a line is what help takes.
  const [word = "help"] = before;
  const name = ALIASES.get(word) ?? word;
  if (name === "help") return verbs.map((verb) => verb.name).filter(begins).sort();
  const verb = verbs.find((each) => each.name === name);
  if (verb === undefined) return [];
  const isFlagOrName = (verb.flags !== undefined || verb.takesFlags) && !before.includes("--");
  if (isFlagOrName && typed.startsWith("-")) {
    return (verb.flags ?? []).map((flag) => `--${flag}`).filter(begins).sort();
  }
  if (verb.takes === undefined) return [];
  const isLocal = isOperandLocal(verb, before) !== OTHER_SIDE.includes(before.at(-1)!);
  const cut = typed.lastIndexOf("/") + 1;
  const [directory, start] = [typed.slice(0, cut), typed.slice(cut)];
  const names = await (isLocal ? localNames : remoteNames)(directory);
  return names
    // A hidden name is asked for by its dot; what has control characters cannot be typed at all.
    .filter((each) => each.startsWith(start) && (start !== "" || !each.startsWith(".")))
    .filter((each) => printable(each) === each)
    .filter((each) => name !== "cd" && name !== "lcd" || each.endsWith("/"))
    .map((each) => isLocal && directory === "" ? selfNamed(each) : directory + each)
    .map((each) => isFlagOrName && each.startsWith("-") ? `./${each}` : each)
    .sort();
}

/** Whether the operand behind `before` is a name of this machine: mirror takes one of each side. */
function isOperandLocal({ name, takes }: Explained, before: readonly string[]): boolean {
  if (name !== "mirror") return takes === "local";
  try {
    const flags = readFlags({ ...GRAMMAR, letters: LETTERS_OF_VERB.get(name) ?? {} }, before);
    return !isRemote({ verb: name, reverse: flags.has("reverse") }, flags.operands.length - 1);
  } catch (error) {
    if (error instanceof UsageError) return false; // the line is refused as it stands
    throw error;
  }
}

/** No more words than a person looks at; what they have in common is not lost by that. */
function few(words: readonly string[], typed: string): string[] {
  if (words.length <= SHOWN_MAX) return [...words];
  const common = words.reduce((left, right) => {
    let length = 0;
    while (length < left.length && left[length] === right[length]) length++;
    return left.slice(0, length);
  });
  if (common.length > typed.length) return [common];
  return [...words.slice(0, SHOWN_MAX), `(and ${words.length - SHOWN_MAX} more)`];
}

/** Names on the server, remembered for as long as they are probably right. */
export class NameSource {
  readonly #client: () => Client | undefined;
  readonly #listings = new Map<string, { names: Promise<readonly string[]>; askedMs: number }>();

  /** @param client The connection, if there is one. */
  constructor(client: () => Client | undefined) {
    this.#client = client;
  }

  /**
   * The names in a directory; none when they do not come in time, or cannot be had. `isEscaped`: all
   * of them as ls shows them on a terminal.
   */
  async list(directory: string, isEscaped = false): Promise<readonly string[]> {
    if (isEscaped) return await this.#listEscaped(directory);
    const names = this.#asked(directory);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<readonly string[]>((resolve) => {
      timer = setTimeout(() => resolve([]), LISTING_WAIT_MS);
    });
    try {
      return await Promise.race([names, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #listEscaped(directory: string): Promise<readonly string[]> {
    let path: string;
    try {
      path = unescapeName(directory);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      return []; // an escape is not whole yet
    }
    return (await this.list(path)).map(escapeName);
  }

  /** Forgets everything: a verb may have changed it. */
  forget(): void {
    this.#listings.clear();
  }

  #asked(directory: string): Promise<readonly string[]> {
    const known = this.#listings.get(directory);
    const now = performance.now();
    if (known !== undefined && now - known.askedMs < LISTING_AGE_MS_MAX) return known.names;
    const client = this.#client();
    if (client === undefined) return Promise.resolve([]);
    const names = client.list(directory, { onUnread() {} }).then((entries) =>
      entries.map(({ kind, name }) => kind === "directory" ? `${name}/` : name)
    ).catch(() => {
      // A directory that cannot be listed has nothing to complete to.
      return [];
    });
    if (this.#listings.size === LISTINGS_MAX) this.#listings.clear();
    this.#listings.set(directory, { names, askedMs: now });
    return names;
  }
}
