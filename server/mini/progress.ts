/**
 * The get or put of one session of mini, as the operator is told of it when it ends. The session in
 * session.ts says what happens; nothing here moves an octet.
 *
 * @module
 */

import type { Effect, Moving } from "../effects.ts";

/** Everybody is anonymous in mini. */
const USER = "anonymous";

/** How far the file is that is moved, if one is. */
export class Progress {
  #moving: Moving | undefined;

  /** `emit` takes the effect that tells of a file. */
  constructor(readonly emit: (effect: Effect) => void) {}

  /** See Session. */
  get moving(): Moving | undefined {
    return this.#moving;
  }

  /** The file at `path` is open, and YES or OK is said. */
  begin(direction: Moving["direction"], path: string, now: number): void {
    this.#moving = { user: USER, direction, path, octets: 0, startedAt: now };
  }

  /** So many octets more went. */
  add(octets: number): void {
    const moving = this.#moving!;
    this.#moving = { ...moving, octets: moving.octets + octets };
  }

  /** It has ended, complete or for this reason; nothing happens where nothing is moved. */
  end(reason?: string): void {
    const moving = this.#moving;
    if (moving === undefined) return;
    this.#moving = undefined;
    this.emit({ kind: "moved", ...moving, ...(reason === undefined ? {} : { reason }) });
  }
}
