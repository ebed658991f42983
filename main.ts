/**
 * The one entrypoint: it picks the command `serve`, `client`, `bench` or `lab`, says what a hangup
 * ends, and does nothing else. No command's files are read but those of the one that is run.
 *
 * @module
 */

import {
  CALLED,
  closest,
  hasTerminal,
  print,
  PrintError,
  USAGE_STATUS,
  UsageError,
  versionText,
} from "./client/cli/flags.ts";

const USAGE_TEXT = [
  "serve  [FLAGS]        an FTP server; --help lists the flags",
  "client [FLAGS] VERB   an FTP client; --help lists the verbs",
  "bench  [FLAGS]        compares the models; --help lists the flags",
  "lab    list|run NAME  the textbook's claims as experiments",
].map((line, index) => `${index === 0 ? "Usage:" : "      "} ${CALLED} ${line}`).join("\n");

/** What every command's module has: arguments in, the exit status out. */
interface Command {
  main(args: readonly string[]): Promise<number>;
}

/** Each command, read when it is asked for. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["serve", () => load("./models/serve/mod.ts")],
  ["client", () => import("./client/cli/mod.ts")],
  ["bench", () => load("./bench/mod.ts")],
  ["lab", () => load("./bench/lab/mod.ts")],
]);

/** No literal, so a bundle leaves it out: these begin threads and processes from the project's files. */
function load(path: string): Promise<Command> {
  return import(new URL(path, import.meta.url).href);
}

async function commandNamed(name: string): Promise<Command> {
  const command = COMMANDS.get(name);
  if (command === undefined) {
    const meant = closest(name, [...COMMANDS.keys()]);
    const question = meant === undefined ? "" : `: did you mean ${meant}?`;
    throw new UsageError(`Unknown command "${name}"${question}`);
  }
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (/^Requires read access/.test(error.message)) {
      throw new UsageError("Cannot load the command: give the runtime --allow-read");
    }
    if (import.meta.url.endsWith(".js") && /^Module not found/.test(error.message)) {
      throw new UsageError(`This is the client alone: ${name} needs the project's files`);
    }
    throw error;
  }
}

/** Runs one command line; the exit status. Whatever a user can cause is one line on stderr. */
export async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) {
    console.error(USAGE_TEXT);
    return USAGE_STATUS;
  }
  try {
    if (["--help", "-h", "help"].includes(name)) {
      print(USAGE_TEXT);
      return 0;
    }
    if (name === "--version") {
      print(versionText());
      return 0;
    }
    return await (await commandNamed(name)).main(args);
  } catch (error) {
    if (error instanceof PrintError) {
      // Nobody reads any more, as SIGPIPE would say: that is no fault.
      if (error.status !== 141) console.error(`ftplab: ${error.message}`);
      return error.status;
    }
    if (!(error instanceof UsageError)) throw error;
    console.error(`ftplab: ${error.message}`);
    return USAGE_STATUS;
  }
}

/**
 * A hangup (SIGHUP) tells that the terminal has gone: where no stream is one, as behind nohup(1),
 * it ends nothing. That nohup had it ignored is not known any more: with its first listener, of
 * whatever signal, the runtime takes SIGHUP as well, in `deno task` already.
 */
function outliveTerminal(): void {
  if (Deno.build.os !== "windows" && !hasTerminal()) Deno.addSignalListener("SIGHUP", () => {});
}

if (import.meta.main) {
  outliveTerminal();
  Deno.exit(await main(Deno.args));
}
