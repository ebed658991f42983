/**
 * The way from the root to an entry, name by name, with every link on it read and never followed
 * by the system: what a link says is walked from the root again, so that no way leads out.
 *
 * Volumes that cannot have the kernel resolve a whole path use it for all paths, and the others
 * for links that the kernel refuses because they are absolute. Nothing is opened but directories.
 *
 * @module
 */

import { isAddressable } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import type { Volume } from "./volume.ts";

/** As Linux has it (path_resolution(7)). */
const LINKS_MAX = 40;

/** Names looked at on one way, counted again where a link leads up: PATH_MAX has half as many. */
const WALK_STEPS_MAX = 4096;

/** Where an entry is: a directory that is held, and a name in it. */
export interface Place<D> {
  /** Held; undefined when the way did not lead so far. */
  directory: D | undefined;
  /** "." when the way ended in the directory itself. */
  name: string;
}

/**
 * Walks `path` and holds the directory of what it leads to, links included; `volume.found` says
 * what that is.
 *
 * @param place where the directory and the name are put; of an entry that is missing, too
 * @returns 0, or -errno: OUTSIDE when a link leads out, ELOOP for too many of them
 */
export function walk<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  path: string,
  place: Place<D>,
): number {
  const todo = componentsOf(path).reverse();
  let done: string[] = [];
  let directory = volume.top();
  let links = 0;
  const arrive = (name: string, result: number) => {
    place.directory = directory;
    place.name = name;
    return result;
  };
  const giveUp = (result: number) => {
    volume.release(directory);
    return result;
  };
  const backToTop = () => {
    volume.release(directory);
    directory = volume.top();
    done = [];
  };
  for (let steps = 0; steps < WALK_STEPS_MAX; steps++) {
    const name = todo.pop();
    if (name === undefined) return arrive(".", volume.look(directory, "."));
    if (name === "..") {
      if (done.length === 0) return giveUp(-ERRNO.OUTSIDE);
      todo.push(...done.slice(0, -1).reverse());
      backToTop();
      continue;
    }
    const looked = volume.look(directory, name);
    if (looked < 0) return todo.length === 0 ? arrive(name, looked) : giveUp(looked);
    if (volume.found.kind === "link") {
      const text = volume.readLink(directory, name);
      if (typeof text === "number") return giveUp(text);
      if (++links > LINKS_MAX) break;
      const isAbsolute = text.startsWith("/");
      const within = isAbsolute ? below(volume.location, text) : text;
      if (within === undefined) return giveUp(-ERRNO.OUTSIDE);
      if (isAbsolute) backToTop();
      todo.push(...componentsOf(within).reverse());
      continue;
    }
    if (todo.length === 0) return arrive(name, 0);
    const next = volume.descend(directory, name);
    if (typeof next === "number") return giveUp(next);
    volume.release(directory);
    directory = next;
    done.push(name);
  }
  return giveUp(-ERRNO.ELOOP);
}

/**
 * What `then` makes of what `path` leads to, links included: of its directory, which is held for so
 * long, and its name there; -errno as of `walk`.
 */
export function walkTo<D extends object, F extends object, N extends object, T>(
  volume: Volume<D, F, N>,
  path: string,
  then: (directory: D, name: string) => T | number,
): T | number {
  const place: Place<D> = { directory: undefined, name: "" };
  const walked = walk(volume, path, place);
  const result = walked < 0 ? walked : then(place.directory!, place.name);
  if (place.directory !== undefined) volume.release(place.directory);
  return result;
}

/**
 * What the link `name` says, as clients know paths: from the served root, or from where it is.
 * Undefined for a path from elsewhere, and for one that no line of FTP can hold.
 */
export function readTarget<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
): string | undefined {
  const text = volume.readLink(directory, name);
  if (typeof text === "number" || !isAddressable(text)) return undefined;
  return text.startsWith("/") ? below(volume.location, text) : text;
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((component) => component !== "" && component !== ".");
}

/** What an absolute path is below `root`, the root's real one; undefined for one elsewhere. */
function below(root: string, path: string): string | undefined {
  const prefix = root === "/" ? "" : root;
  if (path === root) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}
