import { assert, assertEquals, assertFalse } from "@std/assert";
import { hello } from "../../../server/small/hello.ts";
import { SETTINGS, SmallDriver } from "./driver.ts";

Deno.test("hello greets, shows one message, closes", () => {
  const driver = new SmallDriver(hello);
  assertEquals(driver.heard(), ["hello client"]);
  assertFalse(driver.closed);
  driver.input("good day\r\n");
  assertEquals(driver.printed, ["good day"]);
  assert(driver.closed);
  driver.input("more");
  assertEquals(driver.printed, ["good day"]);
  assertEquals(driver.heard(), []);
});

Deno.test("hello shows no more than 1024 octets", () => {
  const driver = new SmallDriver(hello);
  driver.input("x".repeat(5_000));
  assertEquals(driver.printed, ["x".repeat(1_024)]);
});

Deno.test("hello shows nothing that a terminal would obey", () => {
  const driver = new SmallDriver(hello);
  driver.input("a\x1b[2J\x07\u202eb\u{1f600}\u009bc");
  assertEquals(driver.printed, ["a\ufffd[2J\ufffd\ufffdb\u{1f600}\ufffdc"]);
});

Deno.test("hello takes octets that are no text", () => {
  const driver = new SmallDriver(hello);
  driver.input(Uint8Array.of(0x61, 0xff, 0x62));
  assertEquals(driver.printed, ["a\ufffdb"]);
});

Deno.test("hello closes when the client leaves, when the server stops, and after a silence", () => {
  const leaving = new SmallDriver(hello);
  leaving.end();
  assert(leaving.closed);
  const stopping = new SmallDriver(hello);
  stopping.stop();
  assert(stopping.closed);
  const silent = new SmallDriver(hello);
  silent.wait(SETTINGS.hello.idleTimeoutMs - 1);
  assertFalse(silent.closed);
  silent.wait(1);
  assert(silent.closed);
  for (const driver of [leaving, stopping, silent]) assertEquals(driver.printed, []);
});
