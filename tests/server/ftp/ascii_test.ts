/** Unit tests of server/ftp/words/ascii.ts. @module */

import { assert, assertEquals } from "@std/assert";
import {
  dropFirst,
  type Filter,
  fromNetworkLines,
  toNetworkLines,
} from "../../../server/ftp/words/ascii.ts";

/** All that `filter` gives for `text` in pieces that end at the bits of `cuts`. */
function run(filter: Filter, text: string, cuts: number): string {
  let result = "";
  let piece = "";
  const push = () => {
    const octets = new TextEncoder().encode(piece);
    const converted = filter.push(octets);
    assert(converted.length === 0 || converted.buffer !== octets.buffer, "the result is a copy");
    result += new TextDecoder().decode(converted);
    piece = "";
  };
  for (let index = 0; index < text.length; index++) {
    piece += text[index];
    if (cuts >> index & 1) push();
  }
  push();
  return result + new TextDecoder().decode(filter.end());
}

/** Every text of `length` of these characters. */
function texts(length: number): string[] {
  if (length === 0) return [""];
  return texts(length - 1).flatMap((text) => ["\r", "\n", "x"].map((next) => text + next));
}

/** Compares with `expected` under every way to cut every short text. */
function check(make: () => Filter, expected: (text: string) => string): void {
  let count = 0;
  for (const text of [0, 1, 2, 3, 4, 5].flatMap(texts)) {
    for (let cuts = 0; cuts < 1 << text.length; cuts++) {
      assertEquals(run(make(), text, cuts), expected(text), JSON.stringify([text, cuts]));
      count++;
    }
  }
  assertEquals(count, 1 + 6 + 36 + 216 + 1296 + 7776);
}

const toNetwork = (text: string) => text.replaceAll(/(?<!\r)\n/g, "\r\n");
const fromNetwork = (text: string) => text.replaceAll("\r\n", "\n");

Deno.test("toNetworkLines: LF to CR LF, none doubled, across any border", () => {
  check(toNetworkLines, toNetwork);
});

Deno.test("fromNetworkLines: CR LF to LF, other CR kept, across any border", () => {
  check(fromNetworkLines, fromNetwork);
});

Deno.test("dropFirst: leaves the first octets of the result out, across any border", () => {
  for (const count of [0, 1, 3]) {
    check(() => dropFirst(count, toNetworkLines()), (text) => toNetwork(text).slice(count));
  }
  check(() => dropFirst(1, fromNetworkLines()), (text) => fromNetwork(text).slice(1));
});

Deno.test("dropFirst: is short as long as less has come than is to be left out", () => {
  const filter = dropFirst(3, toNetworkLines());
  assertEquals(filter.isShort, true);
  filter.push(new TextEncoder().encode("x"));
  assertEquals(filter.isShort, true);
  filter.push(new TextEncoder().encode("\n"));
  assertEquals(filter.isShort, false);
});
