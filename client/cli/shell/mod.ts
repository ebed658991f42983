/**
 * The shell: `>>> get a.avi`, one line after the other on one connection, typed or from a script.
 *
 * cli/mod.ts imports it only when it is asked for, with all that a plain `get` does not need.
 *
 * @module
 */

import { localError } from "../../errors.ts";
import type { Request } from "../arguments.ts";
import type { Console } from "../console.ts";
import { EXIT } from "../exit.ts";
import { complete, NameSource } from "./completion.ts";
import { History, historyPath } from "./history.ts";
import { type LineSource, ScriptLines } from "./lines.ts";
import { localNames, localPath, returnHere, withWholePaths } from "./local.ts";
import { ShellSession } from "./session.ts";
import { type EndsRun, type Report, Shell, VERBS } from "./shell.ts";
import { watched } from "./watched_console.ts";

/** Statuses that end a script whatever its flags: Ctrl-C, and nobody who reads the output. */
const FINAL_STATUSES: readonly number[] = [EXIT.interrupted, EXIT.outputClosed];

/**
 * Performs lines to their end and returns the exit status: of a script that of the line that failed
 * first, of a person 0.
 */
export async function runShell(
  request: Request,
  systemConsole: Console,
  report: Report,
): Promise<number> {
  const { options: flags, script } = request;
  const { console, atLineStart } = watched(systemConsole);
  await using session = new ShellSession(console, withWholePaths(request));
  const isTyped = script === undefined && console.inTerminal && console.errTerminal;
  const history = await History.open(isTyped ? historyPath(console) : undefined);
  const names = new NameSource(() => session.client);
  const readsInput = script === undefined;
  const endsRun = (status: number) =>
    !isTyped && (FINAL_STATUSES.includes(status) || !flags.has("keep-going"));
  const shell = new Shell({ console, session, history, readsInput, report, endsRun });
  try {
    if (isTyped) {
      const { EditedLines } = await import("./editor.ts");
      using lines: LineSource = new EditedLines(console, history, (line: string) =>
        complete(line, {
          verbs: VERBS,
          remoteNames: (directory) => names.list(directory, session.target.escapes),
          localNames: (directory) =>
            localNames(localPath(directory || ".", console)).catch(() => []),
        }));
      await begin(shell);
      return await performTyped(shell, lines, names, atLineStart);
    }
    using lines = await openScript(script, console);
    return await performScript(shell, lines, endsRun);
  } catch (error) {
    return report(error, undefined);
  } finally {
    returnHere(shell);
  }
}

/** Connects at once: whoever sits there learns at once whether there is a server. */
async function begin(shell: Shell): Promise<void> {
  const status = await shell.attempt(false, async (line) => {
    shell.warn(line);
    if (shell.session.target.protocol === "ftp") await shell.session.connected();
    shell.greet();
  });
  if (status === 0) return;
  shell.console.writeError("open HOST [PORT] connects elsewhere, help tells more\n");
}

async function performTyped(
  shell: Shell,
  lines: LineSource,
  names: NameSource,
  atLineStart: () => boolean,
): Promise<number> {
  for (;;) {
    // The prompt is drawn from the first column, over what a file without a line end left there.
    if (!atLineStart()) shell.console.writeError("\n");
    const line = await lines.next();
    if (line === undefined) return 0;
    const status = await shell.perform(line);
    // What was pasted behind a line that Ctrl-C ended is not wanted any more.
    if (FINAL_STATUSES.includes(status)) lines.flush();
    if (shell.left) return 0;
    names.forget();
  }
}

async function performScript(
  shell: Shell,
  lines: LineSource,
  endsRun: EndsRun,
): Promise<number> {
  const warned = await shell.attempt(true, (line) => shell.warn(line));
  if (warned !== 0) return warned;
  let first = 0;
  for (let number = 1; !shell.left; number++) {
    const line = await lines.next();
    if (line === undefined) break;
    const status = await shell.perform(line, number);
    if (status === 0) continue;
    if (endsRun(status)) return status;
    first ||= status;
  }
  return first;
}

async function openScript(path: string | undefined, console: Console): Promise<ScriptLines> {
  if (path === undefined) return new ScriptLines((buffer) => console.read(buffer));
  const action = `Cannot read "${path}"`;
  try {
    const file = await Deno.open(path);
    return new ScriptLines(
      (buffer) => file.read(buffer).catch((error) => Promise.reject(localError(action, error))),
      () => file.close(),
    );
  } catch (error) {
    throw localError(action, error);
  }
}
