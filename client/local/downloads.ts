/**
 * Downloads to files of this machine: one takes its name only when it is complete, and can go on
 * where it broke off.
 *
 * Functions over the public client; part.ts keeps the octets.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Downloaded, FileTransferOptions } from "./options.ts";
import { PartFile } from "./part.ts";

/**
 * Downloads `remote` to the file `local`: into `local`.part, which is renamed when it is complete
 * and kept when it is not. What is no regular file, such as /dev/null, is written to directly.
 *
 * @example
 * ```ts ignore
 * import { connect, downloadFile } from "./client/mod.ts";
 *
 * await using client = await connect();
 * await downloadFile(client, "a.avi", "a.avi", { resume: true });
 * ```
 *
 * @throws {LocalError} when the file cannot be written.
 */
export async function downloadFile(
  client: Client,
  remote: string,
  local: string,
  options: FileTransferOptions = {},
): Promise<Downloaded> {
  const size = options.resume ? await client.size(remote) : undefined;
  const part = await PartFile.open(local, options.resume === true, size);
  return await part.fill(async () => {
    const offset = part.offset;
    if (options.resume && offset === size) return { octets: 0, offset, wasComplete: true };
    const { octets } = await client.download(remote, {
      begin: (total) => {
        part.begin();
        options.onStart?.(offset, size ?? total);
      },
      write: (chunk) => part.write(chunk),
    }, { ...options, offset });
    return { octets, offset, wasComplete: false };
  }, options.onKept);
}
