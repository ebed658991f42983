import { assert, assertEquals, assertFalse } from "@std/assert";
import { hello } from "../../../server/small/hello.ts";
import { DrivenSession } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";

Deno.test("hello greets, shows one message, closes", () => {
  const driver = new DrivenSession({ protocol: hello });
  assertEquals(driver.heard(), ["hello client"]);
  assertFalse(driver.closed);
  driver.input("good day\r\n");
  assertEquals(driver.link.printed, ["good day"]);
  assert(driver.closed);
  driver.input("more");
  assertEquals(driver.link.printed, ["good day"]);
  assertEquals(driver.heard(), []);
});

Deno.test("hello shows no more than 1024 octets", () => {
  const driver = new DrivenSession({ protocol: hello });
  driver.input("x".repeat(5_000));
  assertEquals(driver.link.printed, ["x".repeat(1_024)]);
});

Deno.test("hello shows nothing that a terminal would obey", () => {
  const driver = new DrivenSession({ protocol: hello });
  driver.input("a\x1b[2J\x07\u202eb\u{1f600}\u009bc");
  assertEquals(driver.link.printed, ["a\ufffd[2J\ufffd\ufffdb\u{1f600}\ufffdc"]);
});

Deno.test("hello takes octets that are no text", () => {
  const driver = new DrivenSession({ protocol: hello });
  driver.input(Uint8Array.of(0x61, 0xff, 0x62));
  assertEquals(driver.link.printed, ["a\ufffdb"]);
});

Deno.test("hello closes when the client leaves, when the server stops, and after a silence", () => {
  const leaving = new DrivenSession({ protocol: hello });
  leaving.hangUp();
  assert(leaving.closed);
  const stopping = new DrivenSession({ protocol: hello });
  stopping.stop();
  assert(stopping.closed);
  const silent = new DrivenSession({ protocol: hello });
  silent.pass(SETTINGS.hello.idleTimeoutMs - 1);
  assertFalse(silent.closed);
  silent.pass(1);
  assert(silent.closed);
  for (const driver of [leaving, stopping, silent]) assertEquals(driver.link.printed, []);
});
