/**
 * The one entrypoint: it picks the command `serve`, `client`, `bench` or `lab`, and does nothing
 * else. No command's files are read but those of the one that is run.
 *
 * @module
 */

import { closest, USAGE_STATUS, UsageError } from "./client/cli/flags.ts";

const USAGE_TEXT = `Usage: deno task serve  [FLAGS]        an FTP server; --help lists the flags
       deno task client [FLAGS] VERB   an FTP client; --help lists the verbs
       deno task bench  [FLAGS]        compares the models; --help lists the flags
       deno task lab    list|run NAME  the textbook's claims as experiments`;

/** What every command is: arguments in, the exit status out. */
interface Command {
  main(args: readonly string[]): Promise<number>;
}

/** Their modules, for the type checker only: types are not loaded. */
interface Modules extends Record<string, Command> {
  readonly serve: typeof import("./models/serve/mod.ts");
  readonly client: typeof import("./client/cli/mod.ts");
  readonly bench: typeof import("./bench/mod.ts");
  readonly lab: typeof import("./bench/lessons/mod.ts");
}

const COMMANDS: { readonly [Name in keyof Modules]: string } = {
  serve: "./models/serve/mod.ts",
  client: "./client/cli/mod.ts",
  bench: "./bench/mod.ts",
  lab: "./bench/lessons/mod.ts",
};

/**
 * The module of a command. Its path is computed: what an import names literally the runtime reads
 * at the start, whatever comes of it, and so the files of all commands for each of them.
 */
async function load(path: string): Promise<Command> {
  try {
    return await import(new URL(path, import.meta.url).href);
  } catch (error) {
    if (!(error instanceof TypeError && /^Requires read access/.test(error.message))) throw error;
    throw new UsageError("Cannot load the command: give the runtime --allow-read");
  }
}

/** Runs one command line; the exit status. Whatever a user can cause is one line on stderr. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === "--help" || name === "-h" || name === "help") {
      console.log(USAGE_TEXT);
      return 0;
    }
    if (name === undefined) {
      console.error(USAGE_TEXT);
      return USAGE_STATUS;
    }
    if (!Object.hasOwn(COMMANDS, name)) {
      const meant = closest(name, Object.keys(COMMANDS));
      const question = meant === undefined ? "" : `: did you mean ${meant}?`;
      throw new UsageError(`Unknown command "${name}"${question}`);
    }
    return await (await load(COMMANDS[name]!)).main(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`ftplab: ${error.message}`);
    return USAGE_STATUS;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
