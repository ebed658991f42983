import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { mini } from "../../server/mini.ts";
import type { Settings } from "../../server/mod.ts";
import { latin1, SETTINGS, SmallDriver } from "./small_driver.ts";

/** What rule 4 of mini_pulls.ts waits, and what ends a number. */
const PULL_WAIT_MS = 1_500, NUMBER_WAIT_MS = 100;

function octetsOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

/** A driver whose tree has "a" (5 octets), "empty" and "long" (2,500 octets). */
function prepared(settings: Settings = SETTINGS): SmallDriver {
  const driver = new SmallDriver(mini, settings);
  driver.tree.put("/a", new TextEncoder().encode("hello"));
  driver.tree.put("/empty", new Uint8Array(0));
  driver.tree.put("/long", octetsOf(2_500));
  return driver;
}

function text(octets: Uint8Array | undefined): string | undefined {
  return octets === undefined ? undefined : new TextDecoder().decode(octets);
}

/** What a get of "/long" with whole blocks leaves behind: nothing unanswered. */
function getLong(driver: SmallDriver): void {
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"]);
  let received = "";
  for (let count = 0; count < 3; count++) {
    driver.input("get|long|0");
    received += driver.heard().join("");
  }
  assertEquals(received, latin1(octetsOf(2_500)));
}

// --- get ---

Deno.test("mini says nothing first", () => {
  assertEquals(prepared().heard(), []);
});

Deno.test("mini get answers YES|SIZE and nothing more until it is pulled", () => {
  const driver = prepared();
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
  driver.wait(10_000);
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
  assertFalse(driver.tree.isOpen);
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
  driver.wait(PULL_WAIT_MS);
  assertEquals(driver.heard(), []);
  assertFalse(driver.tree.isOpen);
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
  driver.holdsAnswers = true;
  driver.input("get|a|0");
  driver.tree.perform({ do: "closeFile" });
  driver.tree.put("/a", new Uint8Array(0));
  driver.tree.perform({ do: "openRead", path: "/a", offset: 0 });
  driver.answer();
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

// --- which pulls are counted ---

Deno.test("mini pulls that outnumber blocks are dropped, and the next message is answered", () => {
  for (const next of ["get|empty|0", "get|missing|0", "put|new|0"]) {
    const driver = prepared();
    getLong(driver);
    for (let count = 0; count < 40; count++) driver.input("get|long|0");
    assertEquals(driver.heard(), [], "late pulls are silent");
    driver.input(next);
    const answers = { "get|empty|0": "YES|0", "get|missing|0": "NO|0", "put|new|0": "OK" };
    assertEquals(driver.heard(), [answers[next as keyof typeof answers]]);
  }
});

Deno.test("mini pulls after pieces of one octet: all late ones are dropped for good", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.input("get|long|0");
  let pulls = 1;
  let received = driver.heard().slice(1).join("");
  // The client receives one octet, and pulls while the file is not complete.
  for (let piece = 1; piece < 2_500; piece++) {
    assert(piece <= received.length, "a pull is owed only for an octet that came");
    driver.input("get|long|0");
    pulls++;
    received += driver.heard().join("");
  }
  assertEquals(pulls, 2_500);
  assertEquals(received, latin1(octetsOf(2_500)));
  driver.wait(60_000);
  assertEquals(driver.heard(), []);
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"], "after a minute it is a new get");
});

Deno.test("mini pull number 2 + SIZE is a new get, at once", () => {
  const driver = prepared();
  for (let count = 0; count < 1 + 1 + 5; count++) driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5", "hello"]);
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
});

Deno.test("mini get of the same name again, whole blocks: answered when nothing follows", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  assertEquals(driver.heard(), []);
  driver.wait(PULL_WAIT_MS - 1);
  assertEquals(driver.heard(), []);
  driver.wait(1);
  assertEquals(driver.heard(), ["YES|2500"]);
  for (let count = 0; count < 3; count++) driver.input("get|long|0");
  assertEquals(driver.heard().join(""), latin1(octetsOf(2_500)));
});

Deno.test("mini get of the same name a third time waits for nothing", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  driver.wait(PULL_WAIT_MS);
  driver.heard();
  for (let count = 0; count < 3; count++) driver.input("get|long|0");
  driver.heard();
  getLong(driver);
  getLong(driver);
});

Deno.test("mini get of the same name again by a client that pulls after the last block too", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  driver.input("get|long|0");
  driver.wait(PULL_WAIT_MS);
  assertEquals(driver.heard(), ["YES|2500"]);
  for (let count = 0; count < 4; count++) driver.input("get|long|0");
  assertEquals(driver.heard().join("").length, 2_500);
  driver.wait(60_000);
  assertEquals(driver.heard(), [], "its habit is known: the fourth was a pull");
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
});

Deno.test("mini get of the same name after a silence is answered at once", () => {
  const driver = prepared();
  getLong(driver);
  driver.wait(PULL_WAIT_MS);
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"]);
});

Deno.test("mini two pulls in one segment get two blocks", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.heard();
  driver.input("get|long|0get|long|0");
  assertEquals(driver.heard().join(""), latin1(octetsOf(2_048)));
  driver.input("get|long|0");
  assertEquals(driver.heard().join("").length, 452);
});

// --- put ---

Deno.test("mini put answers OK, takes SIZE octets, gives the name at the end", () => {
  const driver = prepared();
  driver.input("put|new|2500");
  driver.wait(NUMBER_WAIT_MS);
  assertEquals(driver.heard(), ["OK"]);
  const octets = octetsOf(2_500);
  driver.input(octets.subarray(0, 1_000));
  assertFalse(driver.tree.has("/new"));
  driver.input(octets.subarray(1_000));
  assertEquals(driver.tree.file("/new"), octets);
  assertEquals(driver.heard(), []);
  assertFalse(driver.tree.has("/.new.part"));
});

Deno.test("mini put replaces what has the name", () => {
  const driver = prepared();
  driver.input("put|a|3");
  driver.wait(NUMBER_WAIT_MS);
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
  driver.wait(NUMBER_WAIT_MS);
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
    driver.wait(NUMBER_WAIT_MS);
    assertEquals(driver.heard(), ["ERR|Size is not a whole number"], size);
    assertEquals(driver.operations, []);
    getLong(driver);
  }
});

Deno.test("mini put that breaks off leaves what was there, and nothing half done", () => {
  const driver = prepared();
  driver.input("put|a|3");
  driver.wait(NUMBER_WAIT_MS);
  driver.input("ne");
  assert(driver.tree.has("/.a.part"));
  driver.end();
  assert(driver.closed);
  assertEquals(text(driver.tree.file("/a")), "hello");
  assertFalse(driver.tree.has("/.a.part"));
});

Deno.test("mini put that cannot be is answered ERR|reason and the connection is closed", () => {
  const cases: [string, RegExp][] = [
    ["put|folder|0", /^ERR\|Is a directory$/],
    ["put|..|0", /^ERR\|Not a file name$/],
    ["put||0", /^ERR\|Not a file name$/],
    ["put|.x.part|0", /^ERR\|Not a file name$/],
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
    driver.wait(NUMBER_WAIT_MS);
    if (operation !== "openUpload") driver.input("new");
    assertEquals(driver.heard().at(-1), "ERR|No space left");
    assert(driver.closed);
    assertFalse(driver.tree.has("/new"));
    assertFalse(driver.tree.has("/.new.part"));
  });
}

// --- names, folders, rights ---

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
  const driver = prepared({ ...SETTINGS, downloadPath: "/down", uploadPath: "/up" });
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
  const reader = prepared({ ...SETTINGS, accounts: { users: [], anonymous: "read" } });
  reader.input("get|a|0");
  reader.input("put|a|0");
  assertEquals(reader.heard(), ["YES|5", "ERR|Permission denied"]);
  const nobody = prepared({ ...SETTINGS, accounts: { users: [] } });
  nobody.input("get|a|0");
  nobody.input("put|a|0");
  assertEquals(nobody.heard(), ["NO|0", "ERR|Permission denied"]);
  assertEquals(text(nobody.tree.file("/a")), "hello");
});

// --- where a message ends ---

Deno.test("mini messages cut anywhere mean the same", () => {
  const messages = ["get|long|0", "get|long|0", "put|new|12", "hello world!", "get|new|0"];
  for (const [number, cut] of messages.entries()) {
    for (let at = 1; at < cut.length; at++) {
      const driver = prepared();
      for (const [index, message] of messages.entries()) {
        if (index === number) {
          driver.input(message.slice(0, at));
          driver.wait(NUMBER_WAIT_MS - 1);
          driver.input(message.slice(at));
        } else {
          driver.input(message);
        }
        driver.wait(NUMBER_WAIT_MS);
      }
      const block = latin1(octetsOf(1_024));
      assertEquals(driver.heard(), ["YES|2500", block, "OK", "YES|12"], `${cut} cut at ${at}`);
    }
  }
});

Deno.test("mini messages octet by octet mean the same", () => {
  const driver = prepared();
  driver.inputSlowly("get|a|0get|a|0");
  driver.inputSlowly("put|new|10");
  driver.wait(NUMBER_WAIT_MS);
  driver.inputSlowly("0123456789get|new|0get|new|0");
  assertEquals(driver.heard(), ["YES|5", "hello", "OK", "YES|10", "0123456789"]);
});

Deno.test("mini messages in one segment are answered in order", () => {
  const driver = prepared();
  driver.input("get|missing|0get|a|0get|a|0put|new|3abcget|new|0");
  assertEquals(driver.heard(), ["NO|0YES|5helloOKYES|3"]);
});

Deno.test("mini number at the end of the input waits for the rest of it", () => {
  const driver = prepared();
  driver.input("put|new|1");
  driver.wait(NUMBER_WAIT_MS - 1);
  driver.input("2");
  driver.wait(NUMBER_WAIT_MS - 1);
  assertEquals(driver.heard(), []);
  driver.wait(1);
  assertEquals(driver.heard(), ["OK"]);
  driver.input("hello world!");
  assertEquals(text(driver.tree.file("/new")), "hello world!");
});

const NONSENSE: readonly (readonly [string, string])[] = [
  ["del|a|0", "ERR|Command is neither get nor put"],
  ["GET|a|0", "ERR|Command is neither get nor put"],
  ["\r\n", "ERR|Command is neither get nor put"],
  ["\0\xff\0", "ERR|Command is neither get nor put"],
  ["put|a|x", "ERR|Size is not a whole number"],
  ["put|a|-1", "ERR|Size is not a whole number"],
  ["put|a| 1", "ERR|Size is not a whole number"],
  ["put|a|", "ERR|Message has no end"],
  ["put|a|9999999999999999", "ERR|Size is too large"],
  ["get|a", "ERR|Message has no end"],
  ["get|a|x", "NO|0"],
  ["get|a|b|0", "NO|0"],
  ["p", "ERR|Message has no end"],
  [`put|${"x".repeat(1_100)}|0`, "ERR|Message takes more than 1024 bytes"],
];

for (const [message, answer] of NONSENSE) {
  Deno.test(`mini answers ${JSON.stringify(message.slice(0, 20))} clearly and goes on`, () => {
    for (const slowly of [false, true]) {
      const driver = prepared();
      const octets = Uint8Array.from(message, (character) => character.charCodeAt(0));
      if (slowly) driver.inputSlowly(octets);
      else driver.input(octets);
      driver.wait(5_000);
      assertEquals(driver.heard(), [answer]);
      getLong(driver);
    }
  });
}

Deno.test("mini closes when what is no message does not end", () => {
  const driver = prepared();
  for (let count = 0; count < 5 && !driver.closed; count++) driver.input("!".repeat(16_384));
  assertEquals(driver.heard(), ["ERR|Command is neither get nor put"]);
  assert(driver.closed);
});

// --- the contract ---

Deno.test("mini wants no input while a file operation is under way", () => {
  const driver = prepared();
  driver.holdsAnswers = true;
  driver.input("put|new|5hello" + "get|a|0");
  assertFalse(driver.session.wantsInput);
  assertEquals(driver.session.pollDeadline(), undefined);
  driver.answer(); // openUpload
  assertEquals(driver.heard(), ["OK"]);
  driver.answer(); // write
  assertFalse(driver.session.wantsInput);
  driver.answer(); // commitUpload
  driver.answer(); // openRead
  assertEquals(driver.heard(), ["YES|5"]);
  assert(driver.session.wantsInput);
});

Deno.test("mini end while a file operation is under way is heard after it", () => {
  const driver = prepared();
  driver.holdsAnswers = true;
  driver.input("put|new|5hello");
  driver.answer();
  driver.answer();
  driver.end();
  assertFalse(driver.closed);
  driver.answer();
  assert(driver.closed);
  assertEquals(text(driver.tree.file("/new")), "hello");
});

Deno.test("mini client that closes its side after its message is still answered", () => {
  for (const [message, answer] of [["get|a|0", "YES|5"], ["put|b|12", "OK"], ["x", "ERR"]]) {
    const driver = prepared();
    driver.input(message!);
    driver.end();
    assertEquals(driver.heard().join().split("|")[0], answer!.split("|")[0]);
    assert(driver.closed);
  }
});

Deno.test("mini stop closes at once when nothing is under way", () => {
  const driver = prepared();
  getLong(driver);
  assertFalse(driver.session.busy);
  driver.stop();
  assert(driver.closed);
});

Deno.test("mini stop lets a get and a put end", () => {
  const get = prepared();
  get.input("get|long|0");
  assert(get.session.busy);
  get.stop();
  for (let count = 0; count < 3; count++) get.input("get|long|0");
  assertEquals(get.heard().join("").length, "YES|2500".length + 2_500);
  assert(get.closed);
  const put = prepared();
  put.input("put|new|5");
  put.wait(NUMBER_WAIT_MS);
  put.stop();
  assertFalse(put.closed);
  put.input("hello");
  assert(put.closed);
  assertEquals(text(put.tree.file("/new")), "hello");
});

Deno.test("mini closes a client that says nothing, in every phase", () => {
  const { idleTimeoutMs, stallTimeoutMs } = SETTINGS.limits;
  for (const messages of [[], ["get|a|0"], ["get|a|0", "get|a|0"], ["put|new|5", "hel"]]) {
    const driver = prepared();
    for (const message of messages) {
      driver.input(message);
      driver.wait(NUMBER_WAIT_MS);
    }
    driver.wait(Math.max(idleTimeoutMs, stallTimeoutMs));
    assert(driver.closed, messages.join());
    assertFalse(driver.tree.has("/.new.part"));
  }
});

Deno.test("mini refusal is an ERR", () => {
  assertEquals(text(mini.refusal("Too many clients")), "ERR|Too many clients");
});
