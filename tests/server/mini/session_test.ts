import { assert, assertEquals, assertFalse } from "@std/assert";
import { MESSAGE_WAIT_MS } from "../../../server/mini/message.ts";
import { mini } from "../../../server/mini/session.ts";
import { getLong, NUMBER_WAIT_MS, prepared, preparedWith, text } from "./driver.ts";
import { SETTINGS } from "../../driven/settings.ts";

Deno.test("mini wants no input while a file operation is under way", () => {
  const driver = prepared();
  driver.store.slow = true;
  driver.input("put|new|5hello" + "get|a|0");
  assertFalse(driver.session.wantsInput);
  assertEquals(driver.session.pollDeadline(), Infinity);
  driver.release(); // openUpload
  assertEquals(driver.heard(), ["OK"]);
  driver.release(); // write
  assertFalse(driver.session.wantsInput);
  driver.release(); // commitUpload
  driver.release(); // openRead
  assertEquals(driver.heard(), ["YES|5"]);
  assert(driver.session.wantsInput);
});

Deno.test("mini whole messages that nobody has looked at yet are no part of one", () => {
  const { session, now } = prepared();
  session.handleInput(new TextEncoder().encode("get|nofile|0".repeat(2)), now);
  assertEquals(session.pollDeadline(), now + SETTINGS.mini.idleTimeoutMs);
  session.handleTimeout(now + MESSAGE_WAIT_MS);
  const effect = session.pollEffect(now + MESSAGE_WAIT_MS);
  assertEquals(effect?.kind, "file");
});

Deno.test("mini end while a file operation is under way is heard after it", () => {
  const driver = prepared();
  driver.store.slow = true;
  driver.input("put|new|5hello");
  driver.release();
  driver.release();
  driver.hangUp();
  assertFalse(driver.closed);
  driver.release();
  assert(driver.closed);
  assertEquals(text(driver.tree.file("/new")), "hello");
});

Deno.test("mini client that closes its side after its message is still answered", () => {
  for (const [message, answer] of [["get|a|0", "YES|5"], ["put|b|12", "OK"], ["x", "ERR"]]) {
    const driver = prepared();
    driver.input(message!);
    driver.hangUp();
    assertEquals(driver.heard().join().split("|")[0], answer!.split("|")[0]);
    assert(driver.closed);
  }
});

Deno.test("mini stop closes at once when nothing is under way", () => {
  const driver = prepared();
  getLong(driver);
  driver.stop();
  assert(driver.closed);
});

Deno.test("mini stop lets a get and a put end", () => {
  const get = prepared();
  get.input("get|long|0");
  get.stop();
  for (let count = 0; count < 3; count++) get.input("get|long|0");
  assertEquals(get.heard().join("").length, "YES|2500".length + 2_500);
  assert(get.closed);
  const put = prepared();
  put.input("put|new|5");
  put.pass(NUMBER_WAIT_MS);
  put.stop();
  assertFalse(put.closed);
  put.input("hello");
  assert(put.closed);
  assertEquals(text(put.tree.file("/new")), "hello");
});

Deno.test("mini closes a client that says nothing, in every phase", () => {
  const { idleTimeoutMs } = SETTINGS.mini;
  for (const messages of [[], ["get|a|0"], ["get|a|0", "get|a|0"], ["put|new|5", "hel"]]) {
    const driver = prepared();
    for (const message of messages) {
      driver.input(message);
      driver.pass(NUMBER_WAIT_MS);
    }
    driver.pass(idleTimeoutMs);
    assert(driver.closed, messages.join());
    assertFalse(driver.tree.has("/.new.ftplab-part"));
  }
});

Deno.test("mini closes a transfer that stands still sooner than who has none", () => {
  const stallTimeoutMs = 10_000;
  const settings = { anonymous: "write", stallTimeoutMs } as const;
  for (const messages of [["get|long|0"], ["get|long|0", "get|long|0"], ["put|new|100", "0123"]]) {
    const driver = preparedWith(settings);
    for (const message of messages) {
      driver.pass(stallTimeoutMs - 1);
      driver.input(message);
    }
    driver.pass(stallTimeoutMs - 1);
    assertFalse(driver.closed, messages.join());
    driver.pass(1);
    assert(driver.closed, messages.join());
    assertFalse(driver.tree.has("/.new.ftplab-part"));
  }
  const driver = preparedWith(settings);
  getLong(driver);
  driver.pass(SETTINGS.mini.idleTimeoutMs - 1);
  assertFalse(driver.closed);
});

Deno.test("mini refusal is an ERR", () => {
  assertEquals(text(mini.refusal("Too many clients")), "ERR|Too many clients");
});
