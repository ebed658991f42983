/**
 * Names from a server's listing that may become names of files here, and the other way round.
 *
 * Pure, and the same on every system but for what only Windows forbids: a tree that was mirrored
 * on one machine shall not turn into a way out of the folder when it is copied to another.
 *
 * @module
 */

import { NAME_BYTES_MAX } from "../../server/octets.ts";
import { isSendable } from "../conversation.ts";
import { encodeText } from "../text.ts";

/** Devices of Windows, in every folder and with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *[.:].*)?$/i;

// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Octets that are not UTF-8, as text.ts carries them: no call here takes such a name. */
const NOT_UTF8 = /[\udc80-\udcff]/u;

/** What Windows has in no name; a colon there opens another stream of the file before it. */
const NOT_ON_WINDOWS = /[<>:"|?*]/;

/**
 * Why a name of this machine cannot be one on a server; undefined for a name that can. A command
 * of FTP is one line (RFC 959 section 5.3.1).
 */
export function remoteNameFault(name: string): string | undefined {
  return isSendable(name) ? undefined : "it has a line end";
}

/**
 * Why a listed name is not used for a file of this machine; undefined for a name that is.
 *
 * @param windows The system's own rules apply as well.
 *
 * @example
 * ```ts
 * import { localNameFault } from "./names.ts";
 *
 * console.log(localNameFault("a.avi")); // undefined
 * console.log(localNameFault("..\\win.ini")); // "it has a backslash"
 * ```
 */
export function localNameFault(
  name: string,
  windows: boolean = Deno.build.os === "windows",
): string | undefined {
  if (name === "" || name === "." || name === "..") return "it is no name";
  if (name.includes("/")) return "it has a slash";
  if (name.includes("\\")) return "it has a backslash";
  if (/^[a-z]:/i.test(name)) return "it begins like a drive";
  if (CONTROL.test(name)) return "it has control characters";
  if (NOT_UTF8.test(name)) return "it is not UTF-8";
  if (/[. ]$/.test(name)) return "it ends in a dot or a space";
  if (DEVICE.test(name)) return "it is a device of some systems";
  if (encodeText(name).length > NAME_BYTES_MAX) return `it has over ${NAME_BYTES_MAX} octets`;
  if (windows && NOT_ON_WINDOWS.test(name)) return "this system has no such names";
  return undefined;
}
