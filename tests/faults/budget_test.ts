/**
 * What a listing may cost: an event loop looks at its other clients often, however many names there
 * are, and nobody goes on with one that its client does not read. Counted in the calls themselves,
 * not on the clock.
 *
 * @module
 */

import { assert } from "@std/assert";
import { Child } from "../child.ts";
import { readUntilEnd } from "../conformance/client.ts";
import { eventually } from "../eventually.ts";
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

/** Names whose listing is more than the sockets of a connection hold (tcp_wmem, tcp_rmem). */
const NAMES_UNREAD = 25_000, NAME = "n".repeat(240);

/** The part of such a listing that may be made. */
const PART_MAX = 0.8;

/** Between two looks whether names are still looked at. */
const LOOK_MS = 200;

/** Every look at a name in a trace. */
const LOOKS = /stat\w*\(.*"/g;

/** How often the process `pid` looks at names from `act` on, until it does so no more. */
async function looks(pid: number, act: () => Promise<unknown>): Promise<number> {
  await using trace = await Injection.watch(pid, ["%%stat"]);
  await act();
  await eventually("it looks at no more names", async () => {
    const before = trace.soFar().length;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
    return trace.soFar().length === before;
  });
  return (await trace.end()).matchAll(LOOKS).toArray().length;
}

for (const variant of ONE_OF_EACH) {
  testWith(
    NEEDS,
    `serve looks at no more names when nobody reads their listing [${variant.name}]`,
    async () => {
      using root = new Root();
      await Deno.mkdir(`${root.path}/many`);
      await Deno.writeTextFile(`${root.path}/many/${NAME}0`, "");
      for (let count = 1; count < NAMES_UNREAD; count++) {
        Deno.linkSync(`${root.path}/many/${NAME}0`, `${root.path}/many/${NAME}${count}`);
      }
      await using server = Child.serve([...flagsOf(variant, root.path), "--partial-days", "0"]);
      const endpoint = await server.serving();
      const [deaf, neighbour] = [await login(endpoint), await login(endpoint)];
      const whole = await looks(server.pid, () => neighbour.list("LIST many"));
      const part = await looks(server.pid, async () => {
        await deaf.passive();
        await deaf.command("LIST many", 150);
      });
      await neighbour.command("NOOP", 200);
      assert(part > 0 && part < PART_MAX * whole, `It made ${part} of ${whole} looks`);
      for (const ftp of [deaf, neighbour]) ftp.close();
    },
    variant.unavailable() ?? uninjectable(),
  );
}
