/**
 * Glob patterns over names and paths: `*.avi`, `a?[0-9]`, `{films,music}/**`.
 *
 * Pure. A match takes time in proportion to pattern times name, whatever a server calls its files:
 * a regular expression made of such a pattern would not promise that.
 *
 * @module
 */

import { LocalError } from "../errors.ts";

/** The most alternatives that braces may make of one pattern: each is matched by itself. */
export const ALTERNATIVES_MAX = 256;

/** What a pattern asks of one character or of one name; "star" is any number of them. */
type Part<T> = "star" | ((item: T) => boolean);

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
    const tokens = tokensOf([...each]);
    const meansDot = dots || each.startsWith(".") || each.startsWith("\\.");
    return (name: string) => (meansDot || !name.startsWith(".")) && matches(tokens, [...name]);
  });
  return (name) => alternatives.some((matchesName) => matchesName(name));
}

function tokensOf(pattern: readonly string[]): Part<string>[] {
  const tokens: Part<string>[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === "*") {
      if (tokens.at(-1) !== "star") tokens.push("star");
    } else if (character === "?") {
      tokens.push(() => true);
    } else if (character === "[") {
      const end = endOfClass(pattern, at);
      tokens.push(end === -1 ? (other) => other === "[" : classOf(pattern.slice(at + 1, end)));
      if (end !== -1) at = end;
    } else {
      const literal = character === "\\" ? pattern[++at] ?? "\\" : character;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** Where the class that begins at `open` ends: a `]` that stands first is one of its members. */
function endOfClass(pattern: readonly string[], open: number): number {
  const first = isNegation(pattern[open + 1]) ? open + 2 : open + 1;
  return pattern.indexOf("]", first + 1);
}

function classOf(text: readonly string[]): (character: string) => boolean {
  const negated = isNegation(text[0]);
  const members = negated ? text.slice(1) : text;
  const ranges: [number, number][] = [];
  for (let at = 0; at < members.length; at++) {
    const isRange = members[at + 1] === "-" && at + 2 < members.length;
    ranges.push([codeOf(members[at]!), codeOf(members[isRange ? at + 2 : at]!)]);
    if (isRange) at += 2;
  }
  return (character) =>
    ranges.some(([low, high]) => codeOf(character) >= low && codeOf(character) <= high) !== negated;
}

function isNegation(character: string | undefined): boolean {
  return character === "!" || character === "^";
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}

/** Whether `items` are what `parts` ask for. Only the last star is given more: others need none. */
function matches<T>(parts: readonly Part<T>[], items: readonly T[]): boolean {
  let [part, at] = [0, 0];
  let star = -1;
  let starAt = 0;
  while (at < items.length) {
    const wanted = parts[part];
    if (wanted === "star") {
      star = part++;
      starAt = at;
    } else if (wanted !== undefined && wanted(items[at]!)) {
      part++;
      at++;
    } else if (star !== -1) {
      part = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (parts[part] === "star") part++;
  return part === parts.length;
}

/**
 * Compiles a pattern for a path of names with "/" between them, where the name `**` is any number
 * of names. Dots at the beginning are nothing special.
 */
export function compilePath(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((each) =>
    each.split("/").map((name) => name === "**" ? "star" as const : compileName(name, true))
  );
  return (path) => {
    const names = path.split("/");
    return alternatives.some((parts) => matches(parts, names));
  };
}
