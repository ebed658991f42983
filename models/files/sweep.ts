/**
 * Removes partial files that nobody went on with: an upload that broke off keeps its octets for
 * who resumes, and one that nobody resumes would keep the disk full for everybody, hidden.
 *
 * The supervisor calls it after a server has started, and daily. It never removes what is locked,
 * since that is being written, and takes a bounded number of names, and a bounded time, in a step.
 * An entry is only looked at where its name and what the volume says of it leave something to be
 * seen.
 *
 * @module
 */

import { childPath, isPartialName } from "../../server/mod.ts";
import { chance, type Clock, now } from "../clock.ts";
import { removeIdle } from "./guard.ts";
import { SWEEP_DIRECTORIES_MAX, SWEEP_STEP } from "./limits.ts";
import type { Info, Volume } from "./volume.ts";

const DAY_MS = 86_400_000;

/** A step begins nothing after so many milliseconds: on a cold disk, one call may take as long. */
const STEP_MS_MAX = 5;

/** What one step came to. */
export interface Swept {
  /** Files that it removed. */
  readonly removed: number;
  /** It has come to its end; the next step begins anew. */
  readonly ended: boolean;
}

/** One way through a tree. */
export class Sweep<D extends object, F extends object, N extends object> {
  readonly #pending = ["/"];
  #path = "/";
  #directory: D | undefined;
  #names: N | undefined;
  #waiting: string[] = [];
  /** What each of them is, where the volume says so. */
  #kinds: (Info["kind"] | undefined)[] = [];

  /**
   * @param directoriesMax how many directories may wait
   * @param clock by which a step takes its time
   */
  constructor(
    readonly volume: Volume<D, F, N>,
    readonly directoriesMax: number = SWEEP_DIRECTORIES_MAX,
    readonly clock: Clock = now,
  ) {}

  /**
   * Goes on for at most SWEEP_STEP names, and for STEP_MS_MAX.
   *
   * @param days older ones are removed; by the time of their last change
   * @param now milliseconds since the epoch
   */
  step(days: number, now: number): Swept {
    const before = now - days * DAY_MS;
    const until = this.clock() + STEP_MS_MAX;
    let removed = 0;
    for (let count = 0; count < SWEEP_STEP && (count === 0 || this.clock() < until); count++) {
      const name = this.#next();
      if (name === null) return { removed, ended: true };
      if (name === undefined) continue;
      const kind = this.#kindOf(name, this.#kinds.pop());
      if (kind === "directory") {
        // One too many takes the place of another, drawn: no part of a tree is always left out.
        const { length } = this.#pending;
        const at = length < this.directoriesMax ? length : chance(length);
        this.#pending[at] = childPath(this.#path, name);
      } else if (kind === "file" && isPartialName(name)) {
        const isOld = this.volume.found.modifiedMs < before;
        if (isOld && removeIdle(this.volume, this.#directory!, name)) removed++;
      }
    }
    return { removed, ended: false };
  }

  /** Lets go of what is open. */
  close(): void {
    if (this.#names !== undefined) this.volume.closeNames(this.#names);
    if (this.#directory !== undefined) this.volume.release(this.#directory);
    this.#names = this.#directory = undefined;
    this.#waiting = [];
    this.#kinds = [];
  }

  /** What an entry is, undefined when it has gone; a partial file was looked at. */
  #kindOf(name: string, said: Info["kind"] | undefined): Info["kind"] | undefined {
    if (said !== undefined && !(said === "file" && isPartialName(name))) return said;
    return this.volume.look(this.#directory!, name) < 0 ? undefined : this.volume.found.kind;
  }

  /** The next name; undefined for none in this step of the way, null at its end. */
  #next(): string | undefined | null {
    const name = this.#waiting.pop();
    if (name !== undefined) return name;
    if (
      this.#names !== undefined &&
      this.volume.nextNames(this.#names, this.#waiting, this.#kinds) > 0
    ) {
      return undefined;
    }
    this.close();
    const path = this.#pending.pop();
    if (path === undefined) return null;
    const directory = this.volume.hold(path);
    if (typeof directory === "number") return undefined;
    this.#path = path;
    this.#directory = directory;
    const names = this.volume.openNames(directory);
    if (typeof names === "object") this.#names = names;
    return undefined;
  }
}
