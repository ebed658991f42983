/**
 * The client's command line: `deno task client [FLAGS] VERB ...`.
 *
 * `main` is all of it: main.ts calls it with the arguments and exits with its result. Whatever a
 * user, a server or the network does ends in one line on standard error and an exit status; an
 * exception out of `main` is a bug.
 *
 * @module
 */

import {
  ClientError,
  ConnectionError,
  LocalError,
  LoginError,
  MiniError,
  ProtocolError,
} from "../mod.ts";
import { GRAMMAR, parseArguments } from "./arguments.ts";
import { type Console, OutputClosed, systemConsole } from "./console.ts";
import { renderHelp, type Row, UsageError } from "./flags.ts";
import { findVerb, Interrupted, runVerb } from "./run.ts";
import { SUBCOMMANDS } from "./verbs.ts";

export type { Console };

/** How a run ended, for shells. 130 and 141 are what they show for SIGINT and SIGPIPE. */
export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 2,
  connection: 3,
  login: 4,
  local: 5,
  interrupted: 130,
  outputClosed: 141,
} as const;

const EXIT_TEXTS: readonly Row[] = [
  [`${EXIT.ok}`, "done"],
  [`${EXIT.refused}`, "the server refused"],
  [`${EXIT.usage}`, "a wrong command line"],
  [`${EXIT.connection}`, "no connection, or it broke, or a transfer ended short"],
  [`${EXIT.login}`, "the login was refused"],
  [`${EXIT.local}`, "a file here could not be read or written"],
  [`${EXIT.interrupted}`, "interrupted with Ctrl-C"],
  [`${EXIT.outputClosed}`, "nobody reads standard output any more"],
];

/**
 * Runs one command line and returns its exit status (`EXIT`).
 *
 * @param args What stands behind `client`.
 *
 * @example
 * ```ts ignore
 * import { main } from "./client/cli/mod.ts";
 *
 * Deno.exit(await main(["--port", "2121", "get", "a.avi"]));
 * ```
 */
export async function main(
  args: readonly string[],
  console: Console = systemConsole(),
): Promise<number> {
  const abort = new AbortController();
  try {
    const request = parseArguments(args);
    if (request === "help") {
      await console.write(new TextEncoder().encode(`${helpText(console)}\n`));
      return EXIT.ok;
    }
    const verb = findVerb(request);
    await runVerb(verb, request, console, abort);
    return EXIT.ok;
  } catch (error) {
    return report(abort.signal.aborted ? abort.signal.reason : error, console);
  }
}

/** Says what went wrong in one line, and returns the exit status. */
function report(error: unknown, console: Console): number {
  if (error instanceof OutputClosed) return EXIT.outputClosed;
  if (error instanceof Interrupted) {
    console.writeError("Interrupted\n");
    return EXIT.interrupted;
  }
  if (!(error instanceof ClientError) && !(error instanceof UsageError)) throw error;
  console.writeError(`${error.message}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof LoginError) return EXIT.login;
  if (error instanceof ProtocolError || error instanceof MiniError) return EXIT.refused;
  if (error instanceof ConnectionError) return EXIT.connection;
  if (error instanceof LocalError) return EXIT.local;
  throw error;
}

/** What --help writes. */
function helpText(console: Console): string {
  return renderHelp({
    ...GRAMMAR,
    usage: ["client [FLAGS] VERB ..."],
    about: "An FTP client: binary transfers over passive connections, with any server. There is " +
      "no TLS as yet: names, passwords and files go in clear text.",
    topics: [{
      title: "Verbs",
      rows: SUBCOMMANDS.map((verb) => [`${verb.name} ${verb.operands}`, verb.summary]),
    }],
    exits: EXIT_TEXTS,
    notes: [
      "A download is written to LOCAL.part and takes its name when it is complete; what is left " +
      "of a broken one is where get --continue goes on. Times are UTC. A name that begins with " +
      "a dash follows --: client -- get -x.",
    ],
  }, console.outTerminal ? console.columns() : undefined);
}
