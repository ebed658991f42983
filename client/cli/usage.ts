/**
 * What is said of a wrong command line: the error of one line, and what was probably meant.
 *
 * @module
 */

import { printable } from "../text.ts";

/** A command line that means nothing: one line that says what is wrong with it. */
export class UsageError extends Error {
  /** As `Error.name`. */
  override name = "UsageError";

  /** Whatever of `message` a terminal would obey is escaped. */
  constructor(message: string) {
    super(printable(message));
  }
}

/** Exit status after a wrong command line, as shells have it. */
export const USAGE_STATUS = 2;

/** What is longer than any name with a slip in it is not compared. */
const COMPARED_CHARS_MAX = 40;

/**
 * The one of `known` that `given` was probably meant to be: the only one that it begins, or one
 * with a few letters mistaken.
 */
export function closest(given: string, known: readonly string[]): string | undefined {
  if (given.length < 2 || given.length > COMPARED_CHARS_MAX) return undefined;
  const begun = known.filter((name) => name.startsWith(given));
  if (begun.length === 1) return begun[0];
  const ranked = known.map((name) => [mistakes(given, name), name] as const)
    .sort(([left], [right]) => left - right);
  const [count, name] = ranked[0] ?? [Infinity];
  return count <= Math.max(1, given.length / 3) ? name : undefined;
}

/** Letters to insert, leave out, replace, or exchange with their neighbour (optimal alignment). */
function mistakes(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      const isExchanged = i > 1 && j > 1 && left[i - 1] === right[j - 2] &&
        left[i - 2] === right[j - 1];
      row.push(Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + same,
        isExchanged ? rows[i - 2]![j - 2]! + 1 : Infinity,
      ));
    }
    rows.push(row);
  }
  return rows[left.length]![right.length]!;
}
