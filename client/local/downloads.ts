/**
 * Downloads to files of this machine: one takes its name only when it is complete, and can go on
 * where it broke off.
 *
 * Functions over the public client; part.ts keeps the octets.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { withPauses } from "../rate.ts";
import type { Downloaded, DownloadFileOptions } from "./options.ts";
import { originOf } from "./origin.ts";
import { behind, countBehind, endsAlike, OtherContent } from "./overlap.ts";
import { PartFile } from "./part.ts";

/**
 * Downloads `remote` to the file `local`: into `local`.part, which is renamed when it is complete
 * and kept when it is not. What is no regular file, such as /dev/null, is written to directly.
 *
 * With `resume` nothing is mixed: a part goes on only when the file on the server has the size and
 * the time with which the part was begun, and in it the octets with which the part ends.
 *
 * @example
 * ```ts
 * import { connect, downloadFile } from "../mod.ts";
 *
 * await using client = await connect();
 * await downloadFile(client, "a.avi", "copy.avi", { resume: true, keepTime: true });
 * ```
 *
 * @throws {LocalError} when the file cannot be written, or not be gone on with.
 */
export async function downloadFile(
  client: Client,
  remote: string,
  local: string,
  options: DownloadFileOptions = {},
): Promise<Downloaded> {
  try {
    return await downloadOnce(client, remote, local, options);
  } catch (error) {
    if (!(error instanceof OtherContent) || !options.force) throw error;
    return await downloadOnce(client, remote, local, { ...options, resume: false });
  }
}

async function downloadOnce(
  client: Client,
  remote: string,
  local: string,
  options: DownloadFileOptions,
): Promise<Downloaded> {
  const origin = await originOf(client, remote, options.known, options);
  const part = await PartFile.open(local, {
    ...options,
    origin,
    modified: options.keepTime ? origin.modified : undefined,
  });
  const transfer = async (over?: AbortSignal) => {
    const { offset } = part;
    const end = await part.readEnd();
    if (part.isComplete) {
      const isSame = await endsAlike(client, remote, end, offset, options);
      if (!isSame) throw new OtherContent(local, options.hints?.force);
      return { octets: 0, offset, wasComplete: true };
    }
    const sink = behind(end, part.path, {
      begin: (total) => {
        part.begin();
        options.onStart?.(offset, origin.size ?? total);
      },
      write: (chunk) => part.write(chunk),
    }, options.hints?.force);
    const limited = options.rate?.sink(sink, over) ?? sink;
    const { size } = origin;
    const { octets } = await client.download(remote, limited, {
      ...options,
      ...(size === undefined ? {} : { known: { size, isFresh: options.known === undefined } }),
      offset: offset - end.length,
      onProgress(octets) {
        if (octets > end.length) options.onProgress?.(octets - end.length);
      },
    });
    const moved = countBehind(end, octets, part.path);
    return { octets: moved, offset, wasComplete: offset > 0 && moved === 0 };
  };
  const paced = () => options.rate === undefined ? transfer() : withPauses(transfer);
  return await part.fill(paced, options.onKept);
}
