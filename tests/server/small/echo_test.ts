import { assert, assertEquals, assertFalse } from "@std/assert";
import { echo } from "../../../server/small/echo.ts";
import { DrivenSession, latin1 } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";

Deno.test("echo says nothing first and sends back every octet unchanged", () => {
  const driver = new DrivenSession({ protocol: echo });
  assertEquals(driver.heard(), []);
  const octets = Uint8Array.from({ length: 256 }, (_, index) => index);
  driver.input(octets);
  driver.input("\r\n");
  assertEquals(driver.heard(), [latin1(octets), "\r\n"]);
});

Deno.test("echo keeps nothing between two inputs, however many", () => {
  const driver = new DrivenSession({ protocol: echo });
  const block = "0123456789abcdef".repeat(1_024);
  for (let count = 0; count < 100; count++) {
    driver.input(block);
    assertEquals(driver.heard(), [block]);
  }
  assert(driver.session.wantsInput);
});

Deno.test("echo closes when the client does, when the server stops, and after a silence", () => {
  const leaving = new DrivenSession({ protocol: echo });
  leaving.input("x");
  leaving.hangUp();
  assertEquals(leaving.heard(), ["x"]);
  assert(leaving.closed);
  const stopping = new DrivenSession({ protocol: echo });
  stopping.stop();
  assert(stopping.closed);
  const silent = new DrivenSession({ protocol: echo });
  silent.pass(SETTINGS.echo.idleTimeoutMs - 1);
  silent.input("x");
  silent.pass(SETTINGS.echo.idleTimeoutMs - 1);
  assertFalse(silent.closed);
  silent.pass(1);
  assert(silent.closed);
});
