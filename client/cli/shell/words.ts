/**
 * A line of the shell as words, as other shells read it: blanks part them, quotes and backslashes
 * keep them together, # begins a comment. Pure, and nothing is expanded: patterns are the verbs' own
 * matter.
 *
 * @module
 */

import { unreachable } from "../../../server/unreachable.ts";
import { UsageError } from "../flags.ts";

/** One word, and where it stands. */
export interface Word {
  /** What it means, without quotes and backslashes. */
  readonly text: string;
  /** Where it begins in the line, in code units. */
  readonly start: number;
}

/** What a line consists of. */
export interface ScannedLine {
  readonly words: readonly Word[];
  /** What is open at its end: a quote, or a backslash with nothing behind it. */
  readonly open: '"' | "'" | "\\" | undefined;
  /** Whether its end is part of the last word: false behind a blank and in a comment. */
  readonly endsInWord: boolean;
  /** Whether its end is part of a comment. */
  readonly endsInComment: boolean;
  /** The first of OPERATORS that stands there as one; undefined without one. */
  readonly operator: string | undefined;
}

/** What parts words: those of ASCII, since U+00A0 and U+3000 are parts of names. */
const BLANK = /[ \t\r\n\v\f]/;

/** What a backslash keeps within double quotes; before anything else there it is itself. */
const ESCAPED_IN_QUOTES = '"\\';

/** What ends a command, joins two or redirects one in other shells, and nothing here. */
const OPERATORS = ";&|<>";

/**
 * How one of them goes on that is not a name's own, as in `R&B`, in `a.txt;1` of VMS, or in the
 * `;type=d` of a URL: it ends a word, or a command stands behind it.
 */
const OPERATOR_END = /^(?:.(?:[ \t\r\n\v\f]|$)|&&|\|\||;(?!type=)[a-z])/i;

/** Code units that tell it. */
const OPERATOR_END_MAX = ";type=".length;

/** Reads a line, also one that is still being typed. */
export function scanLine(line: string): ScannedLine {
  const words: Word[] = [];
  let word: { text: string; start: number } | undefined;
  let quote: '"' | "'" | undefined;
  let operator: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote === undefined && BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (word === undefined && character === "#") {
      return { words, open: undefined, endsInWord: false, endsInComment: true, operator };
    }
    word ??= { text: "", start: at };
    const next = line[at + 1];
    if (character === "\\" && quote !== "'" && next === undefined) {
      words.push(word);
      return { words, open: "\\", endsInWord: true, endsInComment: false, operator };
    }
    if (character === "\\" && quote === undefined) {
      word.text += next;
      at++;
    } else if (character === "\\" && quote === '"' && isOneOf(ESCAPED_IN_QUOTES, next)) {
      word.text += next;
      at++;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
    } else {
      word.text += character;
      const isMeant = quote === undefined && isOneOf(OPERATORS, character) &&
        (at === word.start || OPERATOR_END.test(line.slice(at, at + OPERATOR_END_MAX)));
      if (isMeant) operator ??= character;
    }
  }
  return {
    words: word === undefined ? words : [...words, word],
    open: quote,
    endsInWord: word !== undefined,
    endsInComment: false,
    operator,
  };
}

function isOneOf(characters: string, character: string | undefined): character is string {
  return character !== undefined && characters.includes(character);
}

/**
 * The words of a whole line; none for an empty one and for a comment.
 *
 * @throws {UsageError} when a quote is not closed, and for what other shells take for the end of a
 * command: all behind it would be operands of the first.
 */
export function splitWords(line: string): string[] {
  const { words, open, operator } = scanLine(line);
  if (open === "\\") throw new UsageError("Nothing follows the backslash at the end of the line");
  if (open !== undefined) throw new UsageError(`A quote is not closed: ${open}`);
  // What `quote` takes is sent as it is, and facts end in ";" (RFC 3659 section 7.9).
  if (operator !== undefined && words[0]?.text !== "quote") {
    throw new UsageError(`A line is one verb, without "${operator}": quote it where a name has it`);
  }
  return words.map(({ text }) => text);
}

/** What stands for something else than itself outside quotes. */
const SPECIAL = /[\s\\'"#;&|<>]/g;

/** `text` as it is typed to mean itself: within the quote that was begun, or by backslashes. */
export function quoteWord(text: string, quote?: '"' | "'"): string {
  switch (quote) {
    case undefined:
      return text.replace(SPECIAL, "\\$&");
    case '"':
      return `"${text.replace(/["\\]/g, "\\$&")}`;
    case "'":
      // Nothing is escaped within single quotes: they end for the one that is meant.
      return `'${text.replaceAll("'", "'\\''")}`;
    default:
      return unreachable(quote);
  }
}
