/**
 * Disks that are full, files with times of another age, partial files of clients that never came
 * back: on a small file system of the test's own.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Child } from "../child.ts";
import { closeQuietly, type Conversation, readUntilEnd, writeAll } from "../conformance/client.ts";
import { variants } from "../conformance/variants.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { flagsOf, lacking, NEEDS, ONE_OF_EACH, output } from "./process.ts";

/** More than the device has. */
const LARGE_BYTES = 8 << 20;

const MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && ';

/** Runs what follows it with a device of 1 MiB mounted on a folder, for itself alone. */
function onSmallDevice(folder: string, prepare = ""): string[] {
  const script = `${MOUNT}cd "$0" && ${prepare}exec "$@"`;
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, folder];
}

const unmountable = lacking(
  ...["unshare", "--map-root-user", "--mount"] as const,
  ...["mount", "-t", "tmpfs", "x", "/mnt"],
);

/** Sends too much; what the last reply to it is. */
async function overfills(ftp: Conversation, command: string): Promise<string> {
  const data = await ftp.passive();
  const { text } = await ftp.command(command, [125, 150]);
  const chunk = new Uint8Array(1 << 16);
  try {
    for (let sent = 0; sent < LARGE_BYTES; sent += chunk.length) await writeAll(data, chunk);
  } catch {
    // The server wants no more of it.
  }
  closeQuietly(data);
  await ftp.reply([452, 552], command);
  return text;
}

/** Sends an upload that ends an octet behind `length`: so many are kept. */
async function interrupted(ftp: Conversation, name: string, length: number): Promise<void> {
  const data = await ftp.passive();
  await ftp.command(`STOR ${name}`, 150);
  await writeAll(data, new Uint8Array(length + 1));
  await eventually("all is written", async () => {
    const { text } = await ftp.command("STAT", [211, 213]);
    return new RegExp(`\\b${length + 1}\\b`).test(text);
  });
  await ftp.send("ABOR");
  assertEquals(await ftp.finals(2), [426, 226]);
  closeQuietly(data);
}

for (const variant of ONE_OF_EACH) {
  const absent = variant.unavailable() ?? unmountable;

  testWith(
    NEEDS,
    `serve on a full disk gives back what a failed upload took [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve(
        [...flagsOf(variant, root.path), "--anonymous", "write"],
        { wrapper: onSmallDevice(root.path) },
      );
      const endpoint = await server.serving();
      const [ftp, other] = [await login(endpoint), await login(endpoint)];
      for (const command of ["STOR a", "APPE b"]) {
        await overfills(ftp, command);
        assertEquals(await ftp.list("NLST -a"), [], command);
        await other.put("STOR small", new Uint8Array(100_000)); // there is room for others again
        await other.command("DELE small", 250);
      }
      ftp.close();
      other.close();
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve on a full disk keeps the half of a resumed upload [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve(
        [...flagsOf(variant, root.path), "--anonymous", "write"],
        { wrapper: onSmallDevice(root.path) },
      );
      const ftp = await login(await server.serving());
      await interrupted(ftp, "a", 50_000);
      await ftp.command("REST 50000", 350);
      await overfills(ftp, "STOR a");
      const [, size] = /^213 (\d+)$/.exec((await ftp.command("SIZE a", 213)).text)!;
      assert(Number(size) >= 50_000, `${size} octets are left of 50000 and more`);
      ftp.close();
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve asks the device of a folder for room, less what has come [${variant.name}]`,
    async () => {
      using root = new Root();
      const mounts = "mkdir large uncounted && mount -t tmpfs -o size=64m tmpfs large && " +
        "mount -t tmpfs -o size=0 tmpfs uncounted && ";
      await using server = Child.serve(
        [...flagsOf(variant, root.path), "--anonymous", "write"],
        { wrapper: onSmallDevice(root.path, mounts) },
      );
      const ftp = await login(await server.serving());
      const announced = async (octets: number, commands: readonly string[], code: number) => {
        await ftp.command(`ALLO ${octets}`, 200);
        for (const command of commands) await ftp.command(command, [code, 350]);
      };
      await announced(LARGE_BYTES, ["STOR a"], 452);
      assertEquals(await ftp.list("NLST -a"), ["large", "uncounted"]);
      // Without a data connection: what is wrong with the file is said first.
      for (const folder of ["large", "uncounted"]) {
        for (const verb of ["STOR", "STOU"]) {
          await announced(LARGE_BYTES, [`${verb} ${folder}/a`], 425);
        }
      }
      await announced(LARGE_BYTES * 9, ["STOR large/a"], 452);
      await interrupted(ftp, "a", 600_000);
      await announced(1_100_000, ["REST 600000", "STOR a"], 452);
      for (const begun of ["REST 600000", "REST 0"]) {
        await announced(900_000, [begun, "STOR a"], 425);
      }
      ftp.close();
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve on a full disk leaves no half file of a STOU [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve(
        [...flagsOf(variant, root.path), "--anonymous", "write"],
        { wrapper: onSmallDevice(root.path) },
      );
      const ftp = await login(await server.serving());
      const begun = await overfills(ftp, "STOU");
      const name = /FILE: (?:.*\/)?([^/\s]+)/.exec(begun)![1]!;
      const names = await ftp.list("NLST -a");
      assert(!names.includes(name), `Half a file is called ${name}`);
      assertEquals(names, []);
      ftp.close();
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve shows times that no date has as times, or not at all [${variant.name}]`,
    async () => {
      using root = new Root();
      const touch = "touch -d @300000000000 late && touch -d @-70000000000 early && " +
        "touch -d @9000000000000000 never && ";
      await using server = Child.serve(flagsOf(variant, root.path), {
        wrapper: onSmallDevice(root.path, touch),
      });
      const ftp = await login(await server.serving());
      for (const name of ["late", "early", "never"]) {
        const { code, text } = await ftp.command(`MDTM ${name}`, [213, 550]);
        if (code === 213) assertMatch(text, /^213 \d{14}(\.\d+)?$/);
        hasTimes((await ftp.command(`MLST ${name}`, 250)).text);
        await ftp.command(`STAT ${name}`, [211, 212, 213]);
      }
      for (const command of ["MLSD", "LIST", "NLST"]) {
        const listed = (await ftp.list(command)).join("\n");
        for (const name of ["late", "early", "never"]) {
          assert(listed.includes(name), `${command} leaves out ${name}: ${listed}`);
        }
        assert(!/NaN|undefined|Invalid/.test(listed), listed);
        if (command === "MLSD") hasTimes(listed);
      }
      ftp.close();
    },
    absent,
  );
}

/** Fails unless every modify fact in `facts` is one of RFC 3659 section 2.3. */
function hasTimes(facts: string): void {
  for (const [, time] of facts.matchAll(/modify=([^;]*);/gi)) {
    assertMatch(time!, /^\d{14}(\.\d+)?$/, facts);
  }
}

const DAY_S = 86_400;

for (const variant of ONE_OF_EACH) {
  testWith(
    NEEDS,
    `serve sweeps partial files that are older than --partial-days [${variant.name}]`,
    async () => {
      using root = new Root();
      const at = (name: string) => `${root.path}/${name}`;
      await Deno.mkdir(at("d"));
      const now = Math.trunc(Date.now() / 1000);
      const files = {
        ".old.ftplab-part": 3,
        "d/.old.ftplab-part": 3,
        ".young.ftplab-part": 1,
        "old": 9,
        ".old": 9,
        ".old.part": 9, // an ordinary file
      };
      for (const [name, days] of Object.entries(files)) {
        await Deno.writeTextFile(at(name), "content");
        await Deno.utime(at(name), now - days * DAY_S, now - days * DAY_S);
      }
      await using server = Child.serve([...flagsOf(variant, root.path), "--partial-days", "2"]);
      const ftp = await login(await server.serving());
      await eventually("the old ones are gone", async () => {
        const left = await output("find", root.path, "-name", "*old.ftplab-part");
        return left === "";
      });
      for (const name of [".young.ftplab-part", "old", ".old", ".old.part"]) {
        await Deno.stat(at(name));
      }
      ftp.close();
    },
    variant.unavailable(),
  );
}

testWith(NEEDS, "serve leaves a file that is fetched in place on a full disk", async () => {
  using root = new Root();
  await using server = Child.serve(["--port", "0", "--root", root.path, "--anonymous", "write"], {
    wrapper: onSmallDevice(root.path, "head -c 300000 /dev/zero > kept && "),
  });
  const ftp = await login(await server.serving());
  await overfills(ftp, "STOR kept");
  const data = await ftp.begin("RETR kept");
  assertEquals(await readUntilEnd(data), 300_000);
  await ftp.reply(226);
  ftp.close();
}, variants.find(({ name }) => name === "multiplex epoll level")!.unavailable() ?? unmountable);
