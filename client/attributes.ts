/**
 * What can be set and asked of one file beyond its name: its time (MFMT, MDTM), its checksum (HASH,
 * XSHA256 and its kin).
 *
 * client.ts calls it, one operation at a time. None of it is in RFC 959, so each answer may be that
 * the server has no such thing.
 *
 * @module
 */

import { formatTime, parseTime } from "../server/ftp/words/facts.ts";
import type { ControlConnection } from "./control.ts";
import { ConnectionError, describeReply, refusal } from "./errors.ts";
import { setType } from "./transfer.ts";

/** A kind of checksum, by its name in HASH. */
export type HashAlgorithm = "SHA-512" | "SHA-256" | "SHA-1" | "MD5" | "CRC32";

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
 * @throws {ProtocolError} when it has MFMT and refuses.
 */
export async function setModified(
  control: ControlConnection,
  path: string,
  date: Date,
): Promise<boolean> {
  const time = formatTime(Math.floor(date.getTime() / 1000) * 1000);
  const action = `Cannot set the time of "${path}"`;
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

/** The one word of so many hexadecimal digits; words of the path may look like one. */
function digitsIn(text: string, digits: number, path: string): string | undefined {
  const names = path.split(/\s+/);
  const words = text.split(/\s+/)
    .filter((word) => word.length === digits && /^[0-9a-f]+$/i.test(word));
  const found = words.length > 1 ? words.filter((word) => !names.includes(word)) : words;
  return found.length === 1 ? found[0]!.toLowerCase() : undefined;
}
