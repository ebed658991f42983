/** Tests of bench/load/content.ts. @module */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { join } from "@std/path";
import {
  contentBlock,
  contentMatches,
  createContentFile,
  octetAt,
  verifyContentFile,
} from "../../bench/load/content.ts";
import { testWith } from "../permission.ts";

Deno.test("contentBlock and octetAt agree at any offset and length", () => {
  for (const offset of [0, 4, 4096, 2 ** 31 - 8, 2 ** 32]) {
    const block = contentBlock(offset, 37);
    assertEquals([...block], Array.from({ length: 37 }, (_, index) => octetAt(offset + index)));
  }
});

Deno.test("contentMatches accepts content from any offset and refuses it shifted", () => {
  const content = contentBlock(0, 4096);
  for (const offset of [0, 1, 2, 3, 1000, 1023]) {
    const piece = content.subarray(offset);
    assert(contentMatches(piece, piece.length, offset));
    assertFalse(contentMatches(piece, piece.length, offset + 1));
    assertFalse(contentMatches(piece, piece.length, offset + 4));
    assertFalse(contentMatches(piece, piece.length, offset + 4096));
  }
});

Deno.test("contentMatches sees a wrong octet at the beginning, in the middle and at the end", () => {
  for (const place of [0, 500, 999]) {
    const block = contentBlock(0, 1000);
    block[place]! ^= 1;
    assertFalse(contentMatches(block, block.length, 0));
  }
});

Deno.test("contentMatches accepts pieces shorter than its samples", () => {
  for (const length of [0, 1, 7, 8, 9]) assert(contentMatches(contentBlock(0, length), length, 0));
});

testWith(["read", "write"], "verifyContentFile tells what is wrong with a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "file");
    for (const size of [0, 1, 4099, (1 << 20) + 13]) {
      await createContentFile(path, size);
      assertEquals(verifyContentFile(path, size), undefined);
      assertEquals(verifyContentFile(path, size + 1), `wrong size: ${size} of ${size + 1} octets`);
    }
    const octets = await Deno.readFile(path);
    octets.fill(0, 8192, 12288);
    await Deno.writeFile(path, octets);
    assertEquals(verifyContentFile(path, octets.length), "wrong octets");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
