/**
 * The one clock of the models.
 *
 * @module
 */

/** Milliseconds since the epoch at start, plus a monotonic count: it never goes back. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
