/**
 * Names that are exchanged all the time while a server works with them: what it looked at may be
 * something else when it opens it. For cases about races between a check and its use.
 *
 * @module
 */

import { exchange, type Exchanged } from "./exchange_worker.ts";

/** Runs `run` while the names of each of `pairs` are exchanged; they are in place after it. */
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
    await Promise.race([run(), failed]);
  } finally {
    Atomics.store(state, 0, 1);
    await Promise.race([stopped, failed]);
    worker.terminate();
    if (Atomics.load(state, 1) % 2 === 1) { for (const pair of pairs) exchange(pair); }
  }
}
