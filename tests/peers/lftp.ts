/**
 * lftp: mirrors, several connections at once, resumption of both kinds.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, pattern } from "../conformance/client.ts";
import { type Cases, type Target, WRITER } from "../conformance/target.ts";
import { eventually } from "../eventually.ts";
import { Desk, type Ended } from "./program.ts";

/** Fail at once instead of trying again for minutes; nothing in the background. */
const SETTINGS = [
  "net:max-retries 1",
  "net:timeout 8",
  "net:reconnect-interval-base 1",
  "dns:order inet",
  "ssl:check-hostname no",
  "ftp:ssl-allow no",
  "cmd:fail-exit yes",
  "bmk:save-passwords no",
];

async function lftp(desk: Desk, target: Target, ...commands: string[]): Promise<Ended> {
  const { host, port } = target.endpoint;
  const script = [
    ...SETTINGS.map((setting) => `set ${setting}`),
    `open -p ${port} -u ${WRITER.user},"${WRITER.password}" ${host}`,
    `cd ${target.folder}`,
    ...commands,
  ];
  return await desk.run("lftp", ["--norc", "-c", script.join("; ")]);
}

/** Mirrors until one is not left too early. */
const TRIES_MAX = 5;

/** A small tree: name and octets. */
const TREE: readonly (readonly [string, number])[] = [
  ["a", 100_000],
  ["b with space", 10],
  ["empty", 0],
  ["d/c", 70_000],
  ["d/e/f é", 5000],
];

/** The cases by name. */
export const lftpCases: Cases = {
  "mirror fetches a tree": async (target) => {
    const desk = await Desk.open(target);
    await Deno.mkdir(target.path("t/d/e"), { recursive: true });
    for (const [name, size] of TREE) await target.write(`t/${name}`, pattern(size));
    await lftp(desk, target, "mirror --parallel=2 t copy");
    for (const [name, size] of TREE) {
      assertBytes(await desk.read(`copy/${name}`), pattern(size));
    }
  },

  "mirror -R sends a tree, and a second run finds nothing to do": async (target) => {
    const desk = await Desk.open(target);
    await Deno.mkdir(desk.path("t/d/e"), { recursive: true });
    for (const [name, size] of TREE) await desk.write(`t/${name}`, pattern(size));
    await lftp(desk, target, "mirror -R t copy");
    for (const [name, size] of TREE) {
      assertBytes(await target.read(`copy/${name}`), pattern(size));
    }
    const { stdout } = await lftp(desk, target, "mirror -R --verbose=1 t copy");
    assertEquals(stdout.includes("Transferring"), false, stdout);
  },

  "pget fetches in four parts": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(4_000_000));
    await lftp(desk, target, "pget -n 4 a");
    assertBytes(await desk.read("a"), pattern(4_000_000));
  },

  "get -c and put -c go on": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(300_000));
    await desk.write("a", pattern(300_000).subarray(0, 100_000));
    await desk.write("b", pattern(300_000));
    await target.write(".b.ftplab-part", pattern(300_000).subarray(0, 100_000));
    await lftp(desk, target, "get -c a", "put -c b");
    assertBytes(await desk.read("a"), pattern(300_000));
    await target.holds("a", "b");
    assertBytes(await target.read("b"), pattern(300_000));
  },

  "active connections": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", pattern(50_000));
    await lftp(desk, target, "set ftp:passive-mode off", "put a", "get a -o b", "ls");
    assertBytes(await desk.read("b"), pattern(50_000));
  },

  "mkdir, mv, chmod, cat, du, rm": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "content");
    await target.write("b", "");
    const { stdout } = await lftp(
      desk,
      target,
      "mkdir -p d/e",
      "mv a d/e/c",
      "chmod 600 d/e/c",
      "cat d/e/c",
      "rm b",
      "find",
    );
    assertStringIncludes(stdout, "content");
    assertStringIncludes(stdout, "./d/e/c");
    assertEquals((await Deno.stat(target.path("d/e/c"))).mode! & 0o777, 0o600);
    await lftp(desk, target, "rm -r d");
    await target.holds();
  },

  "rm -r removes links that lead nowhere, too": async (target) => {
    const desk = await Desk.open(target);
    await target.mkdir("d");
    await Deno.symlink("nowhere", target.path("d/dangling"));
    await lftp(desk, target, "set ftp:use-mlsd off", "rm -r d");
    await target.holds();
  },

  "rm -r by LIST removes a link, and nothing behind it": async (target) => {
    const desk = await Desk.open(target);
    await target.mkdir("precious");
    await target.write("precious/a", "content");
    await target.mkdir("d");
    await Deno.symlink("../precious", target.path("d/shared"));
    await lftp(desk, target, "set ftp:use-mlsd off", "rm -r d");
    await target.holds("precious");
    assertEquals(await Deno.readTextFile(target.path("precious/a")), "content");
  },

  "ls and cls with MLSD on and off": async (target) => {
    const desk = await Desk.open(target);
    await target.write("one", "12345");
    await target.mkdir("two");
    for (const use of ["on", "off"]) {
      const { stdout } = await lftp(desk, target, `set ftp:use-mlsd ${use}`, "cls -1s --sort=name");
      assertEquals(stdout.trim().split("\n").length, 2, stdout);
      assertStringIncludes(stdout, "two/");
    }
  },

  "a time is kept by mirror": async (target) => {
    const desk = await Desk.open(target);
    await Deno.mkdir(desk.path("t"));
    await desk.write("t/a", "content");
    const when = new Date(Date.UTC(2019, 10, 5, 7, 8, 9));
    await Deno.utime(desk.path("t/a"), when, when);
    // It does not always come to ask for the time before it leaves: then nothing was to be kept.
    let dialogue = "";
    for (let tries = 0; tries < TRIES_MAX && !dialogue.includes("MFMT"); tries++) {
      const { stdout, stderr } = await lftp(desk, target, "debug 9", `mirror -R t copy${tries}`);
      dialogue = stdout + stderr;
      if (!dialogue.includes("MFMT")) continue;
      // Nor does it always wait for the reply.
      const copy = target.path(`copy${tries}/a`);
      const isKept = async () => (await Deno.stat(copy)).mtime?.getTime() === when.getTime();
      await eventually(`the time of the original is kept: ${dialogue}`, isKept);
    }
    assertStringIncludes(dialogue, "MFMT");
  },
};
