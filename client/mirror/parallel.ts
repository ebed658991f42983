/**
 * Some works at once, none of them left running.
 *
 * @module
 */

/**
 * Runs `work` for every item in order, at most `parallel` at once; `work` may add items. After a
 * failure nothing more is begun, what runs is waited for, and the first failure is thrown.
 */
export function forEachAtOnce<T>(
  items: Iterable<T>,
  parallel: number,
  work: (item: T, add: (item: T) => void) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const done = Promise.withResolvers<void>();
  let [next, running] = [0, 0];
  let failure: { readonly error: unknown } | undefined;
  const step = () => {
    while (failure === undefined && running < parallel && next < queue.length) {
      const item = queue[next++]!;
      running++;
      work(item, (more) => void queue.push(more)).catch((error) => {
        failure ??= { error };
      }).finally(() => {
        running--;
        step();
      });
    }
    if (running > 0) return;
    if (failure !== undefined) done.reject(failure.error);
    else done.resolve();
  };
  step();
  return done.promise;
}
