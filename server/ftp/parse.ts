/**
 * How a line becomes a command: the row of the verb table that it names and its argument, or what
 * is wrong with it.
 *
 * The queue asks here for every line, so the usual verb costs no string.
 *
 * @module
 */

import { decodeOctets } from "../octets.ts";
import { VERBS } from "./commands/mod.ts";
import type { Verb } from "./commands/verb.ts";
import { encodeReply } from "./words/replies.ts";

/** Why a line is no command: "http" is one of another protocol's. */
export type Fault = "unknown" | "http" | "notImplemented" | "tooLong";

/** One line from the client, ready to be run or to be refused when its turn comes. */
export type Command =
  | {
    readonly verb: Verb;
    /** "" when there is none. */
    readonly argument: string;
    /** The length of the line. */
    readonly octets: number;
  }
  | {
    readonly verb: undefined;
    readonly argument: "";
    readonly fault: Fault;
    /** The length of the line. */
    readonly octets: number;
  };

/** What is said to each. */
export const FAULT_REPLIES: Readonly<Record<Fault, Uint8Array>> = {
  unknown: encodeReply(500, "Unknown command"),
  http: encodeReply(500, "Unknown command"),
  notImplemented: encodeReply(502, "Command not implemented"),
  tooLong: encodeReply(500, "Line too long"),
};

/** Verbs of RFC 959, 2228, 2640 and 7151 that are understood and not implemented. */
const NOT_IMPLEMENTED = "SMNT AUTH ADAT PBSZ PROT CCC MIC CONF ENC LANG HOST".split(" ");

/** What a web browser, or who makes one speak to this port, begins with (RFC 9110, RFC 9113). */
const HTTP_METHODS = "GET POST HEAD PUT DELETE OPTIONS PATCH CONNECT TRACE PRI".split(" ");
const HTTP_METHOD_LENGTH_MAX = 7;

const SPACE = 0x20;
/** Clears the bit that tells an ASCII letter's case. */
const CASE_MASK = 0xdf;

const VERBS_BY_KEY = new Map(VERBS.map((verb) => [keyOfName(verb.name), verb] as const));
const NOT_IMPLEMENTED_KEYS = new Set(NOT_IMPLEMENTED.map(keyOfName));

/** What `line` says, without its end; `tooLong` when it was longer than any command is. */
export function parseCommand(line: Uint8Array, tooLong: boolean): Command {
  const octets = line.length;
  if (tooLong) return { verb: undefined, argument: "", fault: "tooLong", octets };
  const length = verbLength(line);
  const verb = VERBS_BY_KEY.get(verbKey(line, length));
  if (verb === undefined) {
    return { verb, argument: "", fault: faultOf(line, length), octets };
  }
  const text = octets > length + 1 ? decodeOctets(line, length + 1) : "";
  return { verb, argument: verb.exact ? text : text.trim(), octets };
}

/**
 * Whether `line`, which ends with a CR at the end of what came, may be taken for whole: its LF can
 * have been urgent data, which a socket without SO_OOBINLINE takes out of the stream. Clients send
 * ABOR and STAT so. A verb alone cannot go on behind its CR, and STAT changes nothing if it does.
 */
export function mayEndUrgently(line: Uint8Array): boolean {
  const length = verbLength(line);
  const verb = VERBS_BY_KEY.get(verbKey(line, length));
  return verb !== undefined && (line.length === length || verb.during !== undefined);
}

function faultOf(line: Uint8Array, length: number): Fault {
  if (length > HTTP_METHOD_LENGTH_MAX) return "unknown";
  if (NOT_IMPLEMENTED_KEYS.has(verbKey(line, length))) return "notImplemented";
  const word = decodeOctets(line.subarray(0, length)).toUpperCase();
  return HTTP_METHODS.includes(word) ? "http" : "unknown";
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
