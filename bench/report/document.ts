/**
 * A report as a document: headings, sentences, tables and figures, before anybody decided what it
 * is written in. summary.ts and its neighbours make one of an analysis; terminal.ts, markdown.ts
 * and html.ts write it. Text is plain here: whoever writes escapes it.
 *
 * @module
 */

import type { PlotOptions } from "@observablehq/plot";
import type { PlotLibrary } from "./plot.ts";

/** A piece of a sentence. */
export type Inline = string | { readonly bold: string } | { readonly code: string };

/** A field of the sign grid, and how it reads where there are no tiles. */
export interface Tile {
  /** For the terminal and Markdown: "-3.1x (said -)". */
  readonly plain: string;
  /** The sign, a word at most. */
  readonly glyph: string;
  /** Below the glyph: the ratio. */
  readonly detail: string;
  /** What was expected. */
  readonly expected: string;
  /** For the colour; the glyph says the same without. */
  readonly tone: "good" | "bad" | "same" | "open" | "none";
  /** Expectation and measurement differ. */
  readonly differs: boolean;
  /** The field in a sentence, for those who hear it. */
  readonly said: string;
}

/** A field of a table; `red` has not passed a gate. */
export type Field = string | { readonly text: string; readonly red?: boolean } | { tile: Tile };

/** A column. */
export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: "right";
  /** Left out on a terminal, where room is short. */
  readonly detail?: boolean;
}

/** Rows of fields; the first field of each names the row. */
export interface Table {
  readonly kind: "table";
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Field[])[];
}

/** A plot, and the same as a table. */
export interface Figure {
  readonly kind: "figure";
  /** Unique in the document, made of letters, digits and hyphens. */
  readonly id: string;
  /** The question that it answers. */
  readonly question: string;
  /** How to read it. */
  readonly caption: string;
  /** What it shows, in words and numbers, for those who do not see it. */
  readonly description: string;
  /** Its chart for a width in pixels. */
  readonly chart: (plot: PlotLibrary, width: number) => PlotOptions;
  /** The same in numbers. */
  readonly table: Table;
}

/** A part of a document. */
export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: "text"; readonly text: readonly Inline[]; readonly warning?: boolean }
  | { readonly kind: "list"; readonly items: readonly (readonly Inline[])[] }
  /** Sentences with a name each. */
  | {
    readonly kind: "terms";
    readonly items: readonly { readonly term: string; readonly text: readonly Inline[] }[];
  }
  | { readonly kind: "code"; readonly text: string }
  /** Shown on demand where that is possible; left out on a terminal if `long`. */
  | {
    readonly kind: "fold";
    readonly title: string;
    readonly blocks: readonly Block[];
    readonly long?: boolean;
  }
  | Table
  | Figure;

/** The text of a field. */
export function textOf(field: Field): string {
  if (typeof field === "string") return field;
  if ("tile" in field) return field.tile.plain;
  return field.red ? `${field.text} *` : field.text;
}

/** A sentence without its emphasis. */
export function plainText(text: readonly Inline[]): string {
  return text.map((piece) =>
    typeof piece === "string" ? piece : "bold" in piece ? piece.bold : piece.code
  ).join("");
}
