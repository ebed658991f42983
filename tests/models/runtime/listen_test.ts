/**
 * How many clients a listener of the runtime keeps, and what the system says of sockets, told apart
 * from bugs of ours.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SO_SNDTIMEO } from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { isOfTheSystem, listen } from "../../../models/runtime/listen.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** More than the runtime's own backlog (511), less than ours. */
const CLIENTS = 600;

/** How long one may have to wait for its place: a guard, it is there at once. */
const CONNECT_MS_MAX = 5_000;

testWith(["net", "ffi"], "listen: a burst of clients waits, and nobody's SYN is dropped", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  const host = "127.0.0.1";
  const listener = listen({ host, port: 0, workers: 1 });
  try {
    const { port } = listener.addr;
    for (let client = 0; client < CLIENTS; client++) {
      const fd = loopback.open(libc.socket(4, 0));
      libc.setTimeout(fd, SO_SNDTIMEO, CONNECT_MS_MAX);
      assertEquals(libc.connect(fd, { family: 4, host, port }), 0, `client ${client}`);
    }
  } finally {
    listener.close();
  }
}, absent);

Deno.test("isOfTheSystem: what the runtime has a class or only a number for, and no bug", () => {
  const said = [new Deno.errors.ConnectionReset("gone"), new Error("No route (os error 113)")];
  assert(said.every(isOfTheSystem));
  const bugs = [
    new Error("Cannot answer"),
    new TypeError("undefined"),
    new RangeError("-1"),
    "text",
  ];
  assert(!bugs.some(isOfTheSystem));
});

testWith(["net"], "isOfTheSystem: what a closed connection and a closed port say", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const conn = await Deno.connect({ hostname, port });
  listener.close();
  const reading = conn.read(new Uint8Array(1));
  conn.close();
  assert(isOfTheSystem(await assertRejects(() => reading)));
  assert(isOfTheSystem(await assertRejects(() => conn.write(new Uint8Array(1)))));
  assert(isOfTheSystem(await assertRejects(() => Deno.connect({ hostname, port }))));
});
