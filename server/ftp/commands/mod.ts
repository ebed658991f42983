/**
 * The one table of FTP verbs, and how a line becomes one of them.
 *
 * The session checks a command against its row before it runs it, and HELP and FEAT are made from
 * the rows, so what the server says of itself is what it does. Each verb's function is in the file
 * of its topic.
 *
 * @module
 */

import type { Access } from "../../accounts.ts";
import { decodeText } from "../words/lines.ts";
import { encodeReply } from "../words/replies.ts";
import type { FtpSession } from "../session.ts";
import { account, logIn, nameUser, quit, reinitialize } from "./access.ts";
import {
  changeDirectory,
  changeToParent,
  makeDirectory,
  printDirectory,
  removeDirectory,
} from "./directories.ts";
import { modified, remove, renameFrom, renameTo, setModified, size } from "./files.ts";
import {
  client,
  features,
  help,
  listFacts,
  markedFacts,
  noOperation,
  options,
  site,
  status,
  system,
} from "./information.ts";
import {
  allocate,
  extendedPassive,
  extendedPort,
  passive,
  port,
  restart,
  setMode,
  setStructure,
  setType,
} from "./parameters.ts";
import {
  abort,
  append,
  list,
  listMachine,
  listNames,
  retrieve,
  store,
  storeUnique,
} from "./transfers.ts";

/** One row of the table. */
export interface Verb {
  /** Three or four capital letters. */
  readonly name: string;
  /** What the user must be allowed to; "none": even before the login. */
  readonly access: Access | "none";
  readonly argument: "none" | "optional" | "required";
  /**
   * What it does while a transfer runs: waits for the end, is answered at once unless something
   * waits before it, is answered before all that waits, or ends the transfer. With an argument
   * every verb waits.
   */
  readonly during: "waits" | "atOnce" | "overtakes" | "aborts";
  readonly run: (session: FtpSession, argument: string) => void;
  /** The argument's syntax, for HELP. */
  readonly syntax: string;
  /** The line that FEAT has for it (RFC 2389). */
  readonly feature?: (session: FtpSession) => string;
}

/** One line from the client, ready to be run or to be refused when its turn comes. */
export interface Command {
  /** undefined: `fault` is all that is to be said. */
  readonly verb: Verb | undefined;
  /** "" when there is none. */
  readonly argument: string;
  readonly fault: Uint8Array;
  /** The length of the line. */
  readonly octets: number;
}

type Row = [
  Verb["name"],
  Verb["access"],
  Verb["argument"],
  Verb["during"],
  Verb["run"],
  Verb["syntax"],
  feature?: string | ((session: FtpSession) => string),
];

const mlstFeature = (session: FtpSession) => `MLST ${markedFacts(session.facts)}`;

/** In the order of RFC 959 section 4.1, then the extensions. */
const ROWS: readonly Row[] = [
  // verb, who may, argument, during a transfer, function, syntax, feature
  ["USER", "none", "required", "waits", nameUser, "name"],
  ["PASS", "none", "optional", "waits", logIn, "password"],
  ["ACCT", "none", "required", "waits", account, "account"],
  ["CWD", "read", "required", "waits", changeDirectory, "directory"],
  ["XCWD", "read", "required", "waits", changeDirectory, "directory"],
  ["CDUP", "read", "none", "waits", changeToParent, ""],
  ["XCUP", "read", "none", "waits", changeToParent, ""],
  ["REIN", "none", "none", "waits", reinitialize, ""],
  ["QUIT", "none", "none", "waits", quit, ""],
  ["PORT", "read", "required", "waits", port, "h1,h2,h3,h4,p1,p2"],
  ["EPRT", "read", "required", "waits", extendedPort, "|1 or 2|host|port|", "EPRT"],
  ["PASV", "read", "none", "waits", passive, ""],
  ["EPSV", "read", "optional", "waits", extendedPassive, "[1 | 2 | ALL]", "EPSV"],
  ["TYPE", "read", "required", "waits", setType, "A [N] | I | L 8"],
  ["STRU", "read", "required", "waits", setStructure, "F"],
  ["MODE", "read", "required", "waits", setMode, "S"],
  ["RETR", "read", "required", "waits", retrieve, "file"],
  ["STOR", "write", "required", "waits", store, "file"],
  ["STOU", "write", "optional", "waits", storeUnique, "[name to begin with]"],
  ["APPE", "write", "required", "waits", append, "file"],
  ["ALLO", "write", "required", "waits", allocate, "octets [R octets]"],
  ["REST", "read", "required", "waits", restart, "octets", "REST STREAM"],
  ["RNFR", "write", "required", "waits", renameFrom, "path"],
  ["RNTO", "write", "required", "waits", renameTo, "path"],
  ["ABOR", "none", "none", "aborts", abort, ""],
  ["DELE", "write", "required", "waits", remove, "file"],
  ["RMD", "write", "required", "waits", removeDirectory, "directory"],
  ["XRMD", "write", "required", "waits", removeDirectory, "directory"],
  ["MKD", "write", "required", "waits", makeDirectory, "directory"],
  ["XMKD", "write", "required", "waits", makeDirectory, "directory"],
  ["PWD", "read", "none", "waits", printDirectory, ""],
  ["XPWD", "read", "none", "waits", printDirectory, ""],
  ["LIST", "read", "optional", "waits", list, "[-al] [path]"],
  ["NLST", "read", "optional", "waits", listNames, "[-a] [path]"],
  ["SITE", "read", "required", "waits", site, "HELP | CHMOD mode path"],
  ["SYST", "none", "none", "waits", system, ""],
  ["STAT", "read", "optional", "overtakes", status, "[[-al] path]"],
  ["HELP", "none", "optional", "waits", (session, verb) => help(session, verb, VERBS), "[verb]"],
  ["NOOP", "none", "none", "atOnce", noOperation, ""],
  ["FEAT", "none", "none", "waits", (session) => features(session, VERBS), ""],
  ["OPTS", "none", "required", "waits", options, "UTF8 ON | MLST [fact;...]"],
  ["CLNT", "none", "required", "waits", client, "program", "CLNT"],
  ["SIZE", "read", "required", "waits", size, "file", "SIZE"],
  ["MDTM", "read", "required", "waits", modified, "path", "MDTM"],
  ["MFMT", "write", "required", "waits", setModified, "YYYYMMDDHHMMSS path", "MFMT"],
  ["MLST", "read", "optional", "waits", listFacts, "[path]", mlstFeature],
  ["MLSD", "read", "optional", "waits", listMachine, "[directory]"],
];

const VERBS: readonly Verb[] = ROWS.map(
  ([name, access, argument, during, run, syntax, feature]) => {
    const verb = { name, access, argument, during, run, syntax };
    if (feature === undefined) return verb;
    return { ...verb, feature: typeof feature === "string" ? () => feature : feature };
  },
);

/** Verbs of RFC 959, 2228, 2640 and 7151 that are understood and not implemented. */
const NOT_IMPLEMENTED = "SMNT AUTH ADAT PBSZ PROT CCC MIC CONF ENC LANG HOST".split(" ");

const UNKNOWN_VERB = encodeReply(500, "Unknown command");
const VERB_NOT_IMPLEMENTED = encodeReply(502, "Command not implemented");
const LINE_TOO_LONG = encodeReply(500, "Line too long");
const NOT_UTF8 = encodeReply(501, "Argument is not UTF-8");

const SPACE = 0x20;
/** Clears the bit that tells an ASCII letter's case. */
const CASE_MASK = 0xdf;

/** Verbs by `verbKey`; the ones not implemented have no value. */
const VERBS_BY_KEY = new Map<number, Verb | undefined>([
  ...NOT_IMPLEMENTED.map((name) => [keyOfName(name), undefined] as const),
  ...VERBS.map((verb) => [keyOfName(verb.name), verb] as const),
]);

/** What `line` says, without its end; `tooLong` when it was longer than any command is. */
export function parseCommand(line: Uint8Array, tooLong: boolean): Command {
  if (tooLong) return faulty(LINE_TOO_LONG, line);
  const length = verbLength(line);
  const key = verbKey(line, length);
  const verb = VERBS_BY_KEY.get(key);
  if (verb === undefined) {
    return faulty(VERBS_BY_KEY.has(key) ? VERB_NOT_IMPLEMENTED : UNKNOWN_VERB, line);
  }
  const argument = line.length > length + 1 ? decodeText(line.subarray(length + 1)) : "";
  if (argument === undefined) return faulty(NOT_UTF8, line);
  return { verb, argument, fault: UNKNOWN_VERB, octets: line.length };
}

function faulty(fault: Uint8Array, line: Uint8Array): Command {
  return { verb: undefined, argument: "", fault, octets: line.length };
}

function verbLength(line: Uint8Array): number {
  const space = line.indexOf(SPACE);
  return space === -1 ? line.length : space;
}

/** Up to four letters of either case as one number, or 0 for anything else: no string is made. */
function verbKey(line: Uint8Array, length: number): number {
  if (length > 4) return 0;
  let key = 0;
  for (let index = 0; index < length; index++) {
    const letter = line[index]! & CASE_MASK;
    if (letter < 0x41 || letter > 0x5a) return 0;
    key = key << 8 | letter;
  }
  return key;
}

function keyOfName(name: string): number {
  return verbKey(new TextEncoder().encode(name), name.length);
}
