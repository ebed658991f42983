/**
 * Names that are exchanged all the time while a server works with them: what it looked at may be
 * something else when it opens it. For cases about races between a check and its use.
 *
 * @module
 */

import { assert } from "@std/assert";
import { eventually } from "../eventually.ts";
import { exchange, type Exchanged } from "./exchange_worker.ts";

/** How often each pair is exchanged during a run, at least: fewer would race with next to nothing. */
const EXCHANGES_MIN = 30;

/**
 * Runs `run` while the names of each of `pairs` are exchanged, which has begun when it is called;
 * they are in place after it.
 */
export async function whileExchanging(
  pairs: Exchanged["pairs"],
  run: () => Promise<void>,
): Promise<void> {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./exchange_worker.ts", import.meta.url), { type: "module" });
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Exchanging failed: ${event.message}`));
    };
  });
  failed.catch(() => {}); // it is seen below, or the run has failed already
  const stopped = new Promise<void>((resolve) => worker.onmessage = () => resolve());
  worker.postMessage({ pairs, state } satisfies Exchanged);
  try {
    const count = () => Atomics.load(state, 1);
    await Promise.race([eventually("names are exchanged", () => count() > 0), failed]);
    const before = count();
    await Promise.race([run(), failed]);
    const met = count() - before;
    assert(met >= EXCHANGES_MIN, `It raced with ${met} exchanges`);
  } finally {
    Atomics.store(state, 0, 1);
    await Promise.race([stopped, failed]);
    worker.terminate();
    if (Atomics.load(state, 1) % 2 === 1) { for (const pair of pairs) exchange(pair); }
  }
}
