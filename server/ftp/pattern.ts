/**
 * Patterns of names as a shell has them (glob(7)): "*" for any characters, "?" for one, "[...]" for
 * one of several. Listings match names against them, one component at a time.
 *
 * The time that a match takes grows with the product of the two lengths, whatever the pattern.
 *
 * @module
 */

/** A pattern longer than this, in UTF-16 units, matches itself only: names have 255 octets. */
const PATTERN_UNITS_MAX = 1024;

/** One of the characters in "[...]". */
interface Class {
  /** "[!...]" and "[^...]": any but these. */
  readonly negated: boolean;
  /** From the first to the second, both included. */
  readonly ranges: readonly (readonly [first: string, last: string])[];
}

/** What one place of a name has to be: this character, any, one of a class; "*" is any number. */
type Token = string | typeof ANY | typeof STAR | Class;

const ANY = Symbol("?");
const STAR = Symbol("*");

/** Whether `text` holds anything that makes it a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whether `name` matches `pattern`; a name always matches itself. */
export function matchesPattern(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  if (pattern.length > PATTERN_UNITS_MAX) return false;
  const characters = Array.from(name);
  const tokens = tokensOf(Array.from(pattern));
  let [at, token] = [0, 0];
  // Where the last "*" was, and up to where it has been taken to reach.
  let [star, reach] = [-1, 0];
  while (at < characters.length) {
    const wanted = tokens[token];
    if (wanted === STAR) {
      star = token++;
      reach = at;
    } else if (wanted !== undefined && fits(characters[at]!, wanted)) {
      token++;
      at++;
    } else if (star !== -1) {
      token = star + 1;
      at = ++reach;
    } else {
      return false;
    }
  }
  while (tokens[token] === STAR) token++;
  return token === tokens.length;
}

function fits(character: string, token: Token): boolean {
  if (typeof token === "string") return character === token;
  if (typeof token === "symbol") return true;
  const isListed = token.ranges.some(([first, last]) => first <= character && character <= last);
  return isListed !== token.negated;
}

function tokensOf(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === "*") {
      if (tokens.at(-1) !== STAR) tokens.push(STAR);
    } else if (character === "?") {
      tokens.push(ANY);
    } else {
      const end = character === "[" ? endOfClass(pattern, at) : -1;
      tokens.push(end === -1 ? character : classOf(pattern.slice(at + 1, end)));
      at = Math.max(at, end);
    }
  }
  return tokens;
}

/** Where the "]" is that ends the class begun at `at`; -1: "[" stands for itself. */
function endOfClass(pattern: readonly string[], at: number): number {
  const isNegated = pattern[at + 1] === "!" || pattern[at + 1] === "^";
  // The first character of a class may be "]".
  return pattern.indexOf("]", at + (isNegated ? 3 : 2));
}

function classOf(inside: readonly string[]): Class {
  const negated = inside[0] === "!" || inside[0] === "^";
  const ranges: [string, string][] = [];
  for (let at = negated ? 1 : 0; at < inside.length; at++) {
    const first = inside[at]!;
    const isRange = inside[at + 1] === "-" && at + 2 < inside.length;
    ranges.push([first, isRange ? inside[at + 2]! : first]);
    if (isRange) at += 2;
  }
  return { negated, ranges };
}
