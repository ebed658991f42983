/**
 * Since threads are dear, servers keep a pool of so many and no more. That is sound as long as all
 * clients are quick. A client that reads slowly keeps its thread for as long as it likes, though it
 * needs next to nothing of it; when there are as many slow ones as threads, whoever comes next waits
 * for one of them to finish, while the processor does nothing.
 *
 * A loop has no such limit: a slow reader is a socket that is not writable now, and the loop turns
 * to the next. As many slow readers as the pool has threads begin a download and stop reading in the
 * middle; then quick clients come for a small file. The slow ones go on when the quick ones are done
 * or when patience is at its end.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { abandonable, FtpClients } from "./stage/ftp.ts";
import { until } from "./stage/pause.ts";
import { serve } from "./stage/serving.ts";

/** What the slow ones fetch, octets: more than the sockets between them and the server hold. */
const FILM_BYTES = 16 << 20;

/** What the quick ones fetch, octets. */
const NOTE_BYTES = 1 << 10;

/** See Lesson. */
export const lesson: Lesson = {
  name: "bounded-pool",
  title: "a pool of threads starves behind slow readers",
  claim: "A bounded pool starves behind slow readers: quick clients wait for a whole slow transfer",
  plan: "Occupy a blocking pool of N threads with N readers that stop in the middle, let quick " +
    "clients come for a small file, and see who is done first; then the same with multiplex",
  rule:
    "confirmed when the pool serves no quick client before a slow reader has ended, and the loop " +
    "all of them; refuted when the pool serves one, or the loop none; else inconclusive. The " +
    "longest waits are shown: the pool's ends when patience does, and the slow ones go on",
  refutedIf:
    "a quick client is served before a slow reader has ended, as by a pool with more threads " +
    "than slow readers, or a loop starves as well",
  code: [
    "models/blocking.ts: a thread serves its client to the end",
    "models/readiness/loop.ts: one unit of work for each watch that is ready",
  ],
  unavailable: () => models.get("blocking")!.unavailable(),
  async run({ size, say, signal }) {
    const [threads, quick, patienceMs] = size === "full" ? [4, 20, 1_500] : [2, 3, 400];

    async function serveBoth(model: "blocking" | "multiplex") {
      const workers = model === "blocking" ? threads : 1;
      const options = { protocol: "ftp", workers, maxWorkers: workers };
      await using server = await serve(model, options, signal);
      await Deno.writeFile(`${server.root}/film`, new Uint8Array(FILM_BYTES));
      await Deno.writeFile(`${server.root}/note`, new Uint8Array(NOTE_BYTES));
      using clients = new FtpClients(server.port, signal);
      let slowEnded = 0, served = 0, servedBefore = 0;
      const goOn = Promise.withResolvers<void>();

      /** Resolves in the middle of its transfer with a promise for its end. */
      async function readSlowly(): Promise<{ ended: Promise<void> }> {
        const client = await clients.connect();
        const begun = Promise.withResolvers<void>();
        const sink = {
          async write() {
            begun.resolve();
            await goOn.promise;
          },
        };
        const download = abandonable(client.download("film", sink, { signal }));
        await Promise.race([begun.promise, download]);
        const end = () => {
          slowEnded++;
          return client.quit();
        };
        return { ended: abandonable(download.then(end)) };
      }

      /** Milliseconds from the wish to connect to the last octet. */
      async function readQuickly(): Promise<number> {
        const begun = performance.now();
        await using client = await clients.connect();
        await client.readFile("note");
        served++;
        if (slowEnded === 0) servedBefore++;
        return performance.now() - begun;
      }

      const slow = await Promise.all(Array.from({ length: threads }, readSlowly));
      say(`${model}: ${threads} slow readers are in the middle, ${quick} quick clients come`);
      const latencies = abandonable(Promise.all(Array.from({ length: quick }, readQuickly)));
      await until(() => served === quick, patienceMs, signal);
      goOn.resolve();
      await Promise.all(slow.map(({ ended }) => ended));
      return { longestMs: Math.max(...await latencies), servedBefore };
    }

    const pool = await serveBoth("blocking");
    const loop = await serveBoth("multiplex");
    return {
      measured: [
        { name: "threads, and slow readers", value: threads },
        { name: "quick clients", value: quick },
        { name: "served before a slow one ended, pool", value: pool.servedBefore },
        { name: "served before a slow one ended, loop", value: loop.servedBefore },
        { name: "patience, after which the slow ones go on", value: patienceMs, unit: "ms" },
        { name: `longest wait of ${quick}, pool`, value: pool.longestMs, unit: "ms" },
        { name: `longest wait of ${quick}, loop`, value: loop.longestMs, unit: "ms" },
      ],
      verdict: verdictOf({ quick, pool: pool.servedBefore, loop: loop.servedBefore }),
      reason:
        `${pool.servedBefore} of ${quick} quick clients were served before a slow one ended ` +
        `by the pool, ${loop.servedBefore} by the loop; the longest wait is ` +
        `${pool.longestMs.toFixed(0)} ms, of which ${patienceMs} are patience, against ` +
        `${loop.longestMs.toFixed(0)} ms`,
    };
  },
};

/** The rule: how many of the quick ones were served before a slow reader ended. */
export function verdictOf({ quick, pool, loop }: {
  readonly quick: number;
  readonly pool: number;
  readonly loop: number;
}): Verdict {
  if (pool > 0 || loop === 0) return "refuted";
  return loop === quick ? "confirmed" : "inconclusive";
}
