/**
 * Where a shell connects, and as whom: it is chosen when a connection is opened, and no line of the
 * shell but `open` and `user` changes it.
 *
 * @module
 */

import { isUrl } from "../../url.ts";
import { GRAMMAR, isQuestion, parseArguments, type Request } from "../arguments.ts";
import { readFlags, UsageError } from "../flags.ts";
import { checkOwnFlags } from "../run.ts";
import type { Telling } from "../telling.ts";
import { SUBCOMMANDS } from "../verbs.ts";

/** Flags that say what is told, on any line. */
const TOLD: readonly string[] = ["quiet", "verbose", "trace", "json", "version"];

/** Flags that say where to connect, and how: all that belong to no verb. */
const TARGET_FLAGS: readonly string[] = Object.keys(GRAMMAR.flags).filter((flag) =>
  !TOLD.includes(flag) && !SUBCOMMANDS.some((verb) => verb.flags.some((each) => each === flag))
);

/** What `open` takes. */
const OPEN_OPERANDS = "open takes [FLAGS] HOST [PORT], or a URL";

/** Nobody leaves TLS without saying so. */
const LEAVES_TLS = "open HOST would leave TLS: give --tls, or ftp://HOST to go on in clear text";

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
  const { protocol, host, port, active } = base;
  const kept = [`--protocol=${protocol}`, ...(base.escapes ? ["--escapes"] : [])];
  const line = parsed([...kept, ...words]);
  return {
    ...base,
    ...line,
    host,
    port,
    active,
    telling: together(base.telling, line.telling),
  };
}

/**
 * Where `open` leads to, and the directory there if a URL has one: its flags are those of the
 * command line that say where and how to connect. Of the old ones, those of `base`, what is told
 * stays.
 *
 * @throws {UsageError} for what the command line would not take, and for a HOST that would be
 * talked to in clear text where `base` has TLS.
 */
export function parseOpen(words: readonly string[], base: Request): {
  readonly target: Request;
  readonly directory?: string;
} {
  const opened = parsed(["open", ...words]);
  checkOwnFlags(opened, { name: "open", flags: [] });
  const telling = together(base.telling, opened.telling);
  const [first = "", port, ...rest] = opened.operands;
  if (words.some(isUrl)) {
    if (opened.operands.length !== 1) throw new UsageError(OPEN_OPERANDS);
    const target = { ...opened, telling };
    return first === "" ? { target } : { target, directory: first };
  }
  const given = readFlags(GRAMMAR, words);
  const isTwofold = given.isGiven("host") || port !== undefined && given.isGiven("port");
  if (first === "" || rest.length > 0 || isTwofold) throw new UsageError(OPEN_OPERANDS);
  const leavesTls = base.tls !== undefined && opened.tls === undefined;
  if (leavesTls && opened.protocol === "ftp") throw new UsageError(LEAVES_TLS);
  const place = [`--host=${first}`, ...(port === undefined ? [] : [`--port=${port}`])];
  return { target: { ...parsed([...place, "open", ...words]), telling } };
}

/** What either of them asks for. */
function together(left: Telling, right: Telling): Telling {
  return {
    quiet: left.quiet || right.quiet,
    verbose: left.verbose === true || right.verbose === true,
    trace: left.trace === true || right.trace === true,
    json: left.json === true || right.json === true,
  };
}

function parsed(args: readonly string[]): Request {
  const request = parseArguments(args);
  if (isQuestion(request)) throw new UsageError("help VERB tells what a verb takes");
  return request;
}
