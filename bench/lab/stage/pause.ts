/**
 * Time that passes in an experiment, and the end of it by Ctrl-C.
 *
 * @module
 */

/**
 * Resolves after `milliseconds`.
 *
 * @throws the reason of `signal` when it is aborted, at once.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(resolve, milliseconds);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}

/** Between two looks of `until`, milliseconds. */
const LOOK_MS = 2;

/**
 * Resolves as soon as `holds` does, which is looked at again and again; false when it did not
 * within `milliseconds`.
 */
export async function until(
  holds: () => boolean,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await pause(LOOK_MS, signal);
  }
  return true;
}
