/**
 * The client's command line: `deno task client [FLAGS] VERB ...`.
 *
 * `main` is all of it: main.ts calls it with the arguments and exits with its result. Whatever a
 * user, a server or the network does ends in one line on standard error and an exit status; an
 * exception out of `main` is a bug.
 *
 * @module
 */

import { isQuestion, parseArguments, type Question, type Request } from "./arguments.ts";
import { type Console, systemConsole } from "./console.ts";
import { EXIT, statusOf } from "./exit.ts";
import { versionText } from "./flags.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import { findVerb, runVerb } from "./run.ts";
import { SHELL } from "./verbs.ts";

export type { Console };
export { EXIT };

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
  let reporter: Reporter | undefined;
  try {
    const request = parseArguments(args);
    if (isQuestion(request)) {
      await answer(request, console);
      return EXIT.ok;
    }
    if (asksForShell(request, console)) return await openShell(request, console);
    const verb = findVerb(request);
    reporter = await reporterFor(console, request.telling);
    await runVerb(verb, request, console, reporter, abort);
    return EXIT.ok;
  } catch (error) {
    const told = abort.signal.aborted ? abort.signal.reason : error;
    if (statusOf(told) === EXIT.refused && isLossy(args)) reporter?.note(ESCAPES_HINT);
    return report(told, console, reporter);
  }
}

const ESCAPES_HINT =
  "A name that is not UTF-8 has to be typed in another form: --escapes 'caf\\xe9'";

/** Whether the runtime has replaced octets that are not UTF-8, which are lost by that. */
function isLossy(args: readonly string[]): boolean {
  return args.some((arg) => arg.includes("\ufffd")) && !args.includes("--escapes");
}

/** Whether lines are to follow, by a verb or because somebody sits there who named none. */
function asksForShell({ verb, script }: Request, console: Console): boolean {
  const isTyped = console.inTerminal && console.errTerminal;
  return verb === SHELL || verb === "" && (script !== undefined || isTyped);
}

/** Reads lines until there are no more. */
async function openShell(request: Request, console: Console): Promise<number> {
  const named = { ...request, verb: SHELL };
  findVerb(named);
  const { runShell } = await import("./shell/mod.ts");
  return await runShell(
    named,
    console,
    (error, reporter, endsRun) => report(error, console, reporter, endsRun),
  );
}

/** Says what went wrong in one line and returns the exit status, also where the run goes on. */
function report(
  error: unknown,
  console: Console,
  reporter: Reporter | undefined,
  endsRun: (status: number) => boolean = () => true,
): number {
  const status = statusOf(error);
  if (status === undefined || !(error instanceof Error)) throw error;
  if (status === EXIT.outputClosed) return status;
  if (reporter !== undefined) reporter.failed(error, endsRun(status) ? status : undefined);
  else if (error.message !== "") console.writeError(`${error.message}\n`);
  return status;
}

/** Answers what needs no server. */
async function answer(question: Question, console: Console): Promise<void> {
  const say = (text: string) => console.write(new TextEncoder().encode(`${text}\n`));
  if (question.asks === "version") return await say(versionText());
  const { manualText } = await import("./manual.ts");
  await say(manualText(question.verb, console.outTerminal ? console.columns() : undefined));
}
