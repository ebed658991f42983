/** Unit tests of server/ftp/words/replies.ts. @module */

import { assertEquals } from "@std/assert";
import {
  encodeReply,
  encodeReplyLines,
  parseQuotedPath,
  quotePath,
  type Reply,
  ReplyReader,
} from "../../../server/ftp/words/replies.ts";

function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

/** What the reader makes of each line. */
function read(lines: readonly string[]): (Reply | "malformed" | undefined)[] {
  const reader = new ReplyReader(4);
  return lines.map((line) => reader.read(line));
}

Deno.test("encodeReply: code, space, text, CR LF", () => {
  assertEquals(text(encodeReply(200, "OK")), "200 OK\r\n");
});

Deno.test("encodeReplyLines: no line between can be taken for the last", () => {
  assertEquals(
    text(encodeReplyLines(211, "First", ["211 x", "y"], "Last")),
    "211-First\r\n 211 x\r\n y\r\n211 Last\r\n",
  );
});

Deno.test("ReplyReader: one line", () => {
  assertEquals(read(["220 ready", "200", "200 "]), [
    { code: 220, lines: ["ready"] },
    { code: 200, lines: [""] },
    { code: 200, lines: [""] },
  ]);
});

Deno.test("ReplyReader: several lines end with the same code and a space", () => {
  assertEquals(read(["211-a", "212 b", "211-c", "211 d"]), [
    undefined,
    undefined,
    undefined,
    { code: 211, lines: ["a", "212 b", "211-c", "d"] },
  ]);
});

Deno.test("ReplyReader: reads what encodeReplyLines writes", () => {
  const lines = text(encodeReplyLines(250, "a", ["b=1; c"], "d")).split("\r\n").slice(0, -1);
  assertEquals(read(lines).at(-1), { code: 250, lines: ["a", " b=1; c", "d"] });
});

Deno.test("ReplyReader: refuses what is no reply, and goes on", () => {
  for (const bad of ["", "20", "abc d", "2000 x", "099 x", "600 x", "2.0 x", " 20 x", "200\tx"]) {
    assertEquals(read([bad, "200 x"]), ["malformed", { code: 200, lines: ["x"] }], bad);
  }
});

Deno.test("ReplyReader: refuses a line too many, and goes on", () => {
  assertEquals(read(["211-a", "b", "c", "d", "e", "200 x"]), [
    undefined,
    undefined,
    undefined,
    undefined,
    "malformed",
    { code: 200, lines: ["x"] },
  ]);
});

Deno.test("ReplyReader: tells whether a reply has begun", () => {
  const reader = new ReplyReader(4);
  assertEquals(reader.unfinished, false);
  reader.read("211-a");
  assertEquals(reader.unfinished, true);
  reader.read("211 b");
  assertEquals(reader.unfinished, false);
});

Deno.test("quotePath and parseQuotedPath: quotes inside are doubled", () => {
  assertEquals(quotePath('/say "hi"'), '"/say ""hi"""');
  for (const path of ["/", '/say "hi"', '"', "/a b"]) {
    assertEquals(parseQuotedPath(`${quotePath(path)} is it`), path);
  }
  for (const text of ['"/a".', 'Is "/a", and "/b" is not', '"/a" is the "current" directory']) {
    assertEquals(parseQuotedPath(text), "/a", text);
  }
  // Pure-FTPd does not double them.
  for (const path of ['/q"uote', '/x"y"z']) {
    assertEquals(parseQuotedPath(`"${path}" is your current location`), path);
  }
  assertEquals(parseQuotedPath("nothing"), undefined);
  assertEquals(parseQuotedPath('"/open'), undefined);
});
