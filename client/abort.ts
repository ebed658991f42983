/**
 * Waits that a signal ends.
 *
 * @module
 */

/**
 * Waits for `awaited`, or throws the reason of `signal` as soon as it is aborted, be it there or
 * not; what becomes of a promise then is heard by nobody.
 */
export function unlessAborted<T>(awaited: T | Promise<T>, signal?: AbortSignal): Promise<T> {
  const promise = Promise.resolve(awaited);
  if (signal === undefined) return promise;
  const settled = Promise.withResolvers<T>();
  const abort = () => settled.reject(signal.reason);
  const leave = () => signal.removeEventListener("abort", abort);
  promise.finally(leave).then(settled.resolve, settled.reject);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return settled.promise;
}

/**
 * Opens a file, or throws the reason of `signal`: a FIFO is open only when somebody has opened its
 * other end, too (fifo(7)), which may be never.
 */
export async function openUnlessAborted(
  path: string,
  options: Deno.OpenOptions,
  signal?: AbortSignal,
): Promise<Deno.FsFile> {
  const opening = Deno.open(path, options);
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    opening.then((file) => file.close(), () => {});
    throw error;
  }
}
