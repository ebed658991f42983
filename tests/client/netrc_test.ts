/**
 * The format of .netrc, and which of its entries is for a host.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { findLogin, parseNetrc } from "../../client/cli/netrc.ts";

Deno.test("parseNetrc reads machines over several lines, or one", () => {
  const text = "machine a login me password x account y\n\n machine b\n\tlogin\tyou\r\n default\n" +
    "login anonymous password me@here\n";
  assertEquals(parseNetrc(text), [
    { machine: "a", login: "me", password: "x", account: "y" },
    { machine: "b", login: "you" },
    { login: "anonymous", password: "me@here" },
  ]);
});

Deno.test("parseNetrc reads backslashes in quotes alone, and other words as they are", () => {
  const passwords: Readonly<Record<string, string>> = {
    'a"b': 'a"b',
    '"a b"': "a b",
    '"a\\"b\\\\c"': 'a"b\\c',
    "DOM\\me": "DOM\\me",
    "a\\b\\": "a\\b\\",
    '\\"a': '\\"a',
    '"DOM\\\\me"': "DOM\\me",
    '"a macdef b"': "a macdef b",
    '"#a"': "#a",
    "#a": "#a",
    "a,b#c": "a,b#c",
    '""': "",
    '"open': "open",
    "ü\\n": "ü\\n",
    "a\u00a0b\u3000": "a\u00a0b\u3000",
  };
  for (const [written, password] of Object.entries(passwords)) {
    const [entry] = parseNetrc(`machine h login me password ${written}\n`);
    assertEquals(entry, { machine: "h", login: "me", password }, written);
  }
});

Deno.test("parseNetrc reads a file that begins with a byte order mark", () => {
  assertEquals(parseNetrc("\ufeffmachine h login me"), [{ machine: "h", login: "me" }]);
});

Deno.test("parseNetrc skips comments, macros and words that it does not know", () => {
  const text = `# machine no password no
# what stands behind a macdef is skipped
machine a # not a comment for inetutils
  # login nobody
login me
macdef init
machine evil
# no end of it
login evil

machine b port 21 login you
macdef last
machine evil`;
  assertEquals(parseNetrc(text), [
    { machine: "a", login: "me" },
    { machine: "b", login: "you" },
  ]);
});

Deno.test("parseNetrc takes any text", () => {
  for (const text of ["", "\n", "machine", "login me", 'machine "', "\\", "default password"]) {
    parseNetrc(text);
  }
  assertEquals(parseNetrc("login me password x"), []);
});

Deno.test("findLogin takes the first for host and user, default last", () => {
  const entries = parseNetrc(
    "default login anonymous\nmachine H login me password 1\nmachine h login you password 2\n" +
      "machine any password 3\n",
  );
  assertEquals(findLogin(entries, "h", undefined)?.password, "1");
  assertEquals(findLogin(entries, "h", "you")?.password, "2");
  assertEquals(findLogin(entries, "h", "they"), undefined);
  assertEquals(findLogin(entries, "any", "they")?.password, "3");
  assertEquals(findLogin(entries, "i", undefined), { login: "anonymous" });
  assertEquals(findLogin(entries, "i", "me"), undefined);
});
