/** The sockets of experiments, where the kernel ends a call of theirs before its time. @module */

import { assertEquals, assertMatch } from "@std/assert";
import { Sockets } from "../../bench/lab/stage/sockets.ts";
import { Injection, uninjectable } from "../faults/injection.ts";
import { testWith } from "../permission.ts";
import { NEEDS } from "./needs.ts";

testWith(NEEDS, "a lesson's sockets begin again what a signal has ended", async () => {
  using sockets = new Sockets();
  await using injection = await Injection.attach(Deno.pid, "connect,recvfrom", "EINTR", "1+2");
  const [client, server] = sockets.pair();
  sockets.libc.send(client, new Uint8Array([42]), 0);
  const octet = new Uint8Array(1);
  assertEquals(sockets.receive(server, octet), 1);
  assertEquals(octet[0], 42);
  const trace = await injection.end();
  for (const call of [`connect\\(${client}`, `recvfrom\\(${server}`]) {
    assertMatch(trace, new RegExp(`\\b${call}\\b.*EINTR.*INJECTED`));
  }
}, uninjectable());
