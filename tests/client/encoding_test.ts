/**
 * Encodings other than UTF-8: nothing is lost in either direction, what cannot be is refused.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodingOf } from "../../client/encoding.ts";
import { connect, LocalError, UTF_8 } from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { lines } from "./listing_answers.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { retr } from "./scripted_test_case.ts";

const WORDS: readonly (readonly [string, string, readonly number[]])[] = [
  ["latin1", "café", [0x63, 0x61, 0x66, 0xe9]],
  ["windows-1251", "Кино", [0xca, 0xe8, 0xed, 0xee]],
  ["koi8-r", "Кино", [0xeb, 0xc9, 0xce, 0xcf]],
  ["shift_jis", "映画ｱ表", [0x89, 0x66, 0x89, 0xe6, 0xb1, 0x95, 0x5c]],
  ["shift_jis", "髙", [0xfb, 0xfc]],
  ["euc-jp", "映画", [0xb1, 0xc7, 0xb2, 0xe8]],
  ["gbk", "电影", [0xb5, 0xe7, 0xd3, 0xb0]],
  ["big5", "電影", [0xb9, 0x71, 0xbc, 0x76]],
  ["euc-kr", "영화", [0xbf, 0xb5, 0xc8, 0xad]],
];

for (const [label, text, octets] of WORDS) {
  Deno.test(`${label} writes ${text} as the octets that it has there`, () => {
    const encoding = encodingOf(label);
    assertEquals([...encoding.encode(text)!], [...octets]);
    assertEquals(encoding.decode(Uint8Array.from(octets)), text);
  });
}

const SETS = ["latin1", "iso-8859-15", "macintosh", "koi8-u", "windows-874", "x-user-defined"]
  .concat("shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr");

for (const label of SETS) {
  Deno.test(`${label} carries every pair of octets without loss`, () => {
    const encoding = encodingOf(label);
    for (let first = 0; first < 0x100; first++) {
      const octets = new Uint8Array(3 * 0x100);
      for (let second = 0; second < 0x100; second++) {
        octets.set([first, second, 0x2e], 3 * second);
      }
      assertEquals(encoding.encode(encoding.decode(octets)), octets);
    }
  });
}

Deno.test("a character that an encoding has not is no octets, and none of another", () => {
  for (const label of ["latin1", "shift_jis", "big5"]) {
    assertEquals(encodingOf(label).encode("a🎬"), undefined);
  }
  assertEquals(encodingOf("koi8-r").encode("é"), undefined);
});

Deno.test("encodings that cannot be written back are refused, UTF-8 is itself", () => {
  assert(encodingOf("utf8") === UTF_8);
  for (const label of ["utf-16", "utf-16be", "iso-2022-jp"]) {
    assertThrows(() => encodingOf(label), LocalError, `Cannot use the encoding "${label}": it`);
  }
  for (const label of ["klingon", ""]) {
    assertThrows(() => encodingOf(label), LocalError, "there is none of that name");
  }
});

/** A server that speaks ISO 8859-1, and keeps the octets of what it is asked. */
async function withLatin1(
  body: (server: ScriptedServer, asked: () => string) => Promise<void>,
): Promise<void> {
  const listing = Uint8Array.from("type=file;size=1; café\r\n", (letter) => letter.charCodeAt(0));
  await using server = new ScriptedServer({
    answers: {
      FEAT: "211-Features\r\n MLST type*;\r\n UTF8\r\n211 End",
      OPTS: "200 Always",
      MLSD: async (_, session) => {
        await session.send(listing);
        await session.say("226 Done");
      },
      DELE: "250 Gone",
    },
  });
  await body(server, () => server.octets.at(-1)!);
}

testWith(
  ["net"],
  "connect speaks the encoding that it is told",
  () =>
    withLatin1(async (server, asked) => {
      await using client = await connect({ ...server.address, encoding: "latin1" });
      assertEquals((await client.list()).map((entry) => entry.name), ["café"]);
      await client.removeFile("café");
      assertEquals(asked(), "DELE caf\xe9");
      const { message } = await assertRejects(() => client.removeFile("映"), LocalError);
      assertEquals(message, "Cannot send DELE: it has a character that windows-1252 has not");
      assertEquals(server.verbs.includes("OPTS"), false, "UTF-8 is not asked for");
      await client.removeFile("a");
    }),
);

testWith(
  ["net"],
  "connect without an encoding keeps the octets of any name",
  () =>
    withLatin1(async (server, asked) => {
      await using client = await connect(server.address);
      const [entry] = await client.list();
      assertEquals(entry!.name, "caf\udce9");
      await client.removeFile(entry!.name);
      assertEquals(asked(), "DELE caf\xe9");
      assert(server.commands.includes("OPTS UTF8 ON"));
    }),
);

testWith(["net"], "a path with 0xFF that the server does not double leads back", async () => {
  const path = Uint8Array.from('257 "/\xec\xee\xff"\r\n', (letter) => letter.charCodeAt(0));
  await using server = new ScriptedServer({
    answers: {
      PWD: (_, session) => session.control.write(path),
      CWD: "250 In",
      LIST: retr(lines("a")),
    },
  });
  await using client = await connect({ ...server.address, encoding: "windows-1251" });
  assertEquals(await client.workingDirectory(), "/моя");
  await client.list("b");
  assertEquals(server.octets.at(-1), "CWD /\xec\xee\xff\xff");
});

testWith(
  ["net"],
  "connect refuses an unknown encoding before it connects",
  () =>
    withLatin1(async (server) => {
      await assertRejects(() => connect({ ...server.address, encoding: "x" }), LocalError);
      assertEquals(server.commands, []);
    }),
);
