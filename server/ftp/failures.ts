/**
 * What each failure of an ask is called on the control connection (RFC 959 section 5.4).
 *
 * @module
 */

import type { Failure } from "../effects.ts";
import { encodeReply } from "./words/replies.ts";

const FAILURES: Readonly<Record<Failure, readonly [code: number, text: string]>> = {
  notFound: [550, "No such file or directory"],
  denied: [550, "Permission denied"],
  exists: [550, "Exists already"],
  notEmpty: [550, "Directory not empty"],
  isDirectory: [550, "Is a directory"],
  notDirectory: [550, "Not a directory"],
  badName: [550, "Name not allowed"],
  badOffset: [554, "Beyond the end, or an interrupted upload to the file is younger than it"],
  busy: [450, "In use, or another upload to it is under way"],
  noSpace: [452, "No space left, or a quota or a limit on the size of files is reached"],
  changed: [451, "The file became shorter while it was sent"],
  lost: [451, "The upload was removed or replaced meanwhile"],
  unsupported: [502, "Not possible in this storage"],
  tooMany: [451, "Too many open files, try again"],
  tooLarge: [451, "Too many directories, or too deep: list them one by one"],
  io: [451, "Local error in reading or writing"],
  noPort: [425, "No port is free, try again"],
  noConnection: [425, "The data connection could not be made"],
  reset: [426, "The data connection broke"],
  stalled: [426, "The data connection timed out"],
  aborted: [426, "Transfer aborted"],
};

/** The reply to a user whose account does not allow changes. */
export const READ_ONLY_REPLY = encodeReply(550, "Permission denied: this account only reads");

/** The reply to a failure in finding or changing something. */
export const FAILURE_REPLIES = encodeAll((code) => code);

/** The same for STOR, APPE, STOU and RNTO, which have 553 where the others have 550. */
export const NEW_NAME_FAILURE_REPLIES = encodeAll((code) => code === 550 ? 553 : code);

/**
 * Behind 150 these would tell that nothing was begun (RFC 959 5.4, RFC 3659 5.3). For want of space
 * there is 552 then: it says that another attempt is of no use.
 */
const LATE_CODES: ReadonlyMap<number, number> = new Map([
  [450, 451],
  [452, 552],
  [550, 451],
  [554, 451],
]);

/** The same behind 150. */
export const LATE_FAILURE_REPLIES = encodeAll((code) => LATE_CODES.get(code) ?? code);

function encodeAll(codeFor: (code: number) => number): Readonly<Record<Failure, Uint8Array>> {
  const replies = Object.entries(FAILURES).map(([failure, [code, text]]) => [
    failure,
    encodeReply(codeFor(code), text),
  ]);
  return Object.fromEntries(replies);
}
