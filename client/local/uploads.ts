/**
 * Uploads: a file takes its name on the server only when it is complete, and an upload can go on
 * where one broke off.
 *
 * Functions over the public client; source.ts reads the files, staged.ts keeps the names.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Source } from "../data.ts";
import { ConnectionError, LocalError } from "../errors.ts";
import { withPauses } from "../rate.ts";
import { readAhead, watchReads } from "../sources.ts";
import type { CallOptions, Transferred } from "../transfer.ts";
import { kindThere } from "../tree.ts";
import type { SentUpload, Uploaded, UploadFileOptions, UploadSourceOptions } from "./options.ts";
import { secondsOf } from "./origin.ts";
import { endsAlike, hinted } from "./overlap.ts";
import { takeName } from "./renames.ts";
import { ChangedMeanwhile, LocalFile } from "./source.ts";
import { type Material, sendFrom, sendOrAgain, setTime, StagedUpload } from "./staged.ts";

/**
 * Uploads the file `local` to `remote`: under a temporary name beside it, which becomes `remote`
 * when it is complete. Until then what had the name before keeps it.
 *
 * With `resume` it goes on behind what an earlier upload of the same, unchanged file left under
 * the temporary name (SIZE, and APPE, or REST and STOR); otherwise it begins again. Where the
 * server does not rename, a new file is stored directly and an old one is not replaced. A file that
 * changes while it is sent is sent once more. What was read of a pipe is gone: where that breaks off
 * it must not be tried again.
 *
 * @example
 * ```ts
 * import { connect, uploadFile } from "../mod.ts";
 *
 * await using client = await connect();
 * await uploadFile(client, "a.avi", "films/a.avi", { resume: true, keepTime: true });
 * ```
 *
 * @throws {LocalError} when the file cannot be read, changes again, or a directory has the name.
 * @throws {ProtocolError} when the server refuses, or would not replace the old file in one step.
 */
export async function uploadFile(
  client: Client,
  local: string,
  remote: string,
  options: UploadFileOptions = {},
): Promise<Uploaded> {
  try {
    return await uploadOnce(client, local, remote, options);
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile) || options.direct) throw error;
    // Whoever wrote to it may have ended by now; what is written all the time has no end.
    return await uploadOnce(client, local, remote, options);
  }
}

async function uploadOnce(
  client: Client,
  local: string,
  remote: string,
  options: UploadFileOptions,
): Promise<Uploaded> {
  using file = await LocalFile.open(local, options.signal);
  const isAsked = options.replaces === undefined || options.resume === true;
  const existing = isAsked ? await client.size(remote, options) : undefined;
  if (options.direct) return await uploadInPlace(client, file, local, remote, existing, options);
  const upload = new StagedUpload(client, remote, await file.claimTag(), options);
  const begun = options.resume && file.size !== undefined ? await upload.begun() : 0;
  const { attempts = {} } = options;
  const mayBeThere = options.resume && attempts.isSent !== false;
  if (mayBeThere && begun === 0 && existing !== undefined && existing === file.size) {
    const isCopy = await hasTimeOf(client, remote, file, options) &&
      await endsAlike(client, remote, await file.readEnd(existing), existing, options);
    if (isCopy) return { octets: 0, offset: existing, wasComplete: true };
  }
  attempts.isSent = false;
  const offset = begun > file.size! ? 0 : begun;
  options.onStart?.(offset, file.size);
  const modified = options.keepTime ? file.modified : undefined;
  const { octets } = await limited(options, file, (source) => {
    const material: Material = file.size === undefined ? source : {
      read: (buffer) => source.read(buffer),
      rewind: (octets) => file.skip(octets),
      check() {
        file.assertUnchanged();
        attempts.isSent = true;
      },
    };
    return upload.run(material, offset, existing, modified);
  });
  return { octets, offset, wasComplete: false };
}

/**
 * Uploads what any source gives to `remote`, as `uploadFile` does it. Nobody can go on with it, so
 * what breaks off is removed, but where nothing is missing but a reply (`onSent`).
 *
 * @example
 * ```ts
 * import { connect, uploadSource } from "../mod.ts";
 *
 * await using client = await connect();
 * await uploadSource(client, { read: (buffer) => Deno.stdin.read(buffer) }, "typed.txt");
 * ```
 *
 * @throws {ProtocolError} when the server refuses, or would not replace the old file in one step.
 */
export async function uploadSource(
  client: Client,
  source: Source,
  remote: string,
  options: UploadSourceOptions = {},
): Promise<Transferred> {
  return await limited(options, await readAhead(source, options.signal), async (source) => {
    // A server that replaces in one step still has the old file where the upload broke off.
    const looks = options.direct && options.onSent !== undefined;
    const before = looks ? await client.size(remote, options) : undefined;
    const material = onceOnly(client, source, options, before);
    if (options.direct) {
      return await client.upload(material, remote, options).catch((error) => {
        material.wasSent?.(remote, false, error);
        throw error;
      });
    }
    const existing = options.replaces === undefined
      ? await client.size(remote, options)
      : undefined;
    return await new StagedUpload(client, remote, undefined, options).run(material, 0, existing);
  });
}

/** What cannot be read again, and need not where all of it was sent and the size can tell. */
function onceOnly(
  client: Client,
  source: Source,
  { onKept, onSent }: UploadSourceOptions,
  sizeBefore: number | undefined,
): Material {
  let octets = 0;
  let isWhole = false;
  const take = (count: number | null) => {
    octets += count ?? 0;
    isWhole = !count;
    return count;
  };
  return {
    read(buffer) {
      const asked = source.read(buffer);
      return asked instanceof Promise ? asked.then(take) : take(asked);
    },
    wasSent(path, isNamed, error) {
      // A server that has closed the connection itself may have lost some of it.
      const isSilent = error instanceof ConnectionError && error.kind === "timeout";
      if (!isWhole || !client.closed || !(isSilent || isNamed)) return false;
      if (octets === sizeBefore) return false;
      onSent?.({ path, octets, isNamed });
      onKept?.(path, octets, false);
      return true;
    },
  };
}

/**
 * Gives what an upload has `sent` to `remote` that name, over another connection than the one that
 * was lost: behind a router, the control connection of a long upload may be forgotten by its end.
 *
 * @throws {ConnectionError} of kind `short` when the server has less, or does not tell (SIZE).
 * @throws {ProtocolError} when the server refuses.
 */
export async function completeUpload(
  client: Client,
  remote: string,
  sent: SentUpload,
  options: CallOptions & Pick<UploadSourceOptions, "onKept"> = {},
): Promise<void> {
  const { path, octets, isNamed } = sent;
  const size = await client.size(path, options);
  if (size === octets) {
    if (path === remote) return;
    sent.isNamed = true;
    const isTaken = async () => await kindThere(client, remote) !== undefined;
    return await takeName(client, path, remote, isTaken);
  }
  if (isNamed && size === undefined && await client.size(remote, options) === octets) return;
  options.onKept?.(path, size, false);
  const has = size === undefined ? "does not tell what it has" : `has ${size}`;
  const text = `Cannot store "${remote}": the server ${has} of ${octets} octets`;
  throw new ConnectionError(text, { kind: "short" });
}

async function hasTimeOf(
  client: Client,
  remote: string,
  file: LocalFile,
  options: UploadFileOptions,
): Promise<boolean> {
  const modified = await client.modified(remote, options);
  return modified !== undefined && secondsOf(modified) === secondsOf(file.modified);
}

/** Under the final name; with `resume` behind what has it, and with `force` over what cannot be. */
async function uploadInPlace(
  client: Client,
  file: LocalFile,
  local: string,
  remote: string,
  existing: number | undefined,
  options: UploadFileOptions,
): Promise<Uploaded> {
  const there = options.resume ? existing ?? 0 : 0;
  const isLarger = file.size !== undefined && there > file.size;
  if (isLarger && !options.force) {
    const what = `it is larger than "${local}": ${file.size} octets here, ${there} there`;
    throw new LocalError(hinted(`Cannot continue "${remote}": ${what}`, options.hints?.force));
  }
  const offset = isLarger ? 0 : there;
  let isRead = false;
  try {
    return await sendOrAgain(remote, offset, options, () => isRead, async (from) => {
      // A pipe, which is sent whole, cannot be wound back.
      if (offset > 0) await file.skip(from);
      const source = await readAhead(file, options.signal);
      options.onStart?.(from, file.size);
      const { octets } = await limited(options, source, (source) => {
        const watched = watchReads(source, () => isRead = true);
        return sendFrom(client, watched, remote, from, options);
      });
      file.assertUnchanged();
      const modified = options.keepTime ? file.modified : undefined;
      if (modified !== undefined) await setTime(client, remote, modified);
      return { octets, offset: from, wasComplete: from > 0 && octets === 0 };
    });
  } catch (error) {
    const kept = isRead && !client.closed ? await sizeIfTold(client, remote) : undefined;
    // Nothing tells later what of it is this file.
    if (isRead) options.onKept?.(remote, kept, false);
    throw error;
  }
}

async function sizeIfTold(client: Client, remote: string): Promise<number | undefined> {
  return await client.size(remote).catch(() => undefined);
}

/** Runs an upload under the limit of its rate, if it has one. */
function limited<T>(
  { rate }: UploadSourceOptions,
  source: Source,
  upload: (source: Source) => Promise<T>,
): Promise<T> {
  if (rate === undefined) return upload(source);
  return withPauses((over) => upload(rate.source(source, over)));
}
