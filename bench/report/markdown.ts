/**
 * A document as Markdown (GitHub's dialect): the same sections and tables; a figure is its table.
 *
 * @module
 */

import { type Block, type Inline, type Table, textOf } from "./document.ts";

/** Writes `blocks`. */
export function writeMarkdown(blocks: readonly Block[]): string {
  return blocks.map(writeBlock).join("\n\n") + "\n";
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${escapeMarkdown(block.text)}`;
    case "text": {
      const text = writeInline(block.text);
      return block.warning ? `> **${escapeMarkdown("Note")}** ${text}` : text;
    }
    case "list":
      return block.items.map((item) => `- ${writeInline(item)}`).join("\n");
    case "terms":
      return block.items.map(({ term, text }) =>
        `- **${escapeMarkdown(term)}**: ${writeInline(text)}`
      ).join("\n");
    case "code": {
      // Longer than any run of backticks inside.
      const longest = Math.max(0, ...(block.text.match(/`+/g) ?? []).map(({ length }) => length));
      const fence = "`".repeat(Math.max(3, longest + 1));
      return `${fence}\n${block.text.trimEnd()}\n${fence}`;
    }
    case "fold":
      return [`**${escapeMarkdown(block.title)}**`, ...block.blocks.map(writeBlock)].join("\n\n");
    case "table":
      return writeTable(block);
    case "figure":
      return [
        `### ${escapeMarkdown(block.question)}`,
        escapeMarkdown(block.caption),
        writeTable(block.table),
      ].join("\n\n");
  }
}

function writeTable({ caption, columns, rows }: Table): string {
  const line = (fields: readonly string[]) => `| ${fields.join(" | ")} |`;
  return [
    `**${escapeMarkdown(caption)}**`,
    "",
    line(columns.map(({ title }) => escapeMarkdown(title))),
    line(columns.map(({ align }) => align === "right" ? "--:" : ":--")),
    ...rows.map((row) => line(row.map((field) => escapeMarkdown(textOf(field))))),
  ].join("\n");
}

function writeInline(text: readonly Inline[]): string {
  return text.map((piece) => {
    if (typeof piece === "string") return escapeMarkdown(piece);
    if ("bold" in piece) return `**${escapeMarkdown(piece.bold)}**`;
    // Inside a code span nothing is escaped, so a backtick could end it.
    return `\`${piece.code.replaceAll("`", "'").replace(/\s+/g, " ")}\``;
  }).join("");
}

/** Nothing in `text` is markup any more, and it stays on one line. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replace(/&/g, "&amp;");
}
