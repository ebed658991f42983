/**
 * The checksum of a file of this machine, by the algorithm that the server has for its own.
 *
 * @module
 */

import { LocalError, localError } from "../errors.ts";

/** One read; what is hashed is read once, from its beginning to its end. */
const BUFFER_BYTES = 262_144;

/** Names that HASH has (draft-bryan-ftpext-hash), as node:crypto calls them. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ["SHA-512", "sha512"],
  ["SHA-256", "sha256"],
  ["SHA-1", "sha1"],
  ["MD5", "md5"],
]);

/** The checksum of the file `path` in lower case; a signal ends it between two reads. */
export async function checksumHere(
  path: string,
  algorithm: string,
  signal?: AbortSignal,
): Promise<string> {
  const action = `Cannot make the checksum of "${path}"`;
  const name = HASHES.get(algorithm);
  if (name === undefined && algorithm !== "CRC32") {
    throw new LocalError(`${action}: there is no ${algorithm} here`);
  }
  const hash = name === undefined ? undefined : (await import("node:crypto")).createHash(name);
  let crc = 0xffff_ffff;
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (let count; (count = await file.read(buffer)) !== null;) {
      signal?.throwIfAborted();
      const octets = buffer.subarray(0, count);
      if (hash === undefined) crc = crcOver(crc, octets);
      else hash.update(octets);
    }
  } catch (error) {
    throw localError(action, error);
  }
  return hash?.digest("hex") ?? ((crc ^ 0xffff_ffff) >>> 0).toString(16).padStart(8, "0");
}

/** The reversed polynomial of ISO 3309, which XCRC means. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? value >>> 1 ^ 0xedb8_8320 : value >>> 1;
  return value;
});

function crcOver(crc: number, octets: Uint8Array): number {
  let value = crc;
  for (const octet of octets) value = CRC_TABLE[(value ^ octet) & 0xff]! ^ value >>> 8;
  return value;
}
