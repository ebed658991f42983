/**
 * Glob patterns over names and paths: `*.avi`, `a?[0-9]`, `{films,music}/**`.
 *
 * Pure. What one name matches is the server's matter, too: words/glob.ts of it.
 *
 * @module
 */

import { compileGlob, matchParts, type Part, STAR } from "../../server/ftp/words/glob.ts";
import { LocalError } from "../errors.ts";

/** The most alternatives that braces may make of one pattern: each is matched by itself. */
export const ALTERNATIVES_MAX = 256;

/** The patterns without braces that a pattern with braces stands for. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const left = [pattern];
  for (let next; (next = left.pop()) !== undefined;) {
    const group = firstGroup(next);
    if (group === undefined) done.push(next);
    else left.push(...group.toReversed());
    if (done.length + left.length > ALTERNATIVES_MAX) {
      throw new LocalError(
        `Cannot use "${pattern}": its braces make more than ${ALTERNATIVES_MAX} patterns`,
      );
    }
  }
  return done;
}

/** `pattern` with its first group of braces replaced by each part; undefined without a group. */
function firstGroup(pattern: string): string[] | undefined {
  for (let open = pattern.indexOf("{"); open !== -1; open = pattern.indexOf("{", open + 1)) {
    if (isEscaped(pattern, open)) continue;
    const cuts = [open];
    let depth = 1;
    for (let at = open + 1; at < pattern.length; at++) {
      if (isEscaped(pattern, at)) continue;
      const character = pattern[at];
      if (character === "{") depth++;
      if (character === "}") depth--;
      if (character === "," && depth === 1) cuts.push(at);
      if (depth > 0) continue;
      // `{a}` means itself, as shells have it.
      if (cuts.length === 1) break;
      const [head, tail] = [pattern.slice(0, open), pattern.slice(at + 1)];
      return cuts.map((cut, index) => head + pattern.slice(cut + 1, cuts[index + 1] ?? at) + tail);
    }
  }
  return undefined;
}

function isEscaped(pattern: string, at: number): boolean {
  let backslashes = 0;
  while (pattern[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/**
 * Compiles a pattern for one name: `*`, `?`, `[a-z]`, `[!a-z]`, `\` before a character that means
 * itself, `{a,b}`. A `*` or `?` at the beginning matches no dot unless `dots` says so.
 */
export function compileName(pattern: string, dots: boolean): (name: string) => boolean {
  const alternatives = expandBraces(pattern).map((each) => {
    const matches = compileGlob(each);
    const meansDot = dots || each.startsWith(".") || each.startsWith("\\.");
    return (name: string) => (meansDot || !name.startsWith(".")) && matches(name);
  });
  return (name) => alternatives.some((matches) => matches(name));
}

/**
 * Compiles a pattern for a path of names with "/" between them, where the name `**` is any number
 * of names. Dots at the beginning are nothing special.
 */
export function compilePath(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((each) =>
    each.split("/").map((name): Part<string> => name === "**" ? STAR : compileName(name, true))
  );
  return (path) => {
    const names = path.split("/");
    return alternatives.some((parts) => matchParts(parts, names));
  };
}
