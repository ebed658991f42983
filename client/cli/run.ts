/**
 * From a request to its end: the verb is found and checked, connected, run, and let go.
 *
 * mod.ts runs one of them for a command line.
 *
 * @module
 */

import { isUrl, withoutPassword } from "../url.ts";
import type { Request } from "./arguments.ts";
import { checkEvents, checkSendable, namesThere } from "./checks.ts";
import { Connections, decodedNames } from "./connection.ts";
import type { Console } from "./console.ts";
import { closest, UsageError } from "./flags.ts";
import { interruptible } from "./interrupts.ts";
import type { Reporter } from "./reporter.ts";
import { type Subcommand, type Task, taskOver } from "./task.ts";
import { SUBCOMMANDS } from "./verbs.ts";

/** Verbs whose own output would stand between the events of --json. */
const WRITERS = ["cat", "quote", "completions"];

/**
 * The verb of that name.
 *
 * @throws {UsageError} with the one that was probably meant.
 */
export function verbNamed(name: string): Subcommand {
  const names = SUBCOMMANDS.map((verb) => verb.name);
  if (name === "") throw new UsageError(`Name a verb: ${names.join(", ")}; --help tells more`);
  const verb = SUBCOMMANDS.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  const shown = withoutPassword(name);
  if (isUrl(name)) throw new UsageError(`Name a verb before the URL: get ${shown}, or ls`);
  const meant = closest(name, names);
  const question = meant === undefined ? "" : `: did you mean ${meant}?`;
  throw new UsageError(`Unknown verb "${shown}", not one of ${names.join(", ")}${question}`);
}

/**
 * The verb that was asked for, its operands and flags checked.
 *
 * @throws {UsageError} before anything is connected.
 */
export function findVerb(request: Request): Subcommand {
  const verb = verbNamed(request.verb);
  const [least, most] = verb.count;
  if (request.operands.length < least || request.operands.length > most) {
    throw new UsageError(`${verb.name} takes ${verb.operands || "nothing"}`);
  }
  // Of a URL "" is the directory of the login.
  if (request.operands.includes("") && verb.name !== "ls") {
    throw new UsageError(`${verb.name} takes ${verb.operands}, and no empty name`);
  }
  checkOwnFlags(request, verb);
  if (request.protocol === "mini" && verb.runMini === undefined) {
    const able = SUBCOMMANDS.filter((each) => each.runMini !== undefined).map((each) => each.name);
    throw new UsageError(`--protocol mini has ${listed(able)}, not ${verb.name}`);
  }
  const { flagsOfMini = [] } = verb;
  const other = request.protocol === "mini"
    ? [...request.options, ...request.valued].find((flag) => !flagsOfMini.includes(flag))
    : undefined;
  if (other !== undefined) {
    throw new UsageError(`--${other} is a flag of ${verb.name} by ftp, not by mini`);
  }
  if (WRITERS.includes(verb.name) || request.output === "-") {
    checkEvents(request.telling, verb.name);
  }
  if (request.protocol === "ftp") checkSendable(namesThere(request, verb.takes));
  verb.check?.(request);
  return verb;
}

/** Refuses flags of other verbs. */
export function checkOwnFlags(
  { options, valued }: Request,
  { name, flags }: Pick<Subcommand, "name" | "flags">,
): void {
  for (const flag of [...options, ...valued]) {
    if (flags.includes(flag)) continue;
    const owners = SUBCOMMANDS.filter((each) => each.flags.includes(flag)).map((each) => each.name);
    throw new UsageError(`--${flag} is a flag of ${listed(owners)}, not of ${name}`);
  }
}

/** `get, put and mv`. */
function listed(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** Connects and runs `verb`; Ctrl-C ends it by `abort`. */
export async function runVerb(
  verb: Subcommand,
  request: Request,
  console: Console,
  reporter: Reporter,
  abort: AbortController,
): Promise<void> {
  const { signal } = abort;
  const bare = { console, reporter, request, signal };
  const connections = new Connections(bare);
  const { endsBySignal = false } = verb;
  const interruption = {
    abort,
    endsBySignal,
    begins: () => connections.asks || reporter.interrupting(),
    drop: () => connections.close(),
  };
  try {
    await interruptible(console, interruption, async () => {
      try {
        for (const warning of request.warnings) reporter.note(warning);
        if (request.protocol === "mini") return await verb.runMini!(bare);
        const task = taskOver({ ...bare, request: await decodedNames(request) }, connections);
        if (!verb.isOffline) await connectFor(verb, task);
        await verb.run(task);
      } finally {
        await connections.quit();
      }
    });
  } finally {
    // It may find that nobody reads any more, so it is the last.
    reporter.close();
  }
}

/** Connects, for a verb that has --retries as often as it tries its transfers. */
async function connectFor(verb: Subcommand, task: Task): Promise<void> {
  if (!verb.flags.includes("retries")) {
    await task.connected();
    return;
  }
  const { withTaskRetries } = await import("./again.ts");
  await withTaskRetries(task, () => Promise.resolve());
}
