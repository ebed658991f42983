/**
 * How the pool of blocking grows, and when it says that clients wait.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Kernel } from "../../../models/libc/mod.ts";
import type { Terminal } from "../../../models/model.ts";
import { SHARED } from "../../../models/pool/link.ts";
import type { Pool } from "../../../models/pool/supervisor.ts";
import { Growth } from "../../../models/readiness/growth.ts";
import type { ServerEvent } from "../../../server/mod.ts";

/** A pool of `size` threads, `busy` of which have a client; `onSize` is called as it is asked for. */
class Threads {
  readonly shared = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SHARED).length));
  readonly stopped = false;
  /** So many starts of a thread fail. */
  failures = 0;
  /** So many were tried. */
  starts = 0;
  #size: number;
  readonly #grown = Promise.withResolvers<void>();

  constructor(size: number, busy: number, readonly onSize: (size: number) => void = () => {}) {
    this.#size = size;
    this.busy = busy;
  }

  set busy(count: number) {
    Atomics.store(this.shared, SHARED.busy, count);
  }

  get size(): number {
    this.onSize(this.#size);
    return this.#size;
  }

  /** Resolves when one is started. */
  get grown(): Promise<void> {
    return this.#grown.promise;
  }

  grow(): Promise<void> {
    this.starts++;
    if (this.failures-- > 0) return Promise.reject(new Error("Cannot start a worker"));
    this.#size++;
    this.#grown.resolve();
    return Promise.resolve();
  }
}

/** A guard for what comes, and more than a look takes for what does not come, milliseconds. */
const GUARD_MS = 60_000, LOOK_MS = 600;

/**
 * What is said of a pool that five clients wait for, until the backlog was looked at or `until`, or
 * for `patienceMs`.
 */
async function saidOf(
  threads: Threads,
  workersMax: number,
  patienceMs: number,
  until?: Promise<void>,
): Promise<string[]> {
  const said: string[] = [];
  const terminal = {
    event: (event: ServerEvent) => void said.push("text" in event ? event.text : event.kind),
  } as unknown as Terminal;
  const looked = Promise.withResolvers<void>();
  const kernel = {
    backlogLength() {
      looked.resolve();
      return 5;
    },
  } as unknown as Kernel;
  const growth = new Growth(kernel, 0, workersMax, terminal);
  await growth.saturated(threads as unknown as Pool);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<void>((resolve) => timer = setTimeout(resolve, patienceMs));
  await Promise.race([until ?? looked.promise, enough]);
  clearTimeout(timer);
  growth.stop();
  return said;
}

Deno.test("a pool that can grow no more says that clients wait", async () => {
  assertEquals(await saidOf(new Threads(2, 4), 4, GUARD_MS), [
    "All 4 workers are busy: 5 clients wait in the backlog",
  ]);
});

Deno.test("a pool that grew says nothing, though its new thread has got a client at once", async () => {
  // The third is idle when it is looked at, and busy a moment later.
  const threads = new Threads(2, 2, (size) => {
    if (size === 3) threads.busy = 3;
  });
  assertEquals(await saidOf(threads, 8, LOOK_MS), []);
});

/** A terminal that nobody reads, and a backlog that nobody waits in. */
const NOBODY = { event() {} } as unknown as Terminal;
const EMPTY = { backlogLength: () => 0 } as unknown as Kernel;

/** When a start was tried, in steps of LOOK_STEP_MS, and for so long. */
const LOOK_STEP_MS = 125, LOOKED_MS = 64_000;

Deno.test("a pool whose threads cannot be started tries ever more rarely, and then as before", async () => {
  const threads = new Threads(2, 2);
  let nowMs = 0;
  const growth = new Growth(EMPTY, 0, 8, NOBODY, () => nowMs);
  /** The pauses between starts, all of which fail. */
  const pauses = async (): Promise<number[]> => {
    threads.failures = Infinity;
    const triedMs: number[] = [];
    for (const endMs = nowMs + LOOKED_MS; nowMs < endMs; nowMs += LOOK_STEP_MS) {
      const { starts } = threads;
      await growth.saturated(threads as unknown as Pool);
      if (threads.starts > starts) triedMs.push(nowMs);
    }
    return triedMs.slice(1).map((tried, index) => tried - triedMs[index]!);
  };
  try {
    const first = await pauses();
    assertEquals(first, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
    threads.failures = 0;
    nowMs += LOOKED_MS;
    await growth.saturated(threads as unknown as Pool); // one is started, and idle
    threads.busy = threads.size;
    assertEquals(await pauses(), first);
  } finally {
    growth.stop();
  }
});

Deno.test("a pool whose threads could not be started tries again while clients wait", async () => {
  const threads = new Threads(2, 2);
  threads.failures = 2;
  assertEquals(await saidOf(threads, 4, GUARD_MS, threads.grown), [
    "Cannot start a worker",
    "All 2 workers are busy: 5 clients wait in the backlog",
  ]);
  assertEquals(threads.size, 3);
});
