/**
 * A client that takes no replies while its upload ends: nothing can come of it before it does, and
 * so nobody is woken for it. What is counted is wake-ups, not time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Conversation, octets } from "../conformance/client.ts";
import { variants } from "../conformance/variants.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

/** Commands whose replies are more than the sockets of a connection hold (tcp_wmem, tcp_rmem). */
const COMMANDS = 60_000;

/** What a client's end holds at least before it takes no more (tcp_rmem). */
const HELD_BYTES = 100_000;

/** Between two looks whether the client still takes replies, and how many there are: a guard. */
const LOOK_MS = 50, LOOKS_MAX = 200;

/** How long wake-ups are counted, milliseconds. */
const WATCHED_MS = 200;

/** A round of polling each millisecond, and some; who spins has a hundred times as many. */
const WAKEUPS_PER_MS_MAX = 2;

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

/** Resolves when no more replies are made. */
async function standsStill(octetsOut: () => number): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const before = octetsOut();
    await pause(LOOK_MS);
    if (before > HELD_BYTES && octetsOut() === before) return;
  }
  assert(false, "It never stands still");
}

/** Takes replies until 226 is among them. */
async function takesUntilComplete({ conn }: Conversation): Promise<void> {
  const buffer = new Uint8Array(1 << 16);
  const decoder = new TextDecoder();
  for (let said = ""; !said.includes("\r\n226 ");) {
    const count = await conn.read(buffer);
    assert(count !== null, `It ended behind "${said}"`);
    said = said.slice(-10) + decoder.decode(buffer.subarray(0, count));
  }
}

for (const { name, model, options, unavailable } of variants) {
  testWith(
    SERVER_NEEDS,
    `an upload that waits for its client to take replies wakes nobody [${name}]`,
    async () => {
      using root = new Root();
      const server = await model.serve({ ...OPTIONS, ...options, root: root.path });
      const sum = (counter: "wakeups" | "octetsOut") =>
        server.stats().reduce((total, worker) => total + worker[counter], 0);
      const ftp = await login(server.address);
      const data = await ftp.begin("STOR up");
      await data.write(octets("data"));
      await ftp.send(octets("STAT\r\n".repeat(COMMANDS)));
      await standsStill(() => sum("octetsOut"));
      data.close();
      await standsStill(() => sum("octetsOut"));
      const [before, begun] = [sum("wakeups"), performance.now()];
      await pause(WATCHED_MS);
      const woken = sum("wakeups") - before;
      const elapsed = performance.now() - begun;
      assert(woken <= WAKEUPS_PER_MS_MAX * elapsed, `${woken} wake-ups in ${elapsed} ms`);
      await takesUntilComplete(ftp);
      assertEquals(await Deno.readTextFile(`${root.path}/up`), "data");
      ftp.close();
      await server.stop(0);
    },
    unavailable(),
  );
}
