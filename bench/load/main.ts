/**
 * The load process: reads jobs (job.ts) from standard input, one JSON line each, does them one
 * after the other and says on standard output when a window opens, when it has closed, and what
 * was measured. process.ts starts it; it is a process of its own so that a server never
 * shares a thread, a heap or a lock with its load.
 *
 * @module
 */

import { Libc } from "../../models/libc/mod.ts";
import type { LoadJob, LoadMessage } from "./job.ts";
import { runLoad } from "./loop.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const chunk = new Uint8Array(65_536);
let rest = "";

/** Blocks until a line has come; undefined at the end of input. */
function readLine(): string | undefined {
  for (;;) {
    const end = rest.indexOf("\n");
    if (end >= 0) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return line;
    }
    const count = Deno.stdin.readSync(chunk);
    if (count === null) return undefined;
    rest += decoder.decode(chunk.subarray(0, count));
  }
}

function say(message: LoadMessage): void {
  const octets = encoder.encode(JSON.stringify(message) + "\n");
  for (let written = 0; written < octets.length;) {
    written += Deno.stdout.writeSync(octets.subarray(written));
  }
}

const libc = new Libc();
for (let line = readLine(); line !== undefined; line = readLine()) {
  const outcome = runLoad(libc, JSON.parse(line) as LoadJob, (event) => {
    say({ event });
    if (event !== "there") readLine();
  });
  say({ event: "result", ...outcome });
}
