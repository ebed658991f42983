/**
 * Handshakes that fail otherwise than by a certificate: of what kind that is, and whether another
 * attempt is worth it.
 *
 * @module
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, ConnectionError, isWorthRetry } from "../../client/mod.ts";
import { tlsTransport } from "../../client/tls.ts";
import { plainTransport } from "../../client/transport.ts";
import { testWith } from "../permission.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";

/** A fatal alert protocol_version (RFC 8446 section 6): no version is common. */
const NO_VERSION = "\x15\x03\x03\x00\x02\x02\x46";

/** How connecting by TLS from the first octet fails. */
async function failure(script: Script, serverName = "localhost"): Promise<ConnectionError> {
  await using server = new ScriptedServer(script);
  const tls = { mode: "implicit", insecure: true, serverName } as const;
  const error = await assertRejects(
    () => connect({ ...server.address, tls, timeoutMs: 5_000 }),
    ConnectionError,
  );
  assertMatch(error.message, /^Cannot protect the connection: [ -~]+$/);
  assertEquals(server.verbs.includes("USER"), false);
  return error;
}

const SERVERS: Readonly<Record<string, string>> = {
  "speaks in clear text": "220 Scripted\r\n",
  "has no version of TLS that is common": NO_VERSION,
};

for (const [name, greeting] of Object.entries(SERVERS)) {
  testWith(["net", "read"], `a server that ${name} is not tried again for TLS`, async () => {
    const error = await failure({ greeting });
    assertEquals([error.kind, isWorthRetry(error)], ["untrusted", false], error.message);
  });
}

testWith(["net", "read"], "a server that closes in the handshake is tried again", async () => {
  const error = await failure({
    onAccept() {
      throw new Error("going down");
    },
  });
  assertEquals([error.kind, isWorthRetry(error)], ["reset", true], error.message);
});

testWith(["net", "read"], "TLS 1.2 for the sake of a session is given up at once", async () => {
  const serverName = "new.example";
  const settings = { insecure: true, serverName };
  tlsTransport("localhost", settings, plainTransport).resumption!.improve!();
  const kinds = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    kinds.push((await failure({ greeting: NO_VERSION }, serverName)).kind);
  }
  assertEquals(kinds, ["transient", "untrusted"]);
});
