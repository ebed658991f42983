/**
 * Time and chance: what models take from outside the program without waiting for it. A simulation
 * gives its own.
 *
 * @module
 */

/** Milliseconds since the epoch; never goes back. */
export type Clock = () => number;

/** A whole number from 0 up to, without, `below`. */
export type Chance = (below: number) => number;

/**
 * Milliseconds since the epoch at the server's start, plus a monotonic count: for deadlines. It
 * knows neither of a suspend nor of a change of the system's clock: what is compared with times of
 * files, or shown, is Date.now().
 */
export const now: Clock = () => origin + performance.now();

let origin = performance.timeOrigin;

/**
 * From now on `now` of this thread goes on from `time`, which another thread's has just said: by
 * itself, each would begin at what the system's clock said when the thread began.
 */
export function goBy(time: number): void {
  origin = time - performance.now();
}

/**
 * The longest wait that a timer of the runtime, poll(2) and epoll_wait(2) can be told, milliseconds:
 * an int.
 */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** Milliseconds from `now` until `time`, from 0 to TIMER_MS_MAX: who wakes too early waits again. */
export function msUntil(time: number, now: number): number {
  return Math.min(Math.max(0, time - now), TIMER_MS_MAX);
}

/** Drawn so that nobody can foresee it (crypto.getRandomValues). */
export const chance: Chance = (below) => {
  DRAWN ??= new Uint32Array(DRAWN_MAX);
  if (drawnAt === 0) crypto.getRandomValues(DRAWN);
  const number = DRAWN[drawnAt]!;
  drawnAt = (drawnAt + 1) % DRAWN_MAX;
  return Math.floor(number / 2 ** 32 * below);
};

/** Random numbers asked for at once: a call costs more than a number. */
const DRAWN_MAX = 256;

let DRAWN: Uint32Array<ArrayBuffer> | undefined;
let drawnAt = 0;
