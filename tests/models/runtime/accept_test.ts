/** Unit tests of models/runtime/accept.ts. @module */

import { assertEquals } from "@std/assert";
import { CONTROL_BYTES } from "../../../models/limits.ts";
import { dismiss } from "../../../models/runtime/accept.ts";
import { testWith } from "../../permission.ts";

const REASON = new TextEncoder().encode("421 Too many\r\n");

// With unread input the kernel would reset the connection, and with it what was sent last.
testWith(["net"], "dismiss reads what came, so that its reason is heard", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ port: (listener.addr as Deno.NetAddr).port });
  await client.write(new Uint8Array(3 * CONTROL_BYTES));
  const dismissed = dismiss(await listener.accept(), REASON);
  assertEquals(await client.read(new Uint8Array(100)), REASON.length);
  assertEquals(await client.read(new Uint8Array(100)), null);
  await client.closeWrite();
  await dismissed;
});

testWith(["net"], "dismiss waits for no client that stays", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ port: (listener.addr as Deno.NetAddr).port });
  await dismiss(await listener.accept(), REASON);
  assertEquals(await client.read(new Uint8Array(100)), REASON.length);
});
