/**
 * Listings: names in columns, and rows of what is known of each entry. Widths are columns of a
 * terminal, and exact for texts that `widthsFor` was called with.
 *
 * `ls` loads it when it needs it.
 *
 * @module
 */

import type { Entry } from "../listing.ts";
import { printable } from "../text.ts";
import { formatDate, formatMode } from "./format.ts";
import { padEnd, textWidth } from "./width.ts";

export { widthsFor } from "./width.ts";

/** Names in columns, read downwards, as `ls` writes them on a terminal of `width` columns. */
export function formatColumns(names: readonly string[], width: number): string[] {
  const widths = names.map(textWidth);
  // A column is one wide at least, and two spaces part it from the next.
  const most = Math.min(names.length, Math.floor((width + 2) / 3));
  for (let count = most; count > 1; count--) {
    const rows = Math.ceil(names.length / count);
    const columns = Math.ceil(names.length / rows);
    const columnWidths = Array.from(
      { length: columns },
      (_, column) => largest(widths.slice(column * rows, (column + 1) * rows)),
    );
    const total = columnWidths.reduce((sum, each) => sum + each, 2 * (columns - 1));
    if (total > width) continue;
    return Array.from({ length: rows }, (_, row) => {
      const cells = columnWidths.map((each, column) =>
        padEnd(names[column * rows + row] ?? "", each)
      );
      return cells.join("  ").trimEnd();
    });
  }
  return [...names];
}

/** The largest of any number of widths: Math.max takes as many arguments as the stack does. */
function largest(widths: readonly number[]): number {
  return widths.reduce((most, each) => Math.max(most, each), 0);
}

/** Cells of a row of `ls -l`: that of the size, which is aligned to the right, and of the name. */
const SIZE = 3, NAME = 5;

/**
 * The lines of `ls -l`, with a column for all that at least one entry has. Rows are made for their
 * widths, and again for each line as it is asked for: together they are larger than the entries.
 */
export function formatTable(
  entries: readonly Entry[],
  show: (name: string) => string,
  sized: (octets: number) => string = String,
): Iterable<string> {
  const rowOf = (entry: Entry): readonly string[] => [
    formatMode(entry),
    printable(entry.owner ?? ""),
    printable(entry.group ?? ""),
    entry.size === undefined ? "" : sized(entry.size),
    entry.modified === undefined ? "" : formatDate(entry.modified).slice(0, 16),
    show(entry.name) + (entry.target === undefined ? "" : ` -> ${show(entry.target)}`),
  ];
  const widths: number[] = Array(NAME).fill(0);
  for (const entry of entries) {
    const row = rowOf(entry);
    for (let at = 0; at < NAME; at++) widths[at] = Math.max(widths[at]!, textWidth(row[at]!));
  }
  return entries.values().map((entry) =>
    rowOf(entry).flatMap((cell, column) => {
      if (column === NAME) return [cell];
      const width = widths[column]!;
      if (width === 0) return [];
      return [column === SIZE ? cell.padStart(width) : padEnd(cell, width)];
    }).join("  ")
  );
}
