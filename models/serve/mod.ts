/**
 * The serve command: flags become options, a model serves them, signals end it. main.ts calls
 * `main`; nothing here waits for whoever reads the process's output, but a moment at the end.
 *
 * @module
 */

import { outputColumns, print } from "../../client/cli/flags.ts";
import { unreachable } from "../../server/mod.ts";
import { hostAndPort } from "../address.ts";
import { type Model, type ModelName, ServeError } from "../model.ts";
import { helpText, parseServe, type ServeFlags } from "./flags.ts";
import { DEFAULT_ROOT, openRoot } from "../root.ts";
import { showStatsOnSignal, stopOnSignals } from "./signals.ts";
import { StandardTerminal, usualLogFormat } from "./terminal.ts";

/** Exit statuses; that of a wrong command line is main.ts's. */
const DONE = 0, FAILED = 1;

/**
 * Runs until a signal stops the server; the exit status. What a user or the system can cause is
 * one line on standard error.
 *
 * @param args what stands behind `serve`.
 * @throws {UsageError} for a wrong command line.
 */
export async function main(args: readonly string[]): Promise<number> {
  const flags = parseServe(args);
  if (flags === "help") {
    print(helpText(outputColumns()));
    return DONE;
  }
  const terminal = new StandardTerminal(flags.log ?? await usualLogFormat());
  try {
    await serve(flags, terminal);
    return DONE;
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    terminal.event({ kind: "warning", text: error.message });
    return FAILED;
  } finally {
    await terminal.close();
  }
}

/**
 * Resolves when the server has ended.
 *
 * @throws {UsageError} for a file of users that is none.
 * @throws {ServeError} when it could not serve.
 */
async function serve(flags: ServeFlags, terminal: StandardTerminal): Promise<void> {
  const { userFile, stats } = flags;
  const options = userFile === undefined
    ? flags.options
    : (await import("./user_file.ts")).withUsersOf(userFile, flags.options);
  const model = await load(flags.model);
  const reason = model.unavailable();
  if (reason !== undefined) {
    throw new ServeError(`Model ${model.name} is not available here: ${reason}`);
  }
  const root = await openRoot(flags.root);
  const server = await model.serve({ ...options, root }, terminal);
  stopOnSignals(server, flags.graceMs);
  if (stats) showStatsOnSignal(server, terminal);
  const { workers } = options;
  terminal.print(
    `ftplab: serving ${options.protocol} on ${hostAndPort(server.address)}, ` +
      `model ${server.description}, ${workers} worker${workers === 1 ? "" : "s"}, ` +
      `root ${flags.root ?? DEFAULT_ROOT}`,
  );
  await server.finished;
  if (stats) terminal.print(JSON.stringify({ workers: server.stats() }, null, 2));
}

/** The model of this name: of the others no file is read. */
async function load(name: ModelName): Promise<Model> {
  switch (name) {
    case "blocking":
      return (await import("../blocking.ts")).blocking;
    case "polling":
      return (await import("../polling.ts")).polling;
    case "multiplex":
      return (await import("../multiplex.ts")).multiplex;
    case "async":
      return (await import("../async.ts")).async;
    case "uring":
      return (await import("../uring.ts")).uring;
    default:
      return unreachable(name);
  }
}
