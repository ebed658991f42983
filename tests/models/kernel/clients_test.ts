/** Unit tests of models/kernel/clients.ts: the stop, for who is let in while it comes. @module */

import { assertEquals } from "@std/assert";
import { type Admitted, Clients } from "../../../models/kernel/clients.ts";
import type { ConnectionTools } from "../../../models/kernel/tools.ts";
import type { Kernel } from "../../../models/libc/mod.ts";
import { CLOSING, DRAINING, RUNNING } from "../../../models/pool/link.ts";
import { stopWorker, workerOf } from "../worker.ts";

const REMOTE = { family: 4, host: "127.0.0.1", port: 40_000 } as const;

/** What a client hears who is let in at this phase of the server. */
const HEARD: readonly (readonly [phase: number, heard: readonly string[]])[] = [
  [RUNNING, ["begin"]],
  [DRAINING, ["begin", "stop"]],
  [CLOSING, ["begin", "abandon"]],
];

for (const [phase, expected] of HEARD) {
  Deno.test(`Clients: who is let in hears ${expected.join(", then ")}`, () => {
    const { context } = workerOf();
    const heard: string[] = [];
    const client: Admitted = {
      fd: 5,
      begin: () => void heard.push("begin"),
      stop: () => void heard.push("stop"),
      abandon: () => void heard.push("abandon"),
      crashed(error) {
        throw error;
      },
    };
    const clients = new Clients(context, {} as Kernel, {
      tools: {} as ConnectionTools,
      refuses: () => undefined,
      create: () => client,
    });
    // The others have heard of it before: the news was read in this round.
    stopWorker(context, phase);
    clients.give({ fd: 5, remote: REMOTE }, 0);
    assertEquals(heard, expected);
    assertEquals([clients.serves(5), clients.serves(6)], [true, false]);
    clients.ended(client);
    assertEquals(clients.serves(5), false);
  });
}
