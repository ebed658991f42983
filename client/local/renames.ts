/**
 * Names of files on a server that an upload has to deal with: whether the server renames at all,
 * whether a directory is in the way, and how a complete upload gets its name.
 *
 * staged.ts calls it.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Reply } from "../conversation.ts";
import { END_OF_RNFR, parentOf } from "../directory.ts";
import { LocalError, ProtocolError, unlessRefused } from "../errors.ts";
import type { CallOptions } from "../transfer.ts";
import { asidePath } from "./names.ts";

/** What was learned on a connection, of the folder in which a file last got its name or did not. */
interface Learned {
  readonly folder: string;
  /** How the server refused to rename there; undefined: it renames. */
  readonly refusal?: Reply;
  /** Whether it has renamed in any folder: then it is not asked about others. */
  readonly renames: boolean;
}

const LEARNED = new WeakMap<Client, Learned>();

/**
 * How the server refuses to rename; undefined when it is worth uploading under a temporary name. A
 * server that lets somebody store but not rename would keep it for ever, so RNFR is asked for
 * before the octets are sent, and nothing is renamed.
 *
 * @param existing The file that is to be replaced, if there is one.
 */
export async function refusalToRename(
  client: Client,
  temporary: string,
  existing: string | undefined,
  options: CallOptions,
): Promise<Reply | undefined> {
  const known = LEARNED.get(client);
  if (known?.folder === parentOf(temporary)) return known.refusal;
  if (known?.renames) return undefined;
  let reply: Reply | undefined;
  try {
    reply = await client.command(`RNFR ${existing ?? temporary}`, options);
  } finally {
    // Interrupted, it may still come about; whoever uses the connection next is behind this.
    if (reply === undefined || reply.code < 400) client.command(END_OF_RNFR).catch(() => {});
  }
  if (reply.code < 500) return undefined;
  // 500 to 504: no such command. 530 and 532: not for this user.
  const isMissing = existing === undefined && reply.code >= 550;
  return isMissing && !isForbidden(reply.lines.join(" ")) ? undefined : reply;
}

/** RNFR of what is not there fails either way, and only the text tells why. */
function isForbidden(text: string): boolean {
  return /permi(ssion|tted)|privilege|denied|not allowed|forbidden/i.test(text) &&
    !/no such|not found|exist/i.test(text);
}

/**
 * Refuses a name that a directory has, or a link to one.
 *
 * @throws {LocalError} when it is one, as far as the server says.
 */
export async function assertNoDirectory(
  client: Client,
  path: string,
  options: CallOptions = {},
): Promise<void> {
  if (await leadsToDirectory(client, path, options)) {
    throw new LocalError(`Cannot store "${path}": it is a directory`);
  }
}

async function leadsToDirectory(
  client: Client,
  path: string,
  options: CallOptions,
): Promise<boolean> {
  if (client.features.has("MLST")) {
    return (await unlessRefused(client.stat(path, options)))?.kind === "directory";
  }
  return await client.canEnter(path, options);
}

/**
 * Gives a complete upload its name. Where RNTO does not replace, the old file goes aside first and
 * is removed last; it comes back when the new one cannot have the name.
 *
 * @param isTaken Whether anything has the name: asked when the server does not rename.
 * @throws {LocalError} when a directory has the name.
 * @throws {ProtocolError} when the server does not rename it.
 */
export async function takeName(
  client: Client,
  temporary: string,
  name: string,
  isTaken: () => Promise<boolean>,
): Promise<void> {
  try {
    await client.rename(temporary, name);
    return rememberRenaming(client, name);
  } catch (error) {
    if (!(error instanceof ProtocolError) || !await isTaken()) throw error;
  }
  // Some servers tell the size of a directory, too, which looks like a file's.
  await assertNoDirectory(client, name);
  const aside = asidePath(name);
  await moveAside(client, name, aside);
  try {
    await client.rename(temporary, name);
  } catch (error) {
    await client.rename(aside, name).catch(() => {});
    throw error;
  }
  // What cannot be removed is in nobody's way, and the upload is complete.
  await client.removeFile(aside).catch(() => {});
  rememberRenaming(client, name);
}

/** Renames `name`, over what an earlier run has left aside: what has the name is newer. */
async function moveAside(client: Client, name: string, aside: string): Promise<void> {
  if (await unlessRefused(client.rename(name, aside).then(() => true))) return;
  await unlessRefused(client.removeFile(aside));
  await client.rename(name, aside);
}

function rememberRenaming(client: Client, name: string): void {
  LEARNED.set(client, { folder: parentOf(name), renames: true });
}

/**
 * Remembers how the server refused to give `name` to a file, for others of the same folder. Where
 * it has renamed before, the refusal was about that one name.
 */
export function rememberRefusal(client: Client, name: string, reply: Reply): void {
  const known = LEARNED.get(client);
  const folder = parentOf(name);
  if (known?.folder === folder && known.refusal === undefined) return;
  LEARNED.set(client, { folder, refusal: reply, renames: known?.renames ?? false });
}
