/**
 * What can be told of a real path below the root with nothing but paths: where it leads, and
 * whether it led there all the time while something was done by it.
 *
 * runtime.ts asks after each call that took a path. Nothing is opened or changed here.
 *
 * @module
 */

import { ERRNO } from "./errors.ts";
import { attempt, done, fillFromFileInfo } from "./runtime_calls.ts";
import { type Identity, identityOf, type Info } from "./volume.ts";

/**
 * How often the way to an opened file is looked at again while folders on it change: who exchanges
 * one of them with a link all the time would have to be lucky as often.
 */
const VERIFY_ROUNDS = 16;

/**
 * How long before a folder may have changed last: the runtime tells that time in whole seconds, and
 * the kernel's own lags behind its clock by a tick, which is 10 ms or less.
 */
const QUIET_MS = 1_020;

/** How often something is done again because a name got another file meanwhile. */
const TRIES_MAX = 16;

/** How sure a way is: it leads out, or did all the time as it does, or nobody can tell. */
export type Way = "outside" | "quiet" | "loud";

/** Begins again when a name got another file meanwhile, as uploads do to it; not for ever. */
export function retried<T>(body: () => T | number): T | number {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const result = body();
    if (result !== -ERRNO.ESTALE) return result;
  }
  return -ERRNO.EBUSY;
}

/** Looks at real paths below one root. */
export class RealPaths {
  /** Of what every path begins with. */
  readonly #length: number;
  #shown: { readonly path: string; readonly identity: Identity } | undefined;

  /**
   * @param location the root's real path
   * @param found filled by what looks
   */
  constructor(readonly location: string, readonly found: Info) {
    this.#length = location === "/" ? 0 : location.length;
  }

  /** An open file was just found where its path says. */
  shown(path: string): void {
    this.#shown = { path, identity: identityOf(this.found) };
  }

  /** Nothing counts as shown any more: time has passed. */
  forget(): void {
    this.#shown = undefined;
  }

  /** Whether the path that was looked at leads to what was shown; it is asked once for each. */
  isShown(path: string): boolean {
    const shown = this.#shown;
    this.forget();
    return shown?.path === path && this.found.isSame(shown.identity);
  }

  /** lstat(2) into `found`: 0 or -errno. */
  look(path: string): number {
    return done(() => fillFromFileInfo(this.found, Deno.lstatSync(path)));
  }

  /**
   * Looks again at where a real path leads, until it is certain or often enough to be likely that
   * it led there all the time since `sinceMs`: 0, OUTSIDE, or ESTALE for another file.
   *
   * @param links whether a link in the last component would have been followed
   */
  isAt(path: string, identity: Identity, sinceMs: number, links = false): number {
    for (let round = 0; round < VERIFY_ROUNDS; round++) {
      const way = this.wayTo(path, sinceMs);
      if (way === "outside") return -ERRNO.OUTSIDE;
      if (way === "quiet" && !links) return 0;
      const looked = this.look(path);
      if (looked === -ERRNO.ENOENT) return -ERRNO.ESTALE;
      if (looked < 0) return looked;
      if (!this.found.isSame(identity)) return -ERRNO.ESTALE;
      if (way === "quiet") return 0;
    }
    return 0;
  }

  /**
   * Whether each component of a real path but the last is a folder: "quiet" when no folder that
   * holds one has changed since `sinceMs`, so that the way was the same all the time.
   */
  wayTo(path: string, sinceMs: number): Way {
    let slash = path.indexOf("/", this.#length + 1);
    if (slash === -1) return "quiet";
    let changedMs = this.#changed(this.location);
    while (slash !== -1) {
      const next = path.indexOf("/", slash + 1);
      const changed = this.#changed(path.slice(0, slash));
      if (changed < 0) return "outside";
      if (next !== -1) changedMs = Math.max(changedMs, changed);
      slash = next;
    }
    return changedMs < sinceMs - QUIET_MS ? "quiet" : "loud";
  }

  /** When a folder's names last changed, or -1 for what is no folder. */
  #changed(path: string): number {
    const info = attempt(() => Deno.lstatSync(path));
    if (typeof info === "number" || !info.isDirectory) return -1;
    return Math.max(0, info.ctime?.getTime() ?? Infinity);
  }
}
