/**
 * Listening data sockets over the C library: what is turned away, and how many calls that takes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { CALL_NAMES, unavailableReason } from "../../models/libc/mod.ts";
import { passiveDescriptors } from "../../models/sockets.ts";
import { missing, testWith } from "../permission.ts";
import { Loopback } from "./loopback.ts";
import { OPTIONS } from "./options.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** Connections that come while nobody expects one. */
const STRANGERS = 3;

for (const flags of [SOCK_NONBLOCK, 0]) {
  const kind = flags === 0 ? "blocking" : "non-blocking";
  testWith(["ffi"], `PassiveDescriptor turns away who came before it was lent [${kind}]`, () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const accepts = () => libc.calls[CALL_NAMES.indexOf("accept4")]!;
    const pool = passiveDescriptors(libc, OPTIONS, flags);
    const socket = pool.lend();
    assert(socket !== undefined);
    const clients = Array.from({ length: STRANGERS }, () => {
      const client = loopback.open(libc.socket(4, 0));
      assertEquals(libc.connect(client, { family: 4, host: "127.0.0.1", port: socket.port }), 0);
      return client;
    });
    pool.giveBack(socket);

    assertEquals(pool.lend(), socket);
    assertEquals(accepts(), STRANGERS + 1); // the last one finds nobody
    for (const client of clients) assertEquals(libc.recv(client, new Uint8Array(1), 1n, 0), 0);
    pool.giveBack(socket);

    assertEquals(pool.lend(), socket);
    assertEquals(accepts(), STRANGERS + 1); // nobody has come: no call looks for one
    pool.giveBack(socket);
    pool.close();
  }, absent);
}
