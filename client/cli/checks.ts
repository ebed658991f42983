/**
 * What the table of verbs cannot say: which flags and operands exclude each other. All of it is
 * known before anything is connected.
 *
 * Pure; verbs.ts names the functions in its table.
 *
 * @module
 */

import { isSendable } from "../conversation.ts";
import { lastName } from "../directory.ts";
import { isPlainName } from "../listing.ts";
import { baseName } from "../local/names.ts";
import { withoutPassword } from "../url.ts";
import type { Request } from "./arguments.ts";
import { UsageError } from "./flags.ts";
import type { Telling } from "./telling.ts";

/** What get cannot do. */
export function checkGet(request: Request): void {
  const { operands, output, outputDirectory } = request;
  if (operands.includes("-")) {
    const file = operands.find((name) => name !== "-") ?? "REMOTE";
    throw new UsageError(`Standard output is -o -: get ${quoted(file)} -o -`);
  }
  if (output === "-") {
    if (request.options.has("continue")) throw notToContinue("standard output");
    if (outputDirectory !== undefined) throw new UsageError("Standard output is in no folder");
    return;
  }
  checkFlags(request);
  checkOneOutput(request);
  if (output !== undefined) return;
  const nameless = operands.find((remote) => !isPlainName(lastName(remote)));
  if (nameless !== undefined) {
    throw new UsageError(`"${nameless}" gives no name to the file: get takes -o NAME for it`);
  }
  checkTwins(operands, lastName, "here");
}

/** What put cannot do. */
export function checkPut(request: Request): void {
  const { operands, options, output, protocol } = request;
  checkFlags(request);
  if (options.has("recursive") && options.has("direct")) {
    throw new UsageError("--direct writes single files: it goes without --recursive");
  }
  if (output === "-") throw new UsageError("put -o takes a name on the server; there is no -");
  const streams = operands.filter((local) => local === "-").length;
  if (streams > 0) {
    if (streams > 1) throw new UsageError("Standard input can be put once: put - -o NAME");
    if (options.has("continue")) throw notToContinue("standard input");
    if (protocol === "mini") throw new UsageError("put takes a file by mini, not standard input");
    if (output === undefined) throw new UsageError("Standard input has no name: put - -o NAME");
    checkInput(request, "put -");
  }
  checkOneOutput(request);
  if (isName(output)) return;
  const above = operands.find((local) => baseName(local) === "..");
  if (above !== undefined) {
    throw new UsageError(`"${above}" gives no name to what is put: put takes -o NAME for it`);
  }
  checkTwins(operands, (local) => baseName(local), "on the server");
}

/** What ls cannot do: entries that are written as they come have the server's order. */
export function checkList({ options }: Request): void {
  if (!options.has("unsorted")) return;
  const flag = (["by-time", "by-size", "reverse", "recursive"] as const)
    .find((name) => options.has(name));
  if (flag !== undefined) {
    throw new UsageError(`--unsorted writes entries as they come: it goes without --${flag}`);
  }
}

/** What mirror cannot do. */
export function checkMirror(request: Request): void {
  const { operands: [source, target], options, telling } = request;
  if (options.has("dry-run") && telling.json) {
    throw new UsageError("--dry-run writes to standard output, as --json does");
  }
  const ways = (["newer", "size-only", "checksum"] as const).filter((way) => options.has(way));
  if (ways.length > 1) {
    throw new UsageError(`--${ways[0]} and --${ways[1]} are two ways to tell files apart`);
  }
  if (source === undefined || target !== undefined || sourceName(request) !== undefined) return;
  throw new UsageError(`"${source}" has no name of its own: mirror takes a TARGET for it`);
}

/** What shell cannot do. */
export function checkShell(request: Request): void {
  if (request.script === undefined) checkInput(request, "shell");
}

/** Refuses to read standard input twice: for the password, and as `reader` does. */
export function checkInput({ passwordFile }: Request, reader: string): void {
  if (passwordFile !== "-") return;
  throw new UsageError(`--password-file - reads standard input, as ${reader} does`);
}

/** Refuses what `writer` writes where it would stand between events. */
export function checkEvents({ json = false }: Telling, writer: string): void {
  if (json) throw new UsageError(`--json writes to standard output, as ${writer} does`);
}

/** Refuses what no command can hold. */
export function checkSendable(names: readonly string[]): void {
  const name = names.find((each) => !isSendable(each));
  if (name === undefined) return;
  throw new UsageError(`"${name}" cannot be sent: a command of FTP has no CR, LF or NUL in it`);
}

/** What is sent of a command line whose operands are what `takes` says. */
export function namesThere(
  request: Request,
  takes: "local" | "remote" | undefined,
): readonly string[] {
  const { verb, operands, options, output = "", outputDirectory = "" } = request;
  if (verb === "quote") return [operands.join(" ")];
  if (verb === "mirror") {
    const [source = "", target = sourceName(request) ?? ""] = operands;
    return [options.has("reverse") ? target : source];
  }
  if (takes !== "local") return operands;
  const own = isName(output) ? [] : operands.map((each) => baseName(each));
  return [output, outputDirectory, ...own];
}

/** Whether -o of put says the whole name, and not the folder alone. */
function isName(output = ""): boolean {
  return output !== "" && !output.endsWith("/");
}

/**
 * The last name of mirror's source, if it is one that a folder can have: a drive of Windows is none.
 */
export function sourceName(
  { operands: [source = ""], options }: Pick<Request, "operands" | "options">,
  isWindows: boolean = Deno.build.os === "windows",
): string | undefined {
  const isHere = options.has("reverse");
  const name = isHere ? baseName(source, isWindows) : lastName(source);
  const isName = isPlainName(name) && !(isHere && isWindows && /[:\\]/.test(name));
  return isName ? name : undefined;
}

/** What mv cannot do: only a folder takes several. */
export function checkMove({ operands }: Request): void {
  if (operands.length > 2) {
    checkTwins(operands.slice(0, -1), lastName, `in "${operands.at(-1)}"`);
  }
}

/** Mode bits as SITE CHMOD takes them everywhere. */
export function checkMode({ operands: [mode = ""] }: Request): void {
  if (!/^0?[0-7]{3,4}$/.test(mode)) {
    const shown = withoutPassword(mode);
    throw new UsageError(`chmod takes a MODE of octal digits such as 644, not "${shown}"`);
  }
}

/**
 * Commands that leave the connection in a state that this client does not know, or that are secret:
 * those with a data connection, those of the login, those of TLS (RFC 4217), those of the directory
 * that a shell comes back to when a connection is lost, those that await another command.
 */
const NOT_TO_QUOTE = new Map<string, string>([
  ...["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"].map(needsData),
  ...["PASV", "EPSV", "PORT", "EPRT", "LPRT", "LPSV"].map(needsData),
  ...["USER", "PASS", "ACCT", "REIN"].map((verb) => [verb, "log in with --user"] as const),
  ...["AUTH", "PBSZ", "PROT", "CCC"].map((verb) => [verb, "it is of TLS"] as const),
  ...["CWD", "CDUP", "XCWD", "XCUP"].map((verb) => [verb, "the shell's cd does that"] as const),
  ...["REST", "RNFR", "ABOR", "MODE", "STRU", "SMNT"].map((verb) =>
    [verb, "it changes what comes after it"] as const
  ),
]);

function needsData(verb: string): readonly [string, string] {
  return [verb, "it needs a data connection"];
}

/** What quote cannot send. */
export function checkQuote({ operands }: Request): void {
  const verb = operands.join(" ").trim().split(/\s/, 1)[0]!.toUpperCase();
  const reason = NOT_TO_QUOTE.get(verb);
  if (reason !== undefined) throw new UsageError(`quote cannot send ${verb}: ${reason}`);
}

function checkFlags({ options }: Request): void {
  if (!options.has("continue")) return;
  if (options.has("no-clobber")) {
    throw new UsageError("--continue goes on with a file, --no-clobber touches none");
  }
}

function notToContinue(what: string): UsageError {
  return new UsageError(`--continue takes a file of FTP to go on with, not ${what}`);
}

/** One name is for one file. */
function checkOneOutput({ verb, operands, output }: Request): void {
  if (output === undefined || operands.length === 1) return;
  throw new UsageError(
    `-o ${quoted(output)} names one file: ${verb} takes -O DIR for ${operands.length}`,
  );
}

/** The second of two files with one name would overwrite the first. */
export function checkTwins(
  operands: readonly string[],
  nameOf: (operand: string) => string,
  where: string,
): void {
  const seen = new Map<string, string>();
  for (const operand of operands) {
    const other = seen.get(nameOf(operand));
    if (other !== undefined) {
      throw new UsageError(
        `"${other}" and "${operand}" would both be "${nameOf(operand)}" ${where}: ` +
          "name them one by one, with -o NAME",
      );
    }
    seen.set(nameOf(operand), operand);
  }
}

/** A name as it is typed in a shell. */
export function quoted(name: string): string {
  return /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
