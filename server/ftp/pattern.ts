/**
 * Patterns in the path of a listing, one component at a time.
 *
 * @module
 */

import { compileGlob } from "./words/glob.ts";

/** A pattern longer than this, in UTF-16 units, matches itself only: names have 255 octets. */
const PATTERN_UNITS_MAX = 255;

/** Whether `text` holds anything that makes it a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Compiles a pattern of names (words/glob.ts); a name always matches itself. */
export function compilePattern(pattern: string): (name: string) => boolean {
  if (pattern.length > PATTERN_UNITS_MAX) return (name) => name === pattern;
  const matches = compileGlob(pattern);
  return (name) => name === pattern || matches(name);
}
