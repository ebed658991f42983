/**
 * What the system says of sockets, told apart from bugs of ours.
 *
 * @module
 */

import { assert, assertRejects } from "@std/assert";
import { isOfTheSystem } from "../../../models/runtime/listen.ts";
import { testWith } from "../../permission.ts";

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
