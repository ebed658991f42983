/**
 * How lessons end before their time: interrupted, or without the server that they need.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as boundedPool } from "../../bench/lab/bounded_pool.ts";
import { lesson as concurrentTransfers } from "../../bench/lab/concurrent_transfers.ts";
import { lesson as edgeEagain } from "../../bench/lab/edge_eagain.ts";
import { lesson as lateByHalf } from "../../bench/lab/late_by_half.ts";
import { lesson as spinning } from "../../bench/lab/spinning.ts";
import { LessonError, type Stage } from "../../bench/lab/lesson.ts";
import { Apart } from "../../bench/lab/stage/apart.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";

const LESSONS_THAT_PAUSE = [edgeEagain, spinning, lateByHalf, boundedPool, concurrentTransfers];

for (const lesson of LESSONS_THAT_PAUSE) {
  testWith(SERVER_NEEDS, `lesson ${lesson.name}, interrupted, ends with the reason`, async () => {
    const interrupt = new AbortController();
    const stage: Stage = { size: "full", say: () => interrupt.abort(), signal: interrupt.signal };
    const error = await lesson.run(stage).then(() => undefined, (error) => error);
    assertEquals(error, interrupt.signal.reason);
  }, lesson.unavailable?.());
}

testWith(
  [...SERVER_NEEDS, "run"],
  "Apart, a server that does not start is a LessonError",
  async () => {
    const flags = ["--model", "nonsense"];
    const error = await Apart.start(flags, new AbortController().signal).catch((error) => error);
    assert(error instanceof LessonError && error.message.includes("--model"), `${error}`);
  },
);
