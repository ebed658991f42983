/**
 * Runs things some at a time: what the suites' registering loops share.
 *
 * @module
 */

/** Runs `run` for each of `items` in their order, `lanes` of them at the same time. */
export async function inLanes<T>(
  items: Iterable<T>,
  lanes: number,
  run: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = Array.from(items).values();
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const item of left) await run(item);
  }));
}

/** Lets a step run beside others; none of the runtime's checks of leaks can tell two apart. */
export const BESIDE_OTHERS = {
  sanitizeOps: false,
  sanitizeResources: false,
  sanitizeExit: false,
} as const;
