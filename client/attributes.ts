/**
 * What can be asked and set of one name: what has it (MLST, or CWD, SIZE, MDTM and LIST), its time
 * (MDTM, MFMT), its checksum (HASH, XSHA256 and its kin).
 *
 * client.ts calls it, one operation at a time. Hardly any of it is in RFC 959, so each answer may
 * be that the server has no such thing.
 *
 * @module
 */

import { formatTime, parseTime } from "../server/ftp/words/facts.ts";
import { sizeIn } from "./contents.ts";
import type { ControlConnection } from "./control.ts";
import { inside, lastName, list, parentOf } from "./directory.ts";
import {
  ConnectionError,
  describeReply,
  LocalError,
  ProtocolError,
  refusal,
  unlessRefused,
} from "./errors.ts";
import { chooseFacts } from "./facts.ts";
import { type Entry, isPlainName, parseFacts } from "./listing.ts";
import { linesBetween } from "./login.ts";
import { type CallOptions, setType } from "./transfer.ts";

/** One entry; its name is the last part of `path`. A link to a directory is one. */
export async function stat(control: ControlConnection, path: string): Promise<Entry> {
  const name = lastName(path);
  const action = `Cannot find "${path}"`;
  const hasMlst = control.server.features.has("MLST");
  const entry = hasMlst ? await statByFacts(control, path, action) : undefined;
  return { ...entry ?? await statByParts(control, path, name, action), name };
}

/**
 * By MLST; undefined where the server does not know it, whatever FEAT says (500 to 504), or has no
 * facts in its reply.
 */
async function statByFacts(
  control: ControlConnection,
  path: string,
  action: string,
): Promise<Entry | undefined> {
  await chooseFacts(control);
  const reply = await control.ask(`MLST ${path}`);
  if (reply.code >= 500 && reply.code <= 504) return undefined;
  if (reply.code >= 300) throw refusal(action, reply);
  // Some servers say more before the facts, indent them, or have one line for all.
  const lines = reply.lines.length === 1 ? reply.lines : linesBetween(reply);
  // "Listing of cdir" for the working directory itself is a directory all the same.
  const entry = lines
    .map((line) => parseFacts(line.trimStart().replace(/\btype=[cp]dir;/i, "type=dir;")))
    .find((entry) => entry !== undefined);
  if (entry === undefined) return undefined;
  const leadsIn = entry.kind === "link" && await canEnter(control, path);
  return leadsIn ? { ...entry, kind: "directory" } : entry;
}

/** Whether `path` is a directory, or a link that leads to one. */
export async function canEnter(control: ControlConnection, path: string): Promise<boolean> {
  const entered = inside(control, path, `Cannot enter "${path}"`, () => Promise.resolve(true));
  return await unlessRefused(entered) ?? false;
}

/** RFC 959 has no such command: what can be entered is a directory, the rest is in LIST. */
async function statByParts(
  control: ControlConnection,
  path: string,
  name: string,
  action: string,
): Promise<Entry> {
  const modified = await modifiedOf(control, path);
  let refused: unknown;
  try {
    await inside(control, path, action, () => Promise.resolve());
    const { entry }: LookedUp = isPlainName(name) ? await lookedUp(control, path, name) : {};
    return { ...timed(entry, modified), name, kind: "directory" };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refused = error;
  }
  await setType(control, "I");
  const reply = await control.ask(`SIZE ${path}`);
  const size = sizeIn(reply);
  const { entry, isWhole } = await lookedUp(control, path, name);
  if (entry === undefined && size === undefined) {
    throw isWhole || saysNothing(reply.code) ? refused : refusal(action, reply);
  }
  const sized = size === undefined ? {} : { size };
  return { kind: "file", ...timed(entry, modified), ...sized, name };
}

/** What the listing of its directory says of `path`. */
interface LookedUp {
  readonly entry?: Entry | undefined;
  /** It could be had and was understood: what is not in it is not there. */
  readonly isWhole?: boolean;
}

async function lookedUp(
  control: ControlConnection,
  path: string,
  name: string,
): Promise<LookedUp> {
  let isWhole = true;
  const onUnread = () => isWhole = false;
  const entries = await unlessRefused(list(control, parentOf(path), { onUnread }));
  return { entry: entries?.find((entry) => entry.name === name), isWhole: isWhole && !!entries };
}

/** `entry` with the exact time in the place of a listing's, where that was told. */
function timed(entry: Entry | undefined, modified: Date | undefined): Partial<Entry> {
  if (modified === undefined) return { ...entry };
  const { dayOnly: _, ...rest }: Partial<Entry> = entry ?? {};
  return { ...rest, modified };
}

/**
 * Whether the refusal of a name says that nothing has it (550), or can have it (553; RFC 959
 * section 4.2.2). Any other one is about the command, the user or the moment.
 */
export function saysNothing(code: number): boolean {
  return code === 550 || code === 553;
}

/**
 * When a file was last changed (RFC 3659 section 3), or undefined when the server does not tell.
 * So it is for 4yz but 421, too: a transfer that could do without the time must not fail for it.
 */
export async function modifiedOf(
  control: ControlConnection,
  path: string,
): Promise<Date | undefined> {
  const reply = await control.ask(`MDTM ${path}`);
  if (reply.code === 421) throw refusal(`Cannot ask for the time of "${path}"`, reply);
  const ms = reply.code === 213 ? parseTime(reply.lines[0]!.trim()) : undefined;
  return ms === undefined ? undefined : new Date(ms);
}

/** A kind of checksum, by its name in HASH. */
export type HashAlgorithm = "SHA-512" | "SHA-256" | "SHA-1" | "MD5" | "CRC32";

/** What a call for a checksum can be told. */
export interface HashOptions extends CallOptions {
  /** Default: the best that the server has. */
  readonly algorithm?: HashAlgorithm;
}

/** A checksum that a server made. */
export interface FileHash {
  /** How it was made. */
  readonly algorithm: HashAlgorithm;
  /** Lower case, as many digits as the algorithm has. */
  readonly hex: string;
}

/** The best first. */
const ALGORITHMS: readonly HashAlgorithm[] = ["SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32"];

/** Hexadecimal digits of each. */
const DIGITS: Readonly<Record<HashAlgorithm, number>> = {
  "SHA-512": 128,
  "SHA-256": 64,
  "SHA-1": 40,
  "MD5": 32,
  "CRC32": 8,
};

/** The commands from before HASH: one for each. */
const X_COMMANDS: Readonly<Record<HashAlgorithm, string>> = {
  "SHA-512": "XSHA512",
  "SHA-256": "XSHA256",
  "SHA-1": "XSHA1",
  "MD5": "XMD5",
  "CRC32": "XCRC",
};

/**
 * Sets when a file was last changed, to the second: MFMT (draft-somers-ftp-mfxx), or MDTM with a
 * time before the name, as vsftpd takes it.
 *
 * @returns Whether the server did it; false when it has neither.
 * @throws {LocalError} when `date` is an invalid one.
 * @throws {ProtocolError} when it has MFMT and refuses.
 */
export async function setModified(
  control: ControlConnection,
  path: string,
  date: Date,
): Promise<boolean> {
  const action = `Cannot set the time of "${path}"`;
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new LocalError(`${action}: it is no date`);
  const time = formatTime(Math.floor(ms / 1000) * 1000);
  const { features } = control.server;
  if (features.has("MFMT")) {
    await control.expect(action, `MFMT ${time} ${path}`, 200);
    return true;
  }
  if (!features.has("MDTM")) return false;
  const reply = await control.ask(`MDTM ${time} ${path}`);
  if (reply.code === 421) throw refusal(action, reply);
  // A bare time answers a question: there is a file of that odd name.
  return reply.code >= 200 && reply.code < 300 && parseTime(reply.lines[0]!.trim()) === undefined;
}

/**
 * The checksum of a whole file as it is (TYPE I): HASH (draft-bryan-ftpext-hash), or the command of
 * its own that older servers have for each kind.
 *
 * @param wanted Without it the best that the server has.
 * @returns undefined when the server has none, or not the one that is wanted.
 * @throws {ProtocolError} when it has and refuses.
 */
export async function hashOf(
  control: ControlConnection,
  path: string,
  wanted?: HashAlgorithm,
): Promise<FileHash | undefined> {
  const { features } = control.server;
  const listed = hashAlgorithms(features.get("HASH") ?? "");
  const choices = wanted === undefined ? ALGORITHMS : [wanted];
  const byHash = choices.find((name) => listed.includes(name));
  const algorithm = byHash ?? choices.find((name) => features.has(X_COMMANDS[name]));
  if (algorithm === undefined) return undefined;
  await setType(control, "I");
  const action = `Cannot ask for the checksum of "${path}"`;
  if (byHash !== undefined) await control.expect(action, `OPTS HASH ${algorithm}`, 200);
  const command = byHash === undefined ? X_COMMANDS[algorithm] : "HASH";
  const reply = await control.expect(action, `${command} ${path}`, 200);
  const hex = digitsIn(reply.lines.join(" "), DIGITS[algorithm], path);
  if (hex === undefined) {
    const text = `${action}: the reply has none: ${describeReply(reply)}`;
    throw new ConnectionError(text, { kind: "protocol", reply });
  }
  return { algorithm, hex };
}

/** The names in `SHA-256;SHA-1*;MD5`; the star marks the one in force. */
function hashAlgorithms(parameters: string): readonly string[] {
  return parameters.split(";").map((name) => name.trim().replace(/\*$/, "").toUpperCase());
}

/**
 * The one word of so many hexadecimal digits, in lower case. Servers may say the path as well, or
 * its last name, whose words may look like one, or be the same.
 */
function digitsIn(text: string, digits: number, path: string): string | undefined {
  const names = path.toLowerCase().split(/[\s/]+/);
  const words = text.toLowerCase().split(/\s+/)
    .filter((word) => word.length === digits && /^[0-9a-f]+$/.test(word));
  const told = [...new Set(words)];
  const found = told.length > 1 ? told.filter((word) => !names.includes(word)) : told;
  return found.length === 1 ? found[0] : undefined;
}
