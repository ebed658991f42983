/** Unit tests of models/kernel/tools.ts. @module */

import { assertEquals } from "@std/assert";
import { type ConnectionTools, refuse } from "../../../models/kernel/tools.ts";
import { SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { CONTROL_BYTES } from "../../../models/limits.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const REASON = new TextEncoder().encode("421 Too many\r\n");

/** More than one read takes. */
const SAID = new Uint8Array(3 * CONTROL_BYTES);

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

// With unread input the kernel would reset the connection, and with it what was sent last.
testWith(["ffi"], "refuse reads what came before it closes, so that its reason is heard", () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  const { fd, address } = loopback.listen();
  const client = loopback.open(libc.socket(address.family, 0));
  assertEquals(libc.connect(client, address), 0);
  assertEquals(libc.send(client, SAID, 0), SAID.length);
  const tools = {
    data: { kernel: libc },
    driver: { link: { event() {} }, protocol: { refusal: () => REASON } },
    controlBuffer: new Uint8Array(CONTROL_BYTES),
  } as unknown as ConnectionTools;
  refuse(tools, libc.accept(fd, SOCK_NONBLOCK), address.host, "Too many");
  const received = () => libc.recv(client, new Uint8Array(100), 100n, 0);
  assertEquals([received(), received()], [REASON.length, 0]);
}, absent);
