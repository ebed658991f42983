/**
 * The load process: reads jobs (job.ts) from standard input, one JSON line each, does them one
 * after the other and answers each with one line on standard output. ../load_process.ts starts it;
 * it is a process of its own so that a server never shares a thread, a heap or a lock with its load.
 *
 * @module
 */

import { Libc } from "../../models/libc/mod.ts";
import type { LoadJob } from "./job.ts";
import { runLoad } from "./loop.ts";

const libc = new Libc();
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    console.log(JSON.stringify(runLoad(libc, JSON.parse(line) as LoadJob)));
  }
}
