/**
 * Patterns of names as shells have them (glob(7)): "*" for any characters, "?" for one, "[a-z]" and
 * "[!a-z]" for one of several, "\" before a character that means itself.
 *
 * Listings of the server match names against them, and so does the client: braces, paths and what
 * a dot at the beginning means are its own. A match takes time in proportion to pattern times
 * name, whatever somebody calls a file: a regular expression made of such a pattern would not
 * promise that.
 *
 * @module
 */

/** Any number of items. */
export const STAR = Symbol("*");

/** What a pattern asks of one item of a sequence, a character or a name. */
export type Part<T> = typeof STAR | ((item: T) => boolean);

/** Compiles a pattern for one name. */
export function compileGlob(pattern: string): (name: string) => boolean {
  const parts = partsOf(Array.from(pattern));
  return (name) => matchParts(parts, Array.from(name));
}

/** Whether `items` are what `parts` ask for. Only the last star is given more: others need none. */
export function matchParts<T>(parts: readonly Part<T>[], items: readonly T[]): boolean {
  let [part, at] = [0, 0];
  // Where the last star was, and up to where it has been taken to reach.
  let [star, reach] = [-1, 0];
  while (at < items.length) {
    const wanted = parts[part];
    if (wanted === STAR) {
      star = part++;
      reach = at;
    } else if (wanted !== undefined && wanted(items[at]!)) {
      part++;
      at++;
    } else if (star !== -1) {
      part = star + 1;
      at = ++reach;
    } else {
      return false;
    }
  }
  while (parts[part] === STAR) part++;
  return part === parts.length;
}

function partsOf(pattern: readonly string[]): Part<string>[] {
  const parts: Part<string>[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    const end = character === "[" ? endOfClass(pattern, at) : -1;
    if (character === "*") {
      if (parts.at(-1) !== STAR) parts.push(STAR);
    } else if (character === "?") {
      parts.push(() => true);
    } else if (end !== -1) {
      parts.push(classOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = character === "\\" ? pattern[++at] ?? "\\" : character;
      parts.push((other) => other === literal);
    }
  }
  return parts;
}

/** Where the class that begins at `open` ends; -1: "[" stands for itself. */
function endOfClass(pattern: readonly string[], open: number): number {
  // The first of its members may be "]".
  return pattern.indexOf("]", open + (isNegation(pattern[open + 1]) ? 3 : 2));
}

function classOf(inside: readonly string[]): (character: string) => boolean {
  const negated = isNegation(inside[0]);
  const ranges: Range[] = [];
  for (let at = negated ? 1 : 0; at < inside.length; at++) {
    const isRange = inside[at + 1] === "-" && at + 2 < inside.length;
    ranges.push([codeOf(inside[at]!), codeOf(inside[isRange ? at + 2 : at]!)]);
    if (isRange) at += 2;
  }
  const members = inOrder(ranges);
  return (character) => isAmong(members, codeOf(character)) !== negated;
}

/** Code points from the first to the last; none when the last is the smaller one. */
type Range = readonly [first: number, last: number];

/** The same code points by ranges in their order, none of which meets the next. */
function inOrder(ranges: readonly Range[]): Range[] {
  const members: Range[] = [];
  for (const [first, last] of ranges.toSorted(([left], [right]) => left - right)) {
    if (last < first) continue;
    const before = members.at(-1);
    if (before === undefined || before[1] < first - 1) members.push([first, last]);
    else members[members.length - 1] = [before[0], Math.max(before[1], last)];
  }
  return members;
}

/** Searches by halves: a class of a thousand members takes no longer than one of ten does. */
function isAmong(members: readonly Range[], code: number): boolean {
  let [low, high] = [0, members.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (members[middle]![1] < code) low = middle + 1;
    else high = middle;
  }
  return low < members.length && members[low]![0] <= code;
}

function isNegation(character: string | undefined): boolean {
  return character === "!" || character === "^";
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}
