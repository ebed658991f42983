/**
 * Where a shell connects, and as whom: it is chosen when a connection is opened, and no line of the
 * shell but `open` and `user` changes it.
 *
 * @module
 */

import { isUrl } from "../../url.ts";
import { GRAMMAR, isQuestion, parseArguments, type Request } from "../arguments.ts";
import { UsageError } from "../flags.ts";
import { SUBCOMMANDS } from "../verbs.ts";

/** Flags that say what is told, on any line. */
const TOLD: readonly string[] = ["quiet", "verbose", "trace", "json", "version"];

/** Flags that say where to connect, and how: all that belong to no verb. */
const TARGET_FLAGS: readonly string[] = Object.keys(GRAMMAR.flags).filter((flag) =>
  !TOLD.includes(flag) && !SUBCOMMANDS.some((verb) => verb.flags.some((each) => each === flag))
);

/** What `open` takes. */
const OPEN_OPERANDS = "open takes [FLAGS] HOST [PORT], or a URL";

/**
 * What a line asks for, at the server of `base`, a request that was made before. What it does not
 * say is as there.
 *
 * @throws {UsageError} also when it names a server.
 */
export function parseLine(words: readonly string[], base: Request): Request {
  const end = words.indexOf("--");
  for (const word of end === -1 ? words : words.slice(0, end)) {
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name === undefined || !TARGET_FLAGS.includes(name)) continue;
    throw new UsageError(`--${name} is chosen when the shell connects: open [FLAGS] HOST [PORT]`);
  }
  if (words.some(isUrl)) throw new UsageError("A URL names a server: open URL connects to it");
  const { protocol, host, port, active, telling } = base;
  const kept = [`--protocol=${protocol}`, ...(base.escapes ? ["--escapes"] : [])];
  const line = parsed([...kept, ...words]);
  return {
    ...base,
    ...line,
    host,
    port,
    active,
    telling: {
      quiet: telling.quiet || line.telling.quiet,
      verbose: telling.verbose === true || line.telling.verbose === true,
      trace: telling.trace === true || line.telling.trace === true,
      json: telling.json === true || line.telling.json === true,
    },
  };
}

/**
 * Where `open` leads to, and the directory there if a URL has one: its flags are those of the
 * command line, and no old ones stay.
 *
 * @throws {UsageError} for what the command line would not take.
 */
export function parseOpen(words: readonly string[]): {
  readonly target: Request;
  readonly directory?: string;
} {
  const target = parsed(["open", ...words]);
  const [first = "", port, ...rest] = target.operands;
  if (words.some(isUrl)) {
    if (target.operands.length !== 1) throw new UsageError(OPEN_OPERANDS);
    return first === "" ? { target } : { target, directory: first };
  }
  if (first === "" || rest.length > 0) throw new UsageError(OPEN_OPERANDS);
  const place = [`--host=${first}`, ...(port === undefined ? [] : [`--port=${port}`])];
  return { target: parsed([...place, "open", ...words]) };
}

function parsed(args: readonly string[]): Request {
  const request = parseArguments(args);
  if (isQuestion(request)) throw new UsageError("help VERB tells what a verb takes");
  return request;
}
