/**
 * How the command line writes sizes, times and tables: pure functions of values to text.
 *
 * Widths are columns of a terminal, not code units: East Asian wide characters take two, combining
 * marks none.
 *
 * @module
 */

import { type Entry, printable } from "../mod.ts";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `1.2 MiB`: at most 10 columns. */
export function formatSize(octets: number): string {
  if (octets < 1024) return `${Math.round(octets)} B`;
  let value = octets / 1024;
  let unit = 0;
  // 1023.95 would be written as 1024.0.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `3.0 MiB/s`. */
export function formatRate(octetsPerSecond: number): string {
  return `${formatSize(octetsPerSecond)}/s`;
}

/** A time that has passed: `38 ms`, `0.4 s`, `1:05 min`, `1:02:03 h`. */
export function formatElapsed(ms: number): string {
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${formatClock(ms)} ${ms < 3_599_500 ? "min" : "h"}`;
}

/** A time to wait: `0:05`, `1:02:03`; `-:--` when it is not known or over 99 hours. */
export function formatClock(ms: number | undefined): string {
  if (ms === undefined || !(ms < 99.5 * 3_600_000)) return "-:--";
  const total = Math.round(ms / 1000);
  const [hours, minutes, seconds] = [total / 3600 | 0, (total / 60 | 0) % 60, total % 60];
  const two = (number: number) => String(number).padStart(2, "0");
  return hours === 0 ? `${minutes}:${two(seconds)}` : `${hours}:${two(minutes)}:${two(seconds)}`;
}

/** The ranges of East Asian wide characters and emoji, in order (Unicode UAX 11, abridged). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const MARK = /[\p{Mn}\p{Me}\u200b-\u200d]/u;

/** The columns that printable `text` takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (MARK.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** `text` in at most `width` columns: the middle of a longer one gives way to "...". */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const dots = ".".repeat(Math.max(0, Math.min(3, width)));
  const room = width - dots.length;
  const characters = [...text];
  const head = takeWidth(characters, Math.ceil(room / 2));
  const tail = takeWidth(characters.toReversed(), room - textWidth(head.join(""))).toReversed();
  return head.join("") + dots + tail.join("");
}

function takeWidth(characters: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let left = width;
  for (const character of characters) {
    left -= characterWidth(character);
    if (left < 0) break;
    taken.push(character);
  }
  return taken;
}

/** `text` with spaces behind it up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Names in columns, read downwards, as `ls` writes them on a terminal of `width` columns. */
export function formatColumns(names: readonly string[], width: number): string[] {
  const widths = names.map(textWidth);
  for (let count = names.length; count > 1; count--) {
    const rows = Math.ceil(names.length / count);
    const columns = Math.ceil(names.length / rows);
    const columnWidths = Array.from(
      { length: columns },
      (_, column) => Math.max(...widths.slice(column * rows, (column + 1) * rows)),
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
    (_, column) => Math.max(0, ...rows.map((row) => textWidth(row[column]!))),
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

/** `drwxr-xr-x`; question marks where the server does not tell. */
export function formatMode(entry: Entry): string {
  const letter = { file: "-", directory: "d", link: "l", other: "?" }[entry.kind];
  const mode = entry.mode;
  if (mode === undefined) return `${letter}?????????`;
  let text = letter;
  for (const [index, special] of ["s", "s", "t"].entries()) {
    const bits = mode >> (6 - 3 * index);
    text += (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-");
    const isSpecial = (mode & 0o4000 >> index) !== 0;
    if (isSpecial) text += bits & 1 ? special : special.toUpperCase();
    else text += bits & 1 ? "x" : "-";
  }
  return text;
}

/** `2026-11-23 23:12:05`, UTC. */
export function formatDate(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}
