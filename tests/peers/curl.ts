/**
 * curl: one file at a time, every kind of data connection, resumption, uploads.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, pattern } from "../conformance/client.ts";
import { type Cases, type Target, WRITER } from "../conformance/target.ts";
import { Desk, type Ended } from "./program.ts";

/** Neither settings nor proxies, no progress, errors shown, ten seconds at most. */
const ALWAYS = ["-q", "-sS", "--noproxy", "*", "--max-time", "10", "-g"];

const ACCOUNT = ["-u", `${WRITER.user}:${WRITER.password}`];

/** Too much for the buffers between the two. */
const LARGE = 6_000_000;

/** Ways to a data connection. */
const CONNECTIONS: Readonly<Record<string, readonly string[]>> = {
  EPSV: [],
  PASV: ["--disable-epsv"],
  EPRT: ["-P", "-"],
  PORT: ["-P", "-", "--disable-eprt"],
};

function url({ endpoint: { host, port }, folder }: Target, name = ""): string {
  return `ftp://${host.includes(":") ? `[${host}]` : host}:${port}${folder}/${name}`;
}

/** curl's exit codes (curl(1), EXIT CODES). */
const ACCESS_DENIED = 9, UPLOAD_FAILED = 25, LOGIN_DENIED = 67, NOT_FOUND = 78;

async function curl(desk: Desk, args: string[], codes: readonly number[] = [0]): Promise<Ended> {
  return await desk.run("curl", [...ALWAYS, ...ACCOUNT, ...args], { codes });
}

/** The cases by name. */
export const curlCases: Cases = {
  ...Object.fromEntries(
    Object.entries(CONNECTIONS).map(([name, options]) => [
      `${name}: download, upload and listing`,
      async (target) => {
        const desk = await Desk.open(target);
        await target.write("a", pattern(300_000));
        await curl(desk, [...options, "-o", "a", url(target, "a")]);
        assertBytes(await desk.read("a"), pattern(300_000));
        await curl(desk, [...options, "-T", "a", url(target, "b")]);
        assertBytes(await target.read("b"), pattern(300_000));
        const { stdout } = await curl(desk, [...options, url(target)]);
        assertEquals(stdout.trimEnd().split("\n").length, 2);
      },
    ]),
  ) as Cases,

  "IPv6: download and upload, passive and active": async (target) => {
    const desk = await Desk.open(target);
    const target6 = await target.shared({ host: "::1" });
    await target.write("a", pattern(300_000));
    for (const options of [CONNECTIONS.EPSV!, CONNECTIONS.EPRT!]) {
      await curl(desk, ["-6", ...options, "-o", "a", url(target6, "a")]);
      assertBytes(await desk.read("a"), pattern(300_000));
      await curl(desk, ["-6", ...options, "-T", "a", url(target6, "b")]);
      assertBytes(await target.read("b"), pattern(300_000));
    }
  },

  "a large download and upload": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(LARGE));
    await curl(desk, ["-o", "a", url(target, "a")]);
    assertBytes(await desk.read("a"), pattern(LARGE));
    await curl(desk, ["-T", "a", url(target, "b")]);
    assertBytes(await target.read("b"), pattern(LARGE));
  },

  "-C - goes on with a download": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(300_000));
    await desk.write("a", pattern(300_000).subarray(0, 123_456));
    await curl(desk, ["-C", "-", "-o", "a", url(target, "a")]);
    assertBytes(await desk.read("a"), pattern(300_000));
  },

  "-C - goes on with an interrupted upload": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", pattern(300_000));
    await target.write(".a.ftplab-part", pattern(300_000).subarray(0, 123_456));
    await curl(desk, ["-C", "-", "-T", "a", url(target, "a")]);
    await target.holds("a");
    assertBytes(await target.read("a"), pattern(300_000));
  },

  "-a appends": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "one ");
    await desk.write("a", "two");
    await curl(desk, ["-a", "-T", "a", url(target, "a")]);
    assertEquals(await target.readText("a"), "one two");
  },

  "-r takes a range, whose rest is cut off": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(LARGE));
    await curl(desk, ["-r", "100000-199999", "-o", "a", url(target, "a")]);
    assertBytes(await desk.read("a"), pattern(LARGE).subarray(100_000, 200_000));
  },

  "-l lists names, -X MLSD facts": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "");
    await target.mkdir("d");
    assertEquals((await curl(desk, ["-l", url(target)])).stdout.split(/\r?\n/).sort(), [
      "",
      "a",
      "d",
    ]);
    assertStringIncludes((await curl(desk, ["-X", "MLSD", url(target)])).stdout, "; a\n");
  },

  "-B takes text, whose line ends curl converts too": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "one\ntwo\n");
    assertEquals((await curl(desk, ["-B", url(target, "a")])).stdout, "one\ntwo\n");
    assertEquals((await curl(desk, [url(target, "a;type=a")])).stdout, "one\ntwo\n");
    await desk.write("b", "one\ntwo\n");
    await curl(desk, ["-B", "-T", "b", url(target, "b")]);
    assertEquals(await target.readText("b"), "one\ntwo\n");
  },

  "-I tells size and time, -R takes the time over": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "12345");
    const when = new Date(Date.UTC(2019, 10, 5, 7, 8, 9));
    await Deno.utime(target.path("a"), when, when);
    const { stdout } = await curl(desk, ["-I", url(target, "a")]);
    assertStringIncludes(stdout, "Content-Length: 5");
    assertStringIncludes(stdout, "05 Nov 2019 07:08:09 GMT");
    await curl(desk, ["-R", "-o", "a", url(target, "a")]);
    assertEquals((await Deno.stat(desk.path("a"))).mtime, when);
  },

  "--ftp-create-dirs makes folders": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", "content");
    await curl(desk, ["--ftp-create-dirs", "-T", "a", url(target, "d/e/a")]);
    assertEquals(await target.readText("d/e/a"), "content");
  },

  "-Q sends commands before and after": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "content");
    await target.write("b", "content");
    const quoted = ["RNFR a", "RNTO c", "SITE CHMOD 600 c"].flatMap((line) => [
      "-Q",
      line.replace(/\b[ac]$/, (name) => `${target.folder}/${name}`),
    ]);
    await curl(desk, [...quoted, "-Q", "-DELE b", url(target)]);
    await target.holds("c");
    assertEquals((await Deno.stat(target.path("c"))).mode! & 0o777, 0o600);
  },

  // Active: curl 7.88 waits a second where a 229 is there before it looks for it.
  "ten files over one connection": async (target) => {
    const desk = await Desk.open(target);
    const names = Array.from({ length: 10 }, (_, index) => `a${index}`);
    for (const [seed, name] of names.entries()) await target.write(name, pattern(20_000, seed));
    const wanted = names.flatMap((name) => ["-o", name, url(target, name)]);
    const { stderr } = await curl(desk, ["-v", ...CONNECTIONS.EPRT!, ...wanted]);
    assertEquals(stderr.match(/^< 220/gm)?.length, 1);
    for (const [seed, name] of names.entries()) {
      assertBytes(await desk.read(name), pattern(20_000, seed));
    }
  },

  "names with spaces and beyond ASCII": async (target) => {
    const desk = await Desk.open(target);
    await target.write("with space é 日本", "content");
    const name = encodeURIComponent("with space é 日本");
    assertEquals((await curl(desk, [url(target, name)])).stdout, "content");
    await desk.write("a", "other");
    await curl(desk, ["-T", "a", url(target, encodeURIComponent("ü"))]);
    assertEquals(await target.readText("ü"), "other");
  },

  "a client at another address of this machine, active and passive": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(50_000));
    for (const options of [["--interface", "127.0.0.2"], ["-P", "127.0.0.2"]]) {
      await curl(desk, ["--interface", "127.0.0.2", ...options, "-o", "a", url(target, "a")]);
      assertBytes(await desk.read("a"), pattern(50_000));
    }
  },

  "what goes wrong has curl's exit code for it": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", "content");
    await curl(desk, [url(target, "missing")], [NOT_FOUND]);
    await curl(desk, [url(target, "missing/a")], [ACCESS_DENIED, NOT_FOUND]);
    await curl(desk, ["-T", "a", url(target, "missing/a")], [ACCESS_DENIED, UPLOAD_FAILED]);
    const wrong = [...ALWAYS, "-u", `${WRITER.user}:wrong`, url(target, "a")];
    await desk.run("curl", wrong, { codes: [LOGIN_DENIED] });
    const reader = [...ALWAYS, "-T", "a", url(target, "a")];
    await desk.run("curl", reader, { codes: [UPLOAD_FAILED] });
    await target.holds();
  },

  "anonymous by default": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "content");
    const { stdout } = await desk.run("curl", [...ALWAYS, url(target, "a")]);
    assertEquals(stdout, "content");
  },

  "an empty file, both ways": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "");
    await curl(desk, ["-o", "a", url(target, "a")]);
    await desk.write("empty", "");
    await curl(desk, ["-T", "empty", url(target, "b")]);
    assertEquals((await target.read("b")).length, 0);
    assert((await target.names()).includes("b"));
  },
};
