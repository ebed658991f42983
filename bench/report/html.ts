/**
 * A document as one HTML file: its style inside, plots as SVG, no script, nothing fetched. Every
 * text is escaped; figures are drawn twice, for wide and for narrow windows, and style.ts shows one.
 *
 * @module
 */

import type { Block, Field, Figure, Inline, Table, Tile } from "./document.ts";
import { textOf } from "./document.ts";
import type { Renderer } from "./plot.ts";
import { STYLE } from "./style.ts";

/** Widths of plots, pixels: the column of text, and a telephone's. */
const WIDE = 760;
const NARROW = 356;

/** A field of so many characters is not broken: names have hyphens. */
const SHORT = 24;

/** What a browser may load and run for the page (CSP Level 3): its own style, and nothing else. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Writes `blocks`, with plots by `renderer`; the title is that of the first heading. */
export function writeHtml(blocks: readonly Block[], renderer: Renderer): string {
  const heading = blocks.find((block) => block.kind === "heading");
  const title = heading?.kind === "heading" ? heading.text : "ftplab";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)} – ftplab</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
${blocks.map((block) => writeBlock(block, renderer)).join("\n")}
</main>
</body>
</html>
`;
}

/** `text` inside an element or a quoted attribute. */
function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

function writeBlock(block: Block, renderer: Renderer): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}>${escapeXml(block.text)}</h${block.level}>`;
    case "text":
      return block.warning
        ? `<p class="warning" role="note">${writeInline(block.text)}</p>`
        : `<p>${writeInline(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${writeInline(item)}</li>`).join("\n")}</ul>`;
    case "terms":
      return `<dl>${
        block.items.map(({ term, text }) =>
          `<div><dt>${escapeXml(term)}</dt><dd>${writeInline(text)}</dd></div>`
        ).join("\n")
      }</dl>`;
    case "code":
      return `<pre>${escapeXml(block.text.trimEnd())}</pre>`;
    case "fold":
      return fold(
        block.title,
        block.blocks.map((inner) => writeBlock(inner, renderer)).join("\n"),
      );
    case "table":
      return writeTable(block);
    case "figure":
      return writeFigure(block, renderer);
  }
}

function fold(title: string, content: string): string {
  return `<details><summary>${escapeXml(title)}</summary>${content}</details>`;
}

function writeInline(text: readonly Inline[]): string {
  return text.map((piece) => {
    if (typeof piece === "string") return escapeXml(piece);
    if ("bold" in piece) return `<strong>${escapeXml(piece.bold)}</strong>`;
    return `<code>${escapeXml(piece.code)}</code>`;
  }).join("");
}

function writeFigure(figure: Figure, renderer: Renderer): string {
  const { id, question, caption, description, chart, table } = figure;
  const draw = (size: string, width: number) =>
    renderer.svg({ ...chart(renderer.Plot, width), width }, {
      id: `${id}-${size}`,
      title: question,
      description,
    });
  return `<figure id="${escapeXml(id)}">
<h3>${escapeXml(question)}</h3>
<div class="wide">${draw("wide", WIDE)}</div>
<div class="narrow">${draw("narrow", NARROW)}</div>
<figcaption>${escapeXml(caption)}</figcaption>
${fold("The same as a table", writeTable(table))}
</figure>`;
}

function writeTable(table: Table): string {
  const { caption, columns, rows } = table;
  const isGrid = rows.some((row) =>
    row.some((field) => typeof field === "object" && "tile" in field)
  );
  const side = (index: number) => columns[index]?.align === "right" ? ` class="number"` : "";
  const width = (field: Field) => textOf(field).length <= SHORT ? ` class="short"` : "";
  const head = columns.map(({ title }, index) =>
    `<th scope="col"${side(index)}><span>${escapeXml(title)}</span></th>`
  ).join("");
  const body = rows.map((row) =>
    `<tr>${
      row.map((field, index) =>
        index === 0
          ? `<th scope="row"${width(field)}>${writeField(field)}</th>`
          : writeData(field, side(index) || width(field))
      ).join("")
    }</tr>`
  ).join("\n");
  // A scrolling region can be reached and scrolled by keyboard.
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeXml(caption)}">
<table${isGrid ? ` class="grid"` : ""}>
<caption>${escapeXml(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table>
</div>`;
}

function writeData(field: Field, side: string): string {
  if (typeof field === "object" && "tile" in field) return writeTile(field.tile);
  const red = typeof field === "object" && field.red;
  return red
    ? `<td class="number red">${writeField(field)}</td>`
    : `<td${side}>${writeField(field)}</td>`;
}

function writeField(field: Field): string {
  if (typeof field === "string" || "tile" in field || !field.red) return escapeXml(textOf(field));
  return `${escapeXml(field.text)} <abbr title="a gate was not passed">*</abbr>`;
}

function writeTile({ glyph, detail, expected, tone, differs, said }: Tile): string {
  const word = glyph.length > 2 ? " word" : "";
  const look = `tile ${escapeXml(tone)}${differs ? " differs" : ""}`;
  return `<td class="${look}" title="${escapeXml(said)}">` +
    `<span aria-hidden="true"><b class="glyph${word}">${escapeXml(glyph)}</b>` +
    (expected === "" ? "" : `<i>(${escapeXml(expected)})</i>`) +
    (differs ? "<i>≠</i>" : "") +
    (detail === "" ? "" : `<small>${escapeXml(detail)}</small>`) +
    `</span><span class="said">${escapeXml(said)}</span></td>`;
}
