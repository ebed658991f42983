/**
 * Urgent data on a data connection (tcp(7)): the octets around it are the file, in every model.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertBytes, join, pattern } from "../conformance/client.ts";
import { kinds } from "../conformance/variants.ts";
import { Libc } from "../../models/libc/mod.ts";
import { eventually } from "../eventually.ts";
import { partialName } from "../../server/mod.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { Loopback } from "./loopback.ts";
import { OPTIONS } from "./options.ts";

/** <sys/socket.h> */
const MSG_OOB = 1;

/** More than memory of a ring takes, and less than a socket holds. */
const PART_BYTES = 100_000;

const FIRST = pattern(PART_BYTES), SECOND = pattern(PART_BYTES, 2);

for (const { name, model, options, unavailable } of kinds) {
  testWith(SERVER_NEEDS, `STOR goes on behind an urgent octet [${name}]`, async () => {
    using root = new Root();
    const server = await model.serve({ ...OPTIONS, ...options, root: root.path });
    using loopback = new Loopback(new Libc());
    const { libc } = loopback;
    const ftp = await login(server.address);
    const stored = (count: number) =>
      eventually(
        `${count} octets are stored`,
        () => Deno.statSync(`${root.path}/${partialName("file")}`).size === count,
      );
    try {
      const port = await ftp.passivePort();
      const data = loopback.open(libc.socket(4, 0));
      await ftp.send("STOR file");
      assertEquals(libc.connect(data, { family: 4, host: server.address.host, port }), 0);
      await ftp.reply(150);
      assertEquals(libc.send(data, FIRST, 0), PART_BYTES);
      assertEquals(libc.send(data, Uint8Array.of(255), MSG_OOB), 1);
      await stored(PART_BYTES);
      assertEquals(libc.send(data, SECOND, 0), PART_BYTES);
      await stored(2 * PART_BYTES);
      loopback.close(data);
      await ftp.reply(226);
      assertBytes(await Deno.readFile(`${root.path}/file`), join(FIRST, SECOND));
    } finally {
      ftp.close();
      await server.stop(0);
    }
  }, unavailable());
}
