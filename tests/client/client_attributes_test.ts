/**
 * What has a name, by servers that write replies in a way of their own; times that are set,
 * checksums that servers make.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, ConnectionError, LocalError, ProtocolError } from "../../client/mod.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { served } from "./stage.ts";
import { testTls } from "./tls_stage.ts";

const DATE = new Date("2001-02-03T04:05:06.789Z");
const SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const MD5 = "5d41402abc4b2a76b9719d911017c592";

const feat = (...names: string[]) =>
  `211-Features\r\n${names.map((name) => ` ${name}\r\n`).join("")}211 End`;

scripted("lines with the code before each are read as those with a space", {
  answers: {
    FEAT: "211-Extensions:\r\n211-MLST type*;size*;\r\n211- MFMT\r\n211-UTF8\r\n211 End",
    OPTS: "200 Fine",
    MLST: "250-Listing\r\n250- type=file;size=3; /d/a\r\n250 End",
  },
}, async (client, server) => {
  assertEquals([...client.features], [["MLST", "type*;size*;"], ["MFMT", ""], ["UTF8", ""]]);
  assertEquals(await client.stat("/d/a"), { name: "a", kind: "file", size: 3 });
  assertEquals(server.commands.slice(-2), ["OPTS UTF8 ON", "MLST /d/a"]);
});

scripted("stat reads a line of facts that has the code and no space", {
  answers: { FEAT: feat("MLST type*;"), MLST: "250-Listing\r\n250-type=dir; /d\r\n250 End" },
}, async (client) => {
  assertEquals(await client.stat("/d"), { name: "d", kind: "directory" });
});

/** Replies to MLST that RFC 3659 section 7.2 does not know. */
const ODD: Readonly<Record<string, string>> = {
  "two blanks before them": "250-Listing d\r\n  size=0;type=dir;perm=rwx; /d\r\n250 End",
  "no line but theirs": "213  size=0;type=dir; d",
  "a line of status before them": "250-Fine\r\n250-Listing d\r\n size=0;type=dir; d\r\n250 End",
  "an empty line behind them": "250-\r\n Size=0;Type=dir; d\r\n\r\n250 Done",
};

for (const [what, MLST] of Object.entries(ODD)) {
  scripted(`stat reads facts of MLST with ${what}`, {
    answers: { FEAT: feat("MLST type*;size*;"), MLST },
  }, async (client, server) => {
    assertEquals(await client.stat("/d"), { name: "d", kind: "directory", size: 0 });
    assertEquals(server.commands.at(-1), "MLST /d");
  });
}

for (const MLST of ["250-Listing d\r\n /d\r\n250 End", "250 Here", "250-Here\r\n250 End"]) {
  scripted(`stat asks in other ways where MLST tells no facts: ${JSON.stringify(MLST)}`, {
    answers: { FEAT: feat("MLST type*;"), MLST, PWD: '257 "/"', CWD: "250 In", MLSD: retr("") },
  }, async (client) => {
    assertEquals(await client.stat("/d"), { name: "d", kind: "directory" });
  });
}

served("setModified sets the time on our server", async (stage) => {
  await using client = await connect({ port: stage.port });
  await client.upload(new Uint8Array(1), "a");
  assertEquals(await client.setModified("a", DATE), true);
  assertEquals((await Deno.stat(`${stage.root}/a`)).mtime, new Date("2001-02-03T04:05:06Z"));
  await assertRejects(
    () => client.setModified("b", DATE),
    ProtocolError,
    'Cannot set the time of "b"',
  );
});

testTls(["vsftpd"], "setModified sets the time on vsftpd", async (stage) => {
  const port = await stage.start("vsftpd");
  await using client = await stage.connect(port);
  await client.upload(new Uint8Array(1), "incoming/a");
  assertEquals(await client.setModified("incoming/a", DATE), true);
  assertEquals(
    (await client.modified("incoming/a"))?.getTime(),
    Date.parse("2001-02-03T04:05:06Z"),
  );
});

scripted("modified does not take a server that ends for one that tells no time", {
  answers: { MDTM: "421 Enough" },
}, async (client) => {
  const text = 'Cannot ask for the time of "a": 421 Enough';
  const error = await assertRejects(() => client.modified("a"), ConnectionError, text);
  assertEquals(error.kind, "transient");
});

for (const code of [450, 451, 502, 550]) {
  scripted(`modified is undefined where MDTM is refused by ${code}`, {
    answers: { MDTM: `${code} No` },
  }, async (client) => {
    assertEquals(await client.modified("a"), undefined);
  });
}

scripted("setModified is false where the server has no command for it", {
  answers: { FEAT: feat("SIZE") },
}, async (client, server) => {
  assertEquals(await client.setModified("a", DATE), false);
  assertEquals(server.verbs.at(-1), "FEAT");
});

scripted("setModified does not take an answer to MDTM for a deed", {
  answers: { FEAT: feat("MDTM"), MDTM: "213 20010203040506" },
}, async (client, server) => {
  assertEquals(await client.setModified("a", DATE), false);
  assertEquals(server.commands.at(-1), "MDTM 20010203040506 a");
});

scripted("setModified refuses an invalid date, and sends nothing", {
  answers: { FEAT: feat("MFMT"), MFMT: "213 Fine" },
}, async (client, server) => {
  const set = () => client.setModified("a", new Date("the day before"));
  await assertRejects(set, LocalError, 'Cannot set the time of "a": it is no date');
  assertEquals(server.verbs.at(-1), "FEAT");
});

scripted("hash asks HASH for the best that there is", {
  answers: {
    FEAT: feat("HASH SHA-256;SHA-1*;MD5"),
    OPTS: "200 Chosen",
    HASH: `213 SHA-256 0-5 ${SHA256.toUpperCase()} a`,
  },
}, async (client, server) => {
  assertEquals(await client.hash("a"), { algorithm: "SHA-256", hex: SHA256 });
  assertEquals(server.commands.slice(-3), ["TYPE I", "OPTS HASH SHA-256", "HASH a"]);
  assertEquals(await client.hash("a", { algorithm: "SHA-512" }), undefined);
});

scripted("hash falls back to a command of its own, and is not misled by the name", {
  answers: { FEAT: feat("XMD5", "XCRC"), XMD5: `250 ${MD5}`, XCRC: "250 0a1b2c3d deadbeef" },
}, async (client) => {
  assertEquals(await client.hash("a"), { algorithm: "MD5", hex: MD5 });
  const algorithm = "CRC32";
  assertEquals(await client.hash("deadbeef", { algorithm }), { algorithm, hex: "0a1b2c3d" });
  assertEquals(await client.hash("a", { algorithm: "SHA-256" }), undefined);
});

/** A path, what of it the server says, and the checksum. */
const SAID: readonly (readonly [string, string, string])[] = [
  [SHA256, SHA256, SHA256],
  [SHA256.toUpperCase(), SHA256.toUpperCase(), SHA256],
  [`d/${SHA256}`, `d/${SHA256}`, SHA256],
  [`d/${SHA256}`, SHA256, SHA256],
  [`d/${SHA256}`, SHA256, "f".repeat(64)],
];

for (const [index, [path, said, hex]] of SAID.entries()) {
  scripted(`hash is not misled by a name that looks like one, ${index}`, {
    answers: {
      FEAT: feat("HASH SHA-256*"),
      OPTS: "200 Chosen",
      HASH: `213 SHA-256 0-5 ${hex} ${said}`,
    },
  }, async (client) => {
    assertEquals(await client.hash(path), { algorithm: "SHA-256", hex });
  });
}

scripted("hash refuses a reply without one", {
  answers: { FEAT: feat("XMD5"), XMD5: "250 Done" },
}, async (client) => {
  const error = await assertRejects(() => client.hash("a"), ConnectionError, "has none: 250 Done");
  assertEquals(error.kind, "protocol");
});

scripted("hash of a file that is not there says what the server said", {
  answers: { FEAT: feat("XMD5"), XMD5: "550 No such file" },
}, async (client) => {
  await assertRejects(() => client.hash("a"), ProtocolError, "550 No such file");
});
