/**
 * SIZE, MDTM, MLST and MLSD (RFC 3659), MFMT (draft-somers-ftp-mfxx).
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Conversation } from "../client.ts";
import type { Cases, Target } from "../target.ts";

const WHEN = new Date(Date.UTC(2019, 10, 5, 7, 8, 9));
const WHEN_TEXT = "20191105070809";

async function dated(target: Target, name: string, content = ""): Promise<void> {
  await target.write(name, content);
  await Deno.utime(target.path(name), WHEN, WHEN);
}

interface Entry {
  readonly name: string;
  readonly facts: ReadonlyMap<string, string>;
}

/** A line of RFC 3659 section 7.2: facts, each closed by a semicolon, one space, the name. */
function entry(line: string): Entry {
  const match = /^((?:[^;= ]+=[^;]*;)*) (.+)$/.exec(line);
  assert(match !== null, `Not an entry: "${line}"`);
  const facts = match[1]!.split(";").slice(0, -1).map((fact) => {
    const [name, value] = fact.split(/=(.*)/s);
    return [name!.toLowerCase(), value!] as const;
  });
  return { name: match[2]!, facts: new Map(facts) };
}

async function mlst(ftp: Conversation, name: string): Promise<Entry> {
  const { lines } = await ftp.command(`MLST ${name}`, 250);
  assertEquals(lines.length, 3);
  assertMatch(lines[1]!, /^ [^ ]/);
  return entry(lines[1]!.slice(1));
}

async function mlsd(ftp: Conversation, name = ""): Promise<Map<string, Entry>> {
  const lines = await ftp.list(name === "" ? "MLSD" : `MLSD ${name}`);
  return new Map(lines.map(entry).map((found) => [found.name, found]));
}

/** The cases by name. */
export const facts: Cases = {
  "SIZE is the number of octets": async (target) => {
    await target.write("a", "12345");
    await target.write("empty", "");
    const ftp = await target.login();
    assertEquals((await ftp.command("SIZE a", 213)).text, "213 5");
    assertEquals((await ftp.command("SIZE empty", 213)).text, "213 0");
    assertEquals((await ftp.command(`SIZE ${target.folder}/a`, 213)).text, "213 5");
  },

  "SIZE of a folder or of nothing is 550": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("SIZE d", 550);
    await ftp.command("SIZE missing", 550);
  },

  "MDTM is the time of the last change in UTC": async (target) => {
    await dated(target, "a");
    const ftp = await target.login();
    assertMatch((await ftp.command("MDTM a", 213)).text, new RegExp(`^213 ${WHEN_TEXT}(\\.0+)?$`));
  },

  "MDTM of what is missing is 550": async (target) => {
    const ftp = await target.login();
    await ftp.command("MDTM missing", 550);
  },

  "MDTM of a name that begins like a time": async (target) => {
    await dated(target, "20010203040506 a");
    const ftp = await target.login();
    assertMatch((await ftp.command("MDTM 20010203040506 a", 213)).text, /^213 2019/);
  },

  "MFMT sets the time of the last change": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    assertMatch(
      (await ftp.command(`MFMT ${WHEN_TEXT} a`, 213)).text,
      new RegExp(`^213 Modify=${WHEN_TEXT}; .*a$`, "i"),
    );
    assertEquals((await Deno.stat(target.path("a"))).mtime, WHEN);
    assertMatch((await ftp.command("MDTM a", 213)).text, new RegExp(`^213 ${WHEN_TEXT}`));
  },

  "MFMT with a bad time, no name or a missing one is refused": async (target) => {
    await dated(target, "a");
    const ftp = await target.login();
    for (const bad of ["x", "20201399000000", "2020", "20200230000000"]) {
      await ftp.command(`MFMT ${bad} a`, [500, 501, 504]);
    }
    await ftp.command(`MFMT ${WHEN_TEXT}`, [500, 501]);
    await ftp.command(`MFMT ${WHEN_TEXT} missing`, 550);
    assertEquals((await Deno.stat(target.path("a"))).mtime, WHEN);
  },

  "MLST tells of a file": async (target) => {
    await dated(target, "a", "12345");
    const ftp = await target.login();
    const { name, facts } = await mlst(ftp, "a");
    assert(name === "a" || name === `${target.folder}/a`, `Name "${name}"`);
    assertEquals(facts.get("type")?.toLowerCase(), "file");
    assertEquals(facts.get("size"), "5");
    assertEquals(facts.get("modify")?.slice(0, 14), WHEN_TEXT);
  },

  "MLST without a name tells of the current folder": async (target) => {
    const ftp = await target.login();
    const { lines } = await ftp.command("MLST", 250);
    const { facts } = entry(lines[1]!.slice(1));
    assertMatch(facts.get("type")!, /^c?dir$/i);
  },

  "MLST of what is missing is 550": async (target) => {
    const ftp = await target.login();
    await ftp.command("MLST missing", 550);
  },

  "MLSD tells of every name": async (target) => {
    await dated(target, "a", "12345");
    await target.mkdir("d");
    const ftp = await target.login();
    const found = await mlsd(ftp);
    assertEquals(found.get("a")?.facts.get("type")?.toLowerCase(), "file");
    assertEquals(found.get("a")?.facts.get("size"), "5");
    assertEquals(found.get("a")?.facts.get("modify")?.slice(0, 14), WHEN_TEXT);
    assertEquals(found.get("d")?.facts.get("type")?.toLowerCase(), "dir");
    const others = [...found.values()].filter(({ name }) => name !== "a" && name !== "d");
    for (const other of others) assertMatch(other.facts.get("type")!, /^[cp]dir$/i);
  },

  "MLSD of a folder by its path": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "");
    const ftp = await target.login();
    assert((await mlsd(ftp, "d")).has("a"));
    assert((await mlsd(ftp, `${target.folder}/d`)).has("a"));
  },

  "MLSD of a file is 501, of nothing 550": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.refused("MLSD a", [501, 550]);
    await ftp.refused("MLSD missing", [501, 550]);
  },

  "MLSD and MLST agree": async (target) => {
    await dated(target, "a", "12345");
    const ftp = await target.login();
    const listed = (await mlsd(ftp)).get("a")!.facts;
    assertEquals([...listed], [...(await mlst(ftp, "a")).facts]);
  },

  "MLSD tells links, MLST and CWD what they lead to": async (target) => {
    await dated(target, "a", "12345");
    await target.mkdir("d");
    await Deno.symlink("a", target.path("file"));
    await Deno.symlink(target.path("d"), target.path("folder"));
    await Deno.symlink(target.path("nowhere"), target.path("dangling"));
    await Deno.symlink("/etc", target.path("out"));
    const ftp = await target.login();
    const found = await mlsd(ftp);
    const factsOf = (name: string) => Object.fromEntries(found.get(name)!.facts);
    const type = "OS.unix=symlink";
    assertEquals(factsOf("file"), { ...factsOf("a"), type });
    assertEquals(factsOf("folder"), { ...factsOf("d"), type });
    for (const name of ["dangling", "out"]) {
      assertEquals(factsOf(name).type, type);
      assert(!/etc|nowhere/.test(Object.values(factsOf(name)).join()));
    }
    assertEquals((await mlst(ftp, "file")).facts.get("type"), "file");
    assertEquals((await mlst(ftp, "folder")).facts.get("type"), "dir");
    await ftp.command("CWD folder", 250);
  },

  "the unique fact is one file's alone": async (target) => {
    await target.write("a", "");
    await target.write("b", "");
    await Deno.link(target.path("a"), target.path("c"));
    const ftp = await target.login();
    const found = await mlsd(ftp);
    const unique = (name: string) => found.get(name)!.facts.get("unique");
    assert(unique("a") !== undefined, "No unique fact");
    assertEquals(unique("a"), unique("c"));
    assertNotEquals(unique("a"), unique("b"));
  },

  "the perm fact tells what this user may do": async (target) => {
    await target.write("a", "");
    await target.mkdir("d");
    const ftp = await target.login();
    const found = await mlsd(ftp);
    assertMatch(found.get("a")!.facts.get("perm")!, /r/);
    assertMatch(found.get("a")!.facts.get("perm")!, /w/);
    assertMatch(found.get("d")!.facts.get("perm")!, /e/);
    const reader = await target.connect();
    await reader.command("USER anonymous", [230, 331]);
    await reader.command("PASS me@", [202, 230]);
    await reader.command(`CWD ${target.folder}`, 250);
    const perm = (await mlsd(reader)).get("a")!.facts.get("perm")!;
    assertMatch(perm, /r/);
    assert(!/[adfw]/.test(perm), `A reader has "${perm}"`);
  },

  "OPTS MLST chooses facts, FEAT stars them": async (target) => {
    await target.write("a", "12345");
    const ftp = await target.login();
    assertMatch((await ftp.command("OPTS MLST size;Type;", 200)).text, /^200 MLST OPTS /i);
    assertEquals([...(await mlst(ftp, "a")).facts.keys()].sort(), ["size", "type"]);
    assertEquals([...(await mlsd(ftp)).get("a")!.facts.keys()].sort(), ["size", "type"]);
    const { text } = await ftp.command("FEAT", 211);
    const starred = [...text.matchAll(/([a-z.]+)(\*?);/gi)]
      .filter((match) => match[2] === "*").map((match) => match[1]!.toLowerCase());
    assertEquals(starred.sort(), ["size", "type"]);
  },

  "OPTS MLST passes over unknown facts": async (target) => {
    await target.write("a", "12345");
    const ftp = await target.login();
    const { text } = await ftp.command("OPTS MLST size;nonsense;", 200);
    assert(!/nonsense/i.test(text), `Said "${text}"`);
    assertEquals([...(await mlst(ftp, "a")).facts.keys()], ["size"]);
  },

  "OPTS MLST without facts turns all off": async (target) => {
    await target.write("a", "12345");
    const ftp = await target.login();
    await ftp.command("OPTS MLST", 200);
    const { lines } = await ftp.command("MLST a", 250);
    assertMatch(lines[1]!, /^ +\S*a$/);
  },

  "MLSD keeps names with spaces, semicolons and equal signs": async (target) => {
    const names = ["a;b", "size=5; x", " leading", "trailing "];
    for (const name of names) await target.write(name, "");
    const ftp = await target.login();
    const listed = (await ftp.list("MLSD")).map((line) => line.slice(line.indexOf(" ") + 1));
    for (const name of names) assert(listed.includes(name), `No "${name}" in ${listed}`);
  },
};
