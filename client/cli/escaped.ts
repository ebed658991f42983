/**
 * Names on the server that were typed as ls shows them on a terminal.
 *
 * @module
 */

import { LocalError } from "../errors.ts";
import { unescapeName } from "../escapes.ts";
import { isUrl } from "../url.ts";
import { UsageError } from "./usage.ts";

/** The names of a command line. */
export interface TypedNames {
  readonly verb: string;
  /** Of mirror: from this machine to the server. */
  readonly reverse: boolean;
  readonly operands: readonly string[];
  readonly output: string | undefined;
  readonly outputDirectory: string | undefined;
}

/**
 * Whether the operand at `index` is a name on the server: of put none is, of mirror the source, or
 * with -R the target.
 */
export function isRemote(
  { verb, reverse }: Pick<TypedNames, "verb" | "reverse">,
  index: number,
): boolean {
  return verb === "mirror" ? index === (reverse ? 1 : 0) : verb !== "put";
}

/**
 * The names on the server as they are: operands, of put where they go to. A URL has escapes of its
 * own.
 *
 * @throws {UsageError} for a backslash that begins no escape.
 */
export function unescaped(names: TypedNames): TypedNames {
  const { verb, output, outputDirectory } = names;
  const operands = names.operands.map((each, index) =>
    isRemote(names, index) ? nameOf(each) : each
  );
  if (verb !== "put") return { ...names, operands };
  return {
    ...names,
    output: output === undefined ? undefined : nameOf(output),
    outputDirectory: outputDirectory === undefined ? undefined : nameOf(outputDirectory),
  };
}

/** A backslash in a pattern, with what it is the beginning of. */
const IN_PATTERN = /\\(?:x[0-9a-f]{2}|u\{[0-9a-f]+\}|[^]|$)/gi;

/** What a pattern gives a meaning to. */
const MEANT = /[\\*?[\]{},]/;

/**
 * Patterns of such names, or with `isEscaped` false as they are. A character of an escape means
 * itself; before what is no letter or digit a backslash stays the pattern's own (pattern.ts).
 *
 * @throws {UsageError} as `unescaped` does.
 */
export function patternsTyped(texts: readonly string[], isEscaped: boolean): readonly string[] {
  if (!isEscaped) return texts;
  return texts.map((text) =>
    text.replace(
      IN_PATTERN,
      (escape) => /^\\[^a-z\d]/i.test(escape) ? escape : nameOf(escape).replace(MEANT, "\\$&"),
    )
  );
}

/**
 * Names on the server that stand in a line of a shell which was begun with --escapes, or not.
 *
 * @throws {UsageError} as `unescaped` does.
 */
export function namesTyped(texts: readonly string[], isEscaped: boolean): readonly string[] {
  return isEscaped ? texts.map(nameOf) : texts;
}

function nameOf(text: string): string {
  if (isUrl(text)) return text;
  try {
    return unescapeName(text);
  } catch (error) {
    throw error instanceof LocalError ? new UsageError(error.message) : error;
  }
}
