/**
 * Text by the columns that it takes on a terminal: East Asian wide characters and emoji take two,
 * combining marks none, and what is drawn as one character is never cut in two.
 *
 * The table of Unicode takes longer to load than a small file to fetch, and ASCII needs none. Who
 * has other text calls `widthsFor` first; before that no character is taken for narrower than it
 * may be.
 *
 * @module
 */

/** Text of which each character takes one column. */
const ASCII = /^[\x20-\x7e]*$/;

/** Two columns are the most that a code point takes (Unicode UAX 11). */
let measure = (text: string): number => 2 * [...text].length;

/** Characters as readers see them (Unicode UAX 29): a letter with its marks, a flag. */
let clusters: Intl.Segmenter | undefined;

/** Resolves when `textWidth` knows these texts; at once when it does. */
export async function widthsFor(texts: Iterable<string>): Promise<void> {
  if (Iterator.from(texts).every((text) => ASCII.test(text))) return;
  try {
    measure = (await import("string-width")).default;
  } catch {
    // Where the package cannot be had, text takes more room than it needs.
  }
}

/** The columns that printable `text` takes (Unicode UAX 11, emoji sequences as one). */
export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : measure(text);
}

/** `text` in at most `width` columns: the middle of a longer one gives way to "...". */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const dots = ".".repeat(Math.max(0, Math.min(3, width)));
  const room = width - dots.length;
  const parts = clustersOf(text);
  const head = takeWidth(parts, Math.ceil(room / 2));
  const tail = takeWidth(parts.toReversed(), room - textWidth(head.join(""))).toReversed();
  return head.join("") + dots + tail.join("");
}

function clustersOf(text: string): string[] {
  if (ASCII.test(text)) return [...text];
  clusters ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(clusters.segment(text), ({ segment }) => segment);
}

function takeWidth(parts: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let left = width;
  for (const part of parts) {
    left -= textWidth(part);
    if (left < 0) break;
    taken.push(part);
  }
  return taken;
}

/** `text` with spaces behind it up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}
