/**
 * An event loop looks at its other clients often: however large a listing is, only so many calls
 * for its names are made in a row. Counted in the calls themselves, not on the clock.
 *
 * @module
 */

import { assert } from "@std/assert";
import { Child } from "../child.ts";
import { readUntilEnd } from "../conformance/client.ts";
import { testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { Injection, uninjectable } from "./injection.ts";
import { flagsOf, NEEDS, ONE_OF_EACH } from "./process.ts";

/** Names in the folder that is listed. */
const NAMES = 2_000;

/** Looks at names in a row: two steps of a listing, and what the commands around it look at. */
const LOOKS_MAX = 64 + 16;

/** Calls by which a loop waits for others. */
const WAITS = [
  ...["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"],
  ...["clock_nanosleep", "io_uring_enter"],
];

/** The same, and those that look at one of them; in async only the runtime's waits look at all. */
const TURNS = [...WAITS, "recvfrom", "accept4"];

/** Listings by every verb that makes one, with and without patterns. */
const LISTINGS = ["LIST many", "NLST many", "MLSD many", "LIST many/*7*", "NLST many/*none*"];

/** The most names that one thread looked at, each however often, without a look at anybody else. */
function longestRun(trace: string, turns: readonly string[]): number {
  const runs = new Map<string, Set<string>>();
  let longest = 0;
  for (const line of trace.split("\n")) {
    const match = /^(?:\[pid +(\d+)\] )?(\w+)\(/.exec(line);
    if (match === null) continue; // the end of a call, or strace's own words
    const [, thread = "", call] = match;
    const run = turns.includes(call!) ? new Set<string>() : runs.get(thread) ?? new Set();
    if (!turns.includes(call!)) run.add(/"[^"]*"/.exec(line)?.[0] ?? line);
    runs.set(thread, run);
    longest = Math.max(longest, run.size);
  }
  return longest;
}

for (const variant of ONE_OF_EACH.filter(({ model }) => model.name !== "blocking")) {
  const turns = variant.model.name === "async" ? WAITS : TURNS;
  testWith(
    NEEDS,
    `serve looks at ${LOOKS_MAX} names in a row at most [${variant.name}]`,
    async () => {
      using root = new Root();
      Deno.mkdirSync(`${root.path}/many`);
      Deno.writeTextFileSync(`${root.path}/many/name-0`, "");
      for (let count = 1; count < NAMES; count++) {
        Deno.linkSync(`${root.path}/many/name-0`, `${root.path}/many/name-${count}`);
      }
      // The sweep of partial uploads looks at names, too, in a thread of its own.
      const flags = [...flagsOf(variant, root.path), "--partial-days", "0"];
      await using server = Child.serve(flags);
      const endpoint = await server.serving();
      const neighbour = await login(endpoint); // for whom the turns are
      const ftp = await login(endpoint);
      for (const command of [...LISTINGS, "STAT many"]) {
        await using trace = await Injection.watch(server.pid, ["%%stat", ...turns]);
        if (command.startsWith("STAT")) await ftp.command(command, [211, 212, 213]);
        else {
          const data = await ftp.begin(command);
          await readUntilEnd(data);
          await ftp.reply(226);
        }
        const longest = longestRun(await trace.end(), turns);
        assert(longest <= LOOKS_MAX, `${command} looked at ${longest} names in a row`);
      }
      for (const each of [ftp, neighbour]) each.close();
    },
    variant.unavailable() ?? uninjectable(),
  );
}
