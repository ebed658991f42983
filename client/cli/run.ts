/**
 * From a request to its end: the verb is found and checked, connected, run, and let go.
 *
 * mod.ts runs one of them for a command line.
 *
 * @module
 */

import { type Client, connect } from "../mod.ts";
import type { Request } from "./arguments.ts";
import type { Console } from "./console.ts";
import { closest, UsageError } from "./flags.ts";
import { reporterFor } from "./reporter.ts";
import type { Subcommand } from "./task.ts";
import { SUBCOMMANDS } from "./verbs.ts";

/** How long Ctrl-C lets a transfer end in good order before the connection is closed. */
const INTERRUPT_GRACE_MS = 3_000;

/** Ctrl-C was typed. */
export class Interrupted extends Error {}

/**
 * The verb that was asked for, its operands and flags checked.
 *
 * @throws {UsageError} before anything is connected.
 */
export function findVerb(request: Request): Subcommand {
  const names = SUBCOMMANDS.map((verb) => verb.name).join(", ");
  if (request.verb === "") throw new UsageError(`Name a verb: ${names}; --help tells more`);
  const verb = SUBCOMMANDS.find((candidate) => candidate.name === request.verb);
  if (verb === undefined) {
    const meant = closest(request.verb, SUBCOMMANDS.map((verb) => verb.name));
    const question = meant === undefined ? "" : `: did you mean ${meant}?`;
    throw new UsageError(`Unknown verb "${request.verb}", not one of ${names}${question}`);
  }
  const [least, most] = verb.count;
  if (request.operands.length < least || request.operands.length > most) {
    throw new UsageError(`${verb.name} takes ${verb.operands}`);
  }
  if (request.operands.includes("")) {
    throw new UsageError(`${verb.name} takes ${verb.operands}, and no empty name`);
  }
  for (const flag of request.options) {
    if (verb.flags.includes(flag)) continue;
    const owners = SUBCOMMANDS.filter((each) => each.flags.includes(flag)).map((each) => each.name);
    throw new UsageError(`--${flag} is a flag of ${owners.join(" and ")}, not of ${verb.name}`);
  }
  if (request.protocol === "mini" && verb.runMini === undefined) {
    const able = SUBCOMMANDS.filter((each) => each.runMini !== undefined).map((each) => each.name);
    throw new UsageError(`--protocol mini has ${able.join(" and ")}, not ${verb.name}`);
  }
  if (request.protocol === "mini" && request.user !== undefined) {
    throw new UsageError("--user is a flag of ftp, mini has no users");
  }
  verb.check?.(request);
  return verb;
}

/** Connects and runs `verb`; Ctrl-C ends it by `abort`. */
export async function runVerb(
  verb: Subcommand,
  request: Request,
  console: Console,
  abort: AbortController,
): Promise<void> {
  const { signal } = abort;
  const reporter = reporterFor(console, { quiet: request.options.has("quiet") });
  let client: Client | undefined;
  let patience: ReturnType<typeof setTimeout> | undefined;
  const unlisten = console.onInterrupt(() => {
    if (signal.aborted) return client?.close();
    abort.abort(new Interrupted("Interrupted"));
    patience = setTimeout(() => client?.close(), INTERRUPT_GRACE_MS);
    if (!verb.endsBySignal) client?.close();
  });
  try {
    if (request.protocol === "mini") {
      return await verb.runMini!({ console, reporter, request, signal });
    }
    const { host, port, user, password, timeoutMs } = request;
    client = await connect({
      host,
      port,
      signal,
      ...(user === undefined ? {} : { user, password: password ?? "" }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    await verb.run({ client, console, reporter, request, signal });
  } finally {
    await client?.quit();
    clearTimeout(patience);
    reporter.close();
    unlisten();
  }
}
