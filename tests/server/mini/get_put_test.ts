import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import {
  getLong,
  NUMBER_WAIT_MS,
  octetsOf,
  prepared,
  preparedWith,
  PULL_WAIT_MS,
  text,
} from "./driver.ts";
import { latin1 } from "../../driven/session.ts";

Deno.test("mini says nothing first", () => {
  assertEquals(prepared().heard(), []);
});

Deno.test("mini get answers YES|SIZE and nothing more until it is pulled", () => {
  const driver = prepared();
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
  driver.pass(10_000);
  assertEquals(driver.heard(), []);
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["hello"]);
});

Deno.test("mini get sends blocks of 1024 octets, one for each pull", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.heard();
  const blocks = [0, 1, 2].map(() => {
    driver.input("get|long|0");
    return driver.heard().join("");
  });
  assertEquals(blocks.map((block) => block.length), [1024, 1024, 452]);
  assertEquals(blocks.join(""), latin1(octetsOf(2_500)));
  assertFalse(driver.store.isOpen);
});

Deno.test("mini get of a missing file, a folder, or nothing answers NO|0 and goes on", () => {
  const driver = prepared();
  driver.tree.put("/folder", undefined);
  for (const name of ["missing", "folder", ""]) {
    driver.input(`get|${name}|0`);
    assertEquals(driver.heard(), ["NO|0"], name);
  }
  getLong(driver);
});

Deno.test("mini get of a file without octets takes one pull, which gets nothing", () => {
  const driver = prepared();
  driver.input("get|empty|0");
  assertEquals(driver.heard(), ["YES|0"]);
  driver.input("get|empty|0");
  driver.pass(PULL_WAIT_MS);
  assertEquals(driver.heard(), []);
  assertFalse(driver.store.isOpen);
  driver.input("get|empty|0");
  assertEquals(driver.heard(), ["YES|0"]);
});

Deno.test("mini get that is given up for another message closes its file", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.input("get|long|0");
  driver.heard();
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
  assertEquals(driver.operations.filter((name) => name === "closeFile").length, 1);
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["hello"]);
});

Deno.test("mini get of a file that became shorter ends the connection", () => {
  const driver = prepared();
  driver.input("get|a|0");
  driver.tree.put("/a", new Uint8Array(0));
  driver.input("get|a|0");
  assert(driver.closed);
});

Deno.test("mini get whose file cannot be read ends the connection", () => {
  const driver = prepared();
  driver.input("get|a|0");
  driver.failNext("read", "io");
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
  assert(driver.closed);
});

Deno.test("mini put answers OK, takes SIZE octets, gives the name at the end", () => {
  const driver = prepared();
  driver.input("put|new|2500");
  driver.pass(NUMBER_WAIT_MS);
  assertEquals(driver.heard(), ["OK"]);
  const octets = octetsOf(2_500);
  driver.input(octets.subarray(0, 1_000));
  assertFalse(driver.tree.has("/new"));
  driver.input(octets.subarray(1_000));
  assertEquals(driver.tree.file("/new"), octets);
  assertEquals(driver.heard(), []);
  assertFalse(driver.tree.has("/.new.ftplab-part"));
});

Deno.test("mini put replaces what has the name", () => {
  const driver = prepared();
  driver.input("put|a|3");
  driver.pass(NUMBER_WAIT_MS);
  driver.input("new");
  assertEquals(text(driver.tree.file("/a")), "new");
});

Deno.test("mini put of no octets is done with its OK", () => {
  const driver = prepared();
  driver.input("put|new|0");
  assertEquals(driver.heard(), ["OK"]);
  assertEquals(text(driver.tree.file("/new")), "");
});

Deno.test("mini put is followed by the next message in the same segment", () => {
  const driver = prepared();
  driver.input("put|new|3");
  driver.pass(NUMBER_WAIT_MS);
  driver.input("oneget|new|0");
  assertEquals(driver.heard(), ["OK", "YES|3"]);
  driver.input("get|new|0");
  assertEquals(driver.heard(), ["one"]);
});

Deno.test("mini put whose octets come with the message does not wait for its number", () => {
  const driver = prepared();
  driver.input("put|new|5hello");
  assertEquals(driver.heard(), ["OK"]);
  assertEquals(text(driver.tree.file("/new")), "hello");
});

Deno.test("mini put with a number that is none stores nothing", () => {
  for (const size of ["1e9", "1.5", "007", "2 or 3", "0x10"]) {
    const driver = prepared();
    driver.input(`put|new|${size}`);
    driver.pass(NUMBER_WAIT_MS);
    assertEquals(driver.heard(), ["ERR|Size is not a whole number"], size);
    assertEquals(driver.operations, []);
    getLong(driver);
  }
});

Deno.test("mini put that breaks off leaves what was there, and nothing half done", () => {
  const driver = prepared();
  driver.input("put|a|3");
  driver.pass(NUMBER_WAIT_MS);
  driver.input("ne");
  assert(driver.tree.has("/.a.ftplab-part"));
  driver.hangUp();
  assert(driver.closed);
  assertEquals(text(driver.tree.file("/a")), "hello");
  assertFalse(driver.tree.has("/.a.ftplab-part"));
});

Deno.test("mini put that cannot be is answered ERR|reason and the connection is closed", () => {
  const cases: [string, RegExp][] = [
    ["put|folder|0", /^ERR\|Is a directory$/],
    ["put|..|0", /^ERR\|Not a file name$/],
    ["put||0", /^ERR\|Not a file name$/],
    ["put|.x.ftplab-part|0", /^ERR\|Not a file name$/],
  ];
  for (const [message, answer] of cases) {
    const driver = prepared();
    driver.tree.put("/folder", undefined);
    driver.input(message);
    assertMatch(driver.heard().join(), answer);
    assert(driver.closed, message);
  }
});

for (const operation of ["openUpload", "write", "commitUpload"] as const) {
  Deno.test(`mini put is refused with ERR|reason when ${operation} fails`, () => {
    const driver = prepared();
    driver.failNext(operation, "noSpace");
    driver.input("put|new|3");
    driver.pass(NUMBER_WAIT_MS);
    if (operation !== "openUpload") driver.input("new");
    assertEquals(driver.heard().at(-1), "ERR|No space left, or a quota or a limit is reached");
    assert(driver.closed);
    assertFalse(driver.tree.has("/new"));
    assertFalse(driver.tree.has("/.new.ftplab-part"));
  });
}

Deno.test("mini names that are no plain file names touch nothing", () => {
  const names = ["../a", "/a", "b/a", "..", ".", "a\\b", "a\0", "x".repeat(256), "\xff\xfe"];
  for (const name of names) {
    const octets = Uint8Array.from(`get|${name}|0`, (character) => character.charCodeAt(0));
    const driver = prepared();
    driver.input(octets);
    assertEquals(driver.heard(), ["NO|0"], name);
    assertFalse(driver.closed);
    driver.input(octets.map((octet, index) => index === 0 ? 0x70 : index === 1 ? 0x75 : octet));
    assertMatch(driver.heard().join(), /^ERR\|/, name);
    assert(driver.closed);
    assertEquals(driver.operations, [], name);
  }
});

Deno.test("mini takes names of 255 octets and in any script", () => {
  for (const name of ["x".repeat(255), "Übung 1.avi", "文件.avi", "-", ".profile"]) {
    const driver = prepared();
    driver.tree.put(`/${name}`, new Uint8Array(3));
    driver.input(`get|${name}|0`);
    assertEquals(driver.heard(), ["YES|3"], name);
  }
});

Deno.test("mini gets from downloadPath and puts to uploadPath", () => {
  const driver = preparedWith({ anonymous: "write", downloadPath: "/down", uploadPath: "/up" });
  driver.tree.put("/down", undefined);
  driver.tree.put("/down/b", new Uint8Array(7));
  driver.tree.put("/up", undefined);
  driver.input("get|a|0");
  driver.input("get|b|0");
  assertEquals(driver.heard(), ["NO|0", "YES|7"]);
  driver.input("put|b|0");
  assertEquals(driver.tree.file("/up/b")?.length, 0);
});

Deno.test("mini gives what anonymous users may have, and no more", () => {
  const reader = preparedWith({ anonymous: "read" });
  reader.input("get|a|0");
  reader.input("put|a|0");
  assertEquals(reader.heard(), ["YES|5", "ERR|Permission denied"]);
  const nobody = preparedWith({});
  nobody.input("get|a|0");
  nobody.input("put|a|0");
  assertEquals(nobody.heard(), ["NO|0", "ERR|Permission denied"]);
  assertEquals(text(nobody.tree.file("/a")), "hello");
});
