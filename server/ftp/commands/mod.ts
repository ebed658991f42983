/**
 * The one table of FTP verbs.
 *
 * The session checks a command against its row before it runs it, and HELP and FEAT are made from
 * the rows, so what the server says of itself is what it does. Each verb's function is in the file
 * of its topic; how a line finds its row is in ../parse.ts.
 *
 * @module
 */

import { account, logIn, nameUser, quit, reinitialize } from "./access.ts";
import {
  changeDirectory,
  changeToParent,
  makeDirectory,
  printDirectory,
  removeDirectory,
} from "./directories.ts";
import { modified, remove, renameFrom, renameTo, setModified, size } from "./files.ts";
import { features, help, markedFacts, options } from "./help.ts";
import { client, listFacts, noOperation, status, system } from "./information.ts";
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
import { site, SITE_SYNTAX } from "./site.ts";
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
import type { Verb } from "./verb.ts";

const DIRECTORY = {
  access: "read",
  argument: "required",
  exact: true,
  syntax: "directory",
} as const;
const NEW_DIRECTORY = { ...DIRECTORY, access: "write", endsRename: true } as const;
const UPLOAD = { ...NEW_DIRECTORY, syntax: "file" } as const;
const PARAMETER = { access: "read", argument: "required" } as const;
const ALONE = { argument: "none", syntax: "" } as const;

/** In the order of RFC 959 section 4.1, then the extensions. */
export const VERBS: readonly Verb[] = [
  {
    name: "USER",
    access: "none",
    argument: "required",
    exact: true,
    run: nameUser,
    syntax: "name",
  },
  {
    name: "PASS",
    access: "none",
    argument: "optional",
    exact: true,
    run: logIn,
    syntax: "password",
  },
  { name: "ACCT", access: "none", argument: "required", run: account, syntax: "account" },
  { name: "CWD", ...DIRECTORY, run: changeDirectory },
  { name: "XCWD", ...DIRECTORY, run: changeDirectory },
  { name: "CDUP", ...ALONE, access: "read", run: changeToParent },
  { name: "XCUP", ...ALONE, access: "read", run: changeToParent },
  { name: "REIN", ...ALONE, access: "none", run: reinitialize },
  { name: "QUIT", access: "none", argument: "ignored", run: quit, syntax: "" },
  { name: "PORT", ...PARAMETER, run: port, syntax: "h1,h2,h3,h4,p1,p2" },
  {
    name: "EPRT",
    ...PARAMETER,
    run: extendedPort,
    syntax: "|1 or 2|host|port|",
    feature: () => "EPRT",
  },
  { name: "PASV", ...ALONE, access: "read", run: passive },
  {
    name: "EPSV",
    access: "read",
    argument: "optional",
    run: extendedPassive,
    syntax: "[1 | 2 | ALL]",
    feature: () => "EPSV",
  },
  { name: "TYPE", ...PARAMETER, run: setType, syntax: "A [N] | I | L 8" },
  { name: "STRU", ...PARAMETER, run: setStructure, syntax: "F" },
  { name: "MODE", ...PARAMETER, run: setMode, syntax: "S" },
  { name: "RETR", ...UPLOAD, access: "read", transfers: "send", run: retrieve },
  { name: "STOR", ...UPLOAD, transfers: "receive", run: store },
  {
    name: "STOU",
    ...UPLOAD,
    argument: "optional",
    transfers: "receive",
    run: storeUnique,
    syntax: "[name to begin with]",
  },
  { name: "APPE", ...UPLOAD, needs: "append", transfers: "receive", run: append },
  { name: "ALLO", ...PARAMETER, access: "write", run: allocate, syntax: "octets [R octets]" },
  { name: "REST", ...PARAMETER, run: restart, syntax: "octets", feature: () => "REST STREAM" },
  { name: "RNFR", ...UPLOAD, needs: "rename", run: renameFrom, syntax: "path" },
  {
    name: "RNTO",
    access: "write",
    argument: "required",
    exact: true,
    needs: "rename",
    run: renameTo,
    syntax: "path",
  },
  { name: "ABOR", ...ALONE, access: "none", during: "aborts", run: abort },
  { name: "DELE", ...UPLOAD, run: remove },
  { name: "RMD", ...NEW_DIRECTORY, run: removeDirectory },
  { name: "XRMD", ...NEW_DIRECTORY, run: removeDirectory },
  { name: "MKD", ...NEW_DIRECTORY, run: makeDirectory },
  { name: "XMKD", ...NEW_DIRECTORY, run: makeDirectory },
  { name: "PWD", ...ALONE, access: "read", run: printDirectory },
  { name: "XPWD", ...ALONE, access: "read", run: printDirectory },
  {
    name: "LIST",
    access: "read",
    argument: "optional",
    exact: true,
    transfers: "send",
    run: list,
    syntax: "[-adlrtR] [path]",
  },
  {
    name: "NLST",
    access: "read",
    argument: "optional",
    exact: true,
    transfers: "send",
    run: listNames,
    syntax: "[-adlrtR] [path]",
  },
  {
    name: "SITE",
    access: "read",
    argument: "required",
    exact: true,
    run: site,
    syntax: SITE_SYNTAX,
  },
  { name: "SYST", ...ALONE, access: "none", run: system },
  {
    name: "STAT",
    access: "read",
    argument: "optional",
    exact: true,
    during: "overtakes",
    run: status,
    syntax: "[[-adlrtR] path]",
  },
  {
    name: "HELP",
    access: "none",
    argument: "optional",
    run: (session, topic) => help(session, topic, VERBS),
    syntax: "[verb]",
  },
  { name: "NOOP", ...ALONE, access: "none", waitsTogether: true, run: noOperation },
  { name: "FEAT", ...ALONE, access: "none", run: (session) => features(session, VERBS) },
  {
    name: "OPTS",
    access: "none",
    argument: "required",
    run: options,
    syntax: "UTF8 ON | MLST [fact;...]",
  },
  {
    name: "CLNT",
    access: "none",
    argument: "required",
    run: client,
    syntax: "program",
    feature: () => "CLNT",
  },
  { name: "SIZE", ...DIRECTORY, run: size, syntax: "file", feature: () => "SIZE" },
  { name: "MDTM", ...DIRECTORY, run: modified, syntax: "path", feature: () => "MDTM" },
  {
    name: "MFMT",
    ...UPLOAD,
    needs: "times",
    run: setModified,
    syntax: "YYYYMMDDHHMMSS path",
    feature: () => "MFMT",
  },
  {
    name: "MLST",
    ...DIRECTORY,
    argument: "optional",
    run: listFacts,
    syntax: "[path]",
    feature: (session) => `MLST ${markedFacts(session)}`,
  },
  {
    name: "MLSD",
    ...DIRECTORY,
    argument: "optional",
    transfers: "send",
    run: listMachine,
    syntax: "[directory]",
  },
];
