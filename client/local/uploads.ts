/**
 * Uploads from files of this machine, which can go on where one broke off.
 *
 * Functions over the public client; source.ts reads the files.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Source } from "../data.ts";
import { LocalError, ProtocolError } from "../errors.ts";
import type { TransferOptions, Transferred } from "../transfer.ts";
import type { FileTransferOptions, Uploaded } from "./options.ts";
import { LocalFile } from "./source.ts";

/**
 * Uploads the file `local` to `remote`. With `resume`, what the server has already (SIZE) is left
 * out: APPE, or REST and STOR where the server knows no APPE.
 *
 * @throws {LocalError} when the file cannot be read.
 */
export async function uploadFile(
  client: Client,
  local: string,
  remote: string,
  options: FileTransferOptions = {},
): Promise<Uploaded> {
  using file = await LocalFile.open(local);
  const offset = options.resume ? await client.size(remote) ?? 0 : 0;
  if (file.size !== undefined && offset > file.size) {
    const sizes = `${file.size} octets here, ${offset} there`;
    throw new LocalError(`Cannot continue "${remote}": it is larger than "${local}": ${sizes}`);
  }
  if (offset > 0) await file.skip(offset);
  options.onStart?.(offset, file.size);
  const { octets } = await uploadFrom(client, file, remote, offset, options);
  return { octets, offset, wasComplete: offset > 0 && octets === 0 };
}

/**
 * Uploads what is behind `offset`, even when that is nothing: a server that keeps broken uploads
 * under another name completes one by it.
 */
async function uploadFrom(
  client: Client,
  source: Source,
  remote: string,
  offset: number,
  options: TransferOptions,
): Promise<Transferred> {
  if (offset === 0) return await client.upload(source, remote, options);
  try {
    // Some servers take REST and let STOR truncate all the same; none does so at APPE.
    return await client.upload(source, remote, { ...options, at: "end" });
  } catch (error) {
    // 500 to 504: no such command, or not with this argument. Nothing was sent yet.
    if (!(error instanceof ProtocolError) || error.code < 500 || error.code > 504) throw error;
    return await client.upload(source, remote, { ...options, at: offset });
  }
}
