/**
 * A document for a terminal: plain ASCII where the document has signs, no colours, within a number
 * of columns. Tables that are too wide are cut into several with the first column repeated.
 *
 * @module
 */

import { type Block, type Field, plainText, type Table, textOf } from "./document.ts";

/** Columns that fit everywhere. */
export const COLUMNS_MAX = 100;

/** Fields that are wider are wrapped. */
const FIELD_COLUMNS_MAX = 44;

/** Between two columns. */
const GAP = "  ";

/** Writes `blocks` within `width` columns. */
export function writeTerminal(blocks: readonly Block[], width: number): string {
  const parts = blocks.flatMap((block) => {
    const lines = writeBlock(block, width);
    return lines.length === 0 ? [] : [lines.join("\n")];
  });
  return parts.join("\n\n") + "\n";
}

function writeBlock(block: Block, width: number): string[] {
  switch (block.kind) {
    case "heading": {
      const text = wrap(plain(block.text), width);
      return block.level > 2 ? text : [...text, (block.level === 1 ? "=" : "-").repeat(width)];
    }
    case "text":
      return wrap((block.warning ? "! " : "") + plain(plainText(block.text)), width);
    case "list":
      return block.items.flatMap((item) => writeItem(plainText(item), width));
    case "terms":
      return block.items.flatMap(({ term, text }) =>
        writeItem(`${term}: ${plainText(text)}`, width)
      );
    case "code":
      return block.text.trimEnd().split("\n").flatMap((line) => wrap(plain(line), width));
    case "fold": {
      if (block.long) return [];
      const inside = block.blocks.map((part) => writeBlock(part, width).join("\n"));
      return [[plain(block.title), ...inside].join("\n\n")];
    }
    case "table":
      return writeTable(block, width);
    case "figure":
      return [...wrap(plain(block.question), width), ...writeTable(block.table, width)];
  }
}

function writeItem(text: string, width: number): string[] {
  return wrap(plain(text), width - 2).map((line, index) => (index === 0 ? "- " : "  ") + line);
}

function writeTable(table: Table, width: number): string[] {
  const shown = table.columns.flatMap((column, index) => column.detail ? [] : [index]);
  const columns = shown.map((index) => {
    const { title, align } = table.columns[index]!;
    // The first column is repeated in every part, so it may not take all the room.
    const max = Math.min(FIELD_COLUMNS_MAX, Math.floor(width / 2) - GAP.length);
    const fields = [title, ...table.rows.map((row) => textOf(row[index] ?? "" as Field))]
      .map((text) => wrap(plain(text), max));
    const size = Math.max(...fields.flat().map((line) => line.length));
    const pad = (text: string) => align === "right" ? text.padStart(size) : text.padEnd(size);
    return { fields, size, pad };
  });
  const lines = wrap(plain(table.caption), width);
  for (const part of partition(columns.map(({ size }) => size), width)) {
    if (lines.length > 1) lines.push("");
    for (let row = 0; row <= table.rows.length; row++) {
      const height = Math.max(...part.map((index) => columns[index]!.fields[row]!.length));
      for (let line = 0; line < height; line++) {
        const texts = part.map((index) => {
          const { fields, pad } = columns[index]!;
          return pad(fields[row]![line] ?? "");
        });
        lines.push(texts.join(GAP).trimEnd());
      }
    }
  }
  return lines;
}

/** Which columns stand together: each part begins with the first one. */
function partition(sizes: readonly number[], width: number): number[][] {
  const parts: number[][] = [];
  const [first = 0] = sizes;
  let part: number[] = [0];
  let used = first;
  for (let index = 1; index < sizes.length; index++) {
    const needed = GAP.length + sizes[index]!;
    if (used + needed > width && part.length > 1) {
      parts.push(part);
      part = [0];
      used = first;
    }
    part.push(index);
    used += needed;
  }
  return [...parts, part];
}

/** Breaks between words, and inside those that are too long for a line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}

const ASCII: Readonly<Record<string, string>> = {
  "\u00a0": " ",
  "×": "x",
  "…": "...",
  "µ": "u",
  "−": "-",
  "–": "-",
  "≥": ">=",
  "≤": "<=",
  "≠": "!",
  "†": "^",
};

/** Signs of the document in ASCII, and nothing that could steer a terminal. */
function plain(text: string): string {
  return text.replace(/[\u00a0×…µ−–≥≤≠†]/g, (sign) => ASCII[sign]!)
    // deno-lint-ignore no-control-regex -- control characters are what is taken out
    .replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
}
