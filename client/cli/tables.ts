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

/** The lines of `ls -l`, with a column for all that at least one entry has. */
export function formatTable(
  entries: readonly Entry[],
  show: (name: string) => string,
  sized: (octets: number) => string = String,
): string[] {
  const rows = entries.map((entry) => [
    formatMode(entry),
    printable(entry.owner ?? ""),
    printable(entry.group ?? ""),
    entry.size === undefined ? "" : sized(entry.size),
    entry.modified === undefined ? "" : formatDate(entry.modified).slice(0, 16),
    show(entry.name) + (entry.target === undefined ? "" : ` -> ${show(entry.target)}`),
  ]);
  const SIZE = 3;
  const NAME = 5;
  const widths = Array.from(
    { length: NAME },
    (_, column) => largest(rows.map((row) => textWidth(row[column]!))),
  );
  return rows.map((row) =>
    row.flatMap((cell, column) => {
      if (column === NAME) return [cell];
      const width = widths[column]!;
      if (width === 0) return [];
      return [column === SIZE ? cell.padStart(width) : padEnd(cell, width)];
    }).join("  ")
  );
}
