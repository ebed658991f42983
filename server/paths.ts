/**
 * Virtual paths: absolute, "/" between components, no "." or ".." left, "/" for the served root.
 *
 * Sessions resolve every name that a client sends through here, so that no effect ever carries a
 * path that could leave the root; links are the model's to check, which alone can see them.
 *
 * @module
 */

import { fittedName } from "./octets.ts";

const PARTIAL_START = ".";
const PARTIAL_END = ".ftplab-part";

/**
 * The longest name of a partial file, in octets: as long as eCryptfs takes one. A file may have as
 * long a name there, and could not be stored if its partial one were longer.
 */
const PARTIAL_BYTES_MAX = 143;

/**
 * The absolute path that `argument` means when `directory` is the current one. ".." stops at the
 * root.
 *
 * @param directory An absolute virtual path.
 * @returns undefined when the argument holds a character that `isAddressable` refuses.
 */
export function resolvePath(directory: string, argument: string): string | undefined {
  if (!isAddressable(argument)) return undefined;
  if (argument === "") return directory;
  if (isPlain(argument)) return childPath(directory, argument);
  const components: string[] = [];
  const whole = argument.startsWith("/") ? argument : `${directory}/${argument}`;
  for (const component of whole.split("/")) {
    if (component === "..") components.pop();
    else if (component !== "" && component !== ".") components.push(component);
  }
  return `/${components.join("/")}`;
}

/**
 * Whether a name or path can be written on a control connection: no NUL, CR or LF, which end or
 * bend a line. Any other octet is one like the next, a backslash and what is no UTF-8, too.
 * Entries of the served tree with other names are not listed, because they cannot be asked for.
 */
export function isAddressable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x0d || code === 0x0a || code === 0x00) return false;
  }
  return true;
}

/** One component that is neither "." nor "..": most arguments. */
function isPlain(argument: string): boolean {
  return !argument.includes("/") && argument !== "." && argument !== "..";
}

/** `name` in `directory`. */
export function childPath(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** The path without its last component; "/" for the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** The last component; "" for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The name under which an upload to `name` lives until it is complete: ".NAME.ftplab-part", cut
 * where that is too long. No client means such a name: ".NAME.part" is where KDE's uploads a file
 * called ".NAME" (kio_ftp).
 */
export function partialName(name: string): string {
  return fittedName(PARTIAL_START, name, PARTIAL_END, PARTIAL_BYTES_MAX);
}

/** `partialName` of the last component of `path`, in the same directory. */
export function partialPath(path: string): string {
  return childPath(parentPath(path), partialName(nameOf(path)));
}

/** Whether `name` has the form of a partial upload's: reserved, no upload may take it. */
export function isPartialName(name: string): boolean {
  return name.length > PARTIAL_START.length + PARTIAL_END.length &&
    name.startsWith(PARTIAL_START) && name.endsWith(PARTIAL_END);
}
