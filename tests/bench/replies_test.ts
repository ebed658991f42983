/** Tests of bench/load/replies.ts. @module */

import { assertEquals } from "@std/assert";
import { ReplyReader } from "../../bench/load/replies.ts";

/** The codes that `text` completes, in order. */
function codes(reader: ReplyReader, text: string): number[] {
  return [...new TextEncoder().encode(text)].map((octet) => reader.push(octet)).filter(Boolean);
}

Deno.test("ReplyReader.push completes a reply with its last line only", () => {
  const cases: [string, number[]][] = [
    ["220 ready\r\n", [220]],
    ["220 ready\n", [220]],
    ["150 going\r\n226 done\r\n", [150, 226]],
    ["220-one\r\n220-two\r\n220 three\r\n", [220]],
    ["211-Features:\r\n EPSV\r\n 999 not a code\r\n226 inside\r\n211 End\r\n", [211]],
    ["230-\r\n\r\nfree text\r\n230 in\r\n", [230]],
    ["226", []],
    ["226 half", []],
    ["hello\r\n", []],
    ["\r\n", []],
  ];
  for (const [text, expected] of cases) assertEquals(codes(new ReplyReader(), text), expected);
});

Deno.test("ReplyReader.port is that of the last 229, whatever other text says", () => {
  const reader = new ReplyReader();
  assertEquals(codes(reader, "229 Entering Extended Passive Mode (|||40123|)\r\n"), [229]);
  assertEquals(reader.port, 40123);
  codes(reader, "226 5 octets (|||1|)\r\n");
  assertEquals(reader.port, 40123);
  codes(reader, "229 Passive (|||7|)\r\n");
  assertEquals(reader.port, 7);
});

Deno.test("ReplyReader.text is the last line without its end, cut to its limit", () => {
  const reader = new ReplyReader();
  codes(reader, "550 no such file\r\n");
  assertEquals(reader.text(), "550 no such file");
  codes(reader, `550 ${"x".repeat(500)}\r\n`);
  assertEquals(reader.text(), `550 ${"x".repeat(96)}`);
});
