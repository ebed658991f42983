/**
 * How lessons end before their time: interrupted, or without the server that they need.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as boundedPool } from "../../bench/lab/bounded_pool.ts";
import { lesson as concurrentTransfers } from "../../bench/lab/concurrent_transfers.ts";
import { lesson as edgeEagain } from "../../bench/lab/edge_eagain.ts";
import { lesson as hello } from "../../bench/lab/hello.ts";
import { lesson as lateByHalf } from "../../bench/lab/late_by_half.ts";
import { lesson as lyingLoad } from "../../bench/lab/lying_load.ts";
import { lesson as spinning } from "../../bench/lab/spinning.ts";
import { LessonError, type Stage } from "../../bench/lab/lesson.ts";
import { Apart } from "../../bench/lab/stage/apart.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { leavesNothing } from "./lesson_case.ts";

const LESSONS_THAT_PAUSE = [edgeEagain, spinning, lateByHalf, boundedPool, concurrentTransfers];

for (const lesson of LESSONS_THAT_PAUSE) {
  testWith(SERVER_NEEDS, `lesson ${lesson.name}, interrupted, ends with the reason`, async () => {
    await leavesNothing(async () => {
      const interrupt = new AbortController();
      const stage: Stage = { size: "full", say: () => interrupt.abort(), signal: interrupt.signal };
      const error = await lesson.run(stage).then(() => undefined, (error) => error);
      assertEquals(error, interrupt.signal.reason);
    });
  }, lesson.unavailable?.());
}

/** Lessons that serve for longer than MIDDLE_MS, in this process and in one of their own. */
const LESSONS_THAT_SERVE = [
  hello,
  spinning,
  lateByHalf,
  boundedPool,
  concurrentTransfers,
  lyingLoad,
];

/** After a server's folder was made it serves, or is about to, milliseconds. */
const MIDDLE_MS = 100;

for (const lesson of LESSONS_THAT_SERVE) {
  const needs = [...SERVER_NEEDS, "run"] as const;
  testWith(needs, `lesson ${lesson.name}, interrupted in the middle, leaves nothing`, async () => {
    const usual = Deno.env.get("TMPDIR");
    const folder = await Deno.makeTempDir({ prefix: "ftplab-test-" });
    const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    Deno.env.set("TMPDIR", folder);
    try {
      await leavesNothing(async () => {
        const interrupt = new AbortController();
        let since = Infinity;
        const looking = setInterval(() => {
          if (names().length > 0) since = Math.min(since, performance.now());
          if (performance.now() - since > MIDDLE_MS) interrupt.abort();
        }, 1);
        const stage: Stage = { size: "full", say() {}, signal: interrupt.signal };
        const ended = await lesson.run(stage).then(() => "to its end", () => "before its end");
        clearInterval(looking);
        assertEquals([ended, interrupt.signal.aborted], ["before its end", true]);
      });
      assertEquals(names(), []);
    } finally {
      if (usual === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", usual);
      await Deno.remove(folder, { recursive: true });
    }
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

testWith(
  [...SERVER_NEEDS, "run"],
  "Apart, a server that stands still and shows no counters is a LessonError",
  async () => {
    const flags = ["--model", "multiplex", "--protocol", "echo"];
    await using apart = await Apart.start(flags, new AbortController().signal);
    await apart.halt();
    const error = await apart.sample("opening").catch((error) => error);
    assert(error instanceof LessonError, `${error}`);
    assertEquals(error.message, "The server does not answer: it did not show its counters");
  },
);
