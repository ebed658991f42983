/**
 * Text by the columns that it takes on a terminal: East Asian wide characters and emoji take two,
 * combining marks none, and what is drawn as one character is never cut in two.
 *
 * Only what is drawn on a terminal needs it, so only rooms that draw import it.
 *
 * @module
 */

import stringWidth from "string-width";

/** What a reader sees as one character (Unicode UAX 29): a letter with its marks, a flag. */
const CLUSTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The columns that printable `text` takes (Unicode UAX 11, emoji sequences as one). */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** `text` in at most `width` columns: the middle of a longer one gives way to "...". */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const dots = ".".repeat(Math.max(0, Math.min(3, width)));
  const room = width - dots.length;
  const clusters = Array.from(CLUSTERS.segment(text), ({ segment }) => segment);
  const head = takeWidth(clusters, Math.ceil(room / 2));
  const tail = takeWidth(clusters.toReversed(), room - textWidth(head.join(""))).toReversed();
  return head.join("") + dots + tail.join("");
}

function takeWidth(clusters: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let left = width;
  for (const cluster of clusters) {
    left -= textWidth(cluster);
    if (left < 0) break;
    taken.push(cluster);
  }
  return taken;
}

/** `text` with spaces behind it up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}
