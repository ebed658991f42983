/**
 * Limits on waiting: one timer for all of them.
 *
 * Nearly every wait of a client ends long before its limit. `setTimeout` belongs to a part of the
 * runtime that is read when it is first called, which takes a tenth of the time of a short run, so
 * this is made of `AbortSignal.timeout`. Such a timer cannot be taken back: there is one for the
 * limit that ends first, and later ones wait for their turn. A timer that is listened to holds the
 * process alive, so nobody listens while there is no limit.
 *
 * @module
 */

interface Limit {
  /** By `performance.now`. */
  readonly atMs: number;
  readonly onLate: () => void;
}

const limits = new Set<Limit>();

/** The timer that ends first. */
let timer: AbortSignal | undefined;

/** When it does. */
let nextAtMs = Infinity;

/** Whether it is listened to; said each time again, it would be most of what a limit costs. */
let isHeard = false;

/** Calls `onLate` in `ms`, unless the function that it returns is called before. */
export function limitTime(ms: number, onLate: () => void): () => void {
  const limit: Limit = { atMs: performance.now() + ms, onLate };
  setTimer(limit.atMs);
  limits.add(limit);
  return () => {
    limits.delete(limit);
    if (limits.size === 0) listen(false);
  };
}

/** Calls `onTick` every `ms`, until the function that it returns is called. */
export function repeatEvery(ms: number, onTick: () => void): () => void {
  let cancel: () => void;
  const wait = () => {
    cancel = limitTime(ms, () => {
      wait();
      onTick();
    });
  };
  wait();
  return () => cancel();
}

function setTimer(atMs: number): void {
  if (timer === undefined || timer.aborted || atMs < nextAtMs) {
    // Where there is no such time this throws, and all is as it was.
    const next = AbortSignal.timeout(Math.max(0, Math.ceil(atMs - performance.now())));
    // The earlier one has nothing to say that this one does not.
    listen(false);
    timer = next;
    nextAtMs = atMs;
  }
  listen(true);
}

function listen(hears: boolean): void {
  if (hears === isHeard) return;
  isHeard = hears;
  if (hears) timer?.addEventListener("abort", endLate);
  else timer?.removeEventListener("abort", endLate);
}

function endLate(): void {
  const nowMs = performance.now();
  let first = Infinity;
  for (const limit of limits) {
    if (limit.atMs > nowMs) {
      first = Math.min(first, limit.atMs);
      continue;
    }
    limits.delete(limit);
    limit.onLate();
  }
  if (limits.size > 0) setTimer(first);
}
