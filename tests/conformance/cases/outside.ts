/**
 * A name that is a folder of the root at one moment and a link to the outside at the next: nothing
 * outside is read or changed by it, whatever the moment. The names are exchanged in a loop by
 * another thread, as somebody could who has another way to the same disk.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { closeQuietly, type Conversation, octets, readUntilEnd } from "../client.ts";
import { whileExchanging } from "../exchange.ts";
import type { Case, Cases, Target } from "../target.ts";

/** Length of "secret" inside; outside it is 6. */
const INSIDE_BYTES = 100;

/** Commands in one write, and writes, of a case that needs no data connection. */
const VOLLEY = 400, VOLLEYS = 10;

/** Transfers of a case that needs one for each command. */
const TRANSFERS = 250;

/** Before everything else happened: a time that no file inside has. */
const LONG_AGO = new Date("2001-02-03T04:05:06Z");

/** What is outside, as it must stay. */
interface Outside {
  readonly folder: string;
  /** Fails unless everything is as it was made. */
  isUnchanged(): Promise<void>;
}

/** A folder "d" inside, a link "l" to a folder outside, the like names in both. */
async function exchanged(target: Target): Promise<Outside> {
  const folder = await target.outside();
  await Deno.mkdir(`${folder}/sub`);
  await Deno.utime(`${folder}/secret`, LONG_AGO, LONG_AGO);
  await Deno.chmod(`${folder}/secret`, 0o640);
  await target.mkdir("d");
  await target.write("d/secret", "x".repeat(INSIDE_BYTES));
  await target.write("f", "x".repeat(INSIDE_BYTES));
  await target.write("own", "own");
  await Deno.symlink(folder, target.path("l"));
  await Deno.symlink(`${folder}/secret`, target.path("lf"));
  return {
    folder,
    async isUnchanged() {
      const names = [];
      for await (const { name } of Deno.readDir(folder)) names.push(name);
      assertEquals(names.sort(), ["secret", "sub"], "Names outside");
      assertEquals(await Deno.readTextFile(`${folder}/secret`), "secret");
      const { mode, mtime } = await Deno.stat(`${folder}/secret`);
      assertEquals([mode! & 0o7777, mtime], [0o640, LONG_AGO], "Mode and time outside");
    },
  };
}

/** What would be read outside, as it looks in a reply. */
const OUTSIDE_READ = /^213 6$|^213 2001|size=6;|modify=2001|\b6 Feb +3\b|Feb +3 +2001/im;

/** Sends `commands` pipelined, again and again; `look` sees each reply. */
async function volleys(
  ftp: Conversation,
  commands: readonly string[],
  look: (text: string) => void,
): Promise<void> {
  const rounds = Math.ceil(VOLLEY / commands.length);
  const volley = octets(commands.map((line) => `${line}\r\n`).join("").repeat(rounds));
  for (let count = 0; count < VOLLEYS; count++) {
    const sending = ftp.send(volley);
    for (let left = rounds * commands.length; left > 0; left--) look((await ftp.reply("any")).text);
    await sending;
  }
}

/** Asks by `commands` while "d" and "l", or "f" and "lf", are exchanged. */
function readsNothing(commands: readonly string[], names = ["d", "l"]): Case {
  return async (target) => {
    await exchanged(target);
    const ftp = await target.login();
    const [one, other] = names.map((name) => target.path(name));
    await whileExchanging(one!, other!, () =>
      volleys(ftp, commands, (text) => {
        assert(!OUTSIDE_READ.test(text), `Read from outside: "${text}"`);
      }));
  };
}

/** Fetches by `command` while "d" and "l", or "f" and "lf", are exchanged. */
function sendsNothing(command: string, leaks: RegExp, names = ["d", "l"]): Case {
  return async (target) => {
    await exchanged(target);
    const ftp = await target.login();
    const [one, other] = names.map((name) => target.path(name));
    await whileExchanging(one!, other!, async () => {
      for (let count = 0; count < TRANSFERS; count++) {
        const data = await ftp.passive();
        const { code } = await ftp.command(command, "any");
        if (code >= 200) {
          closeQuietly(data);
          continue;
        }
        const seen = new TextDecoder().decode(await contentOf(data));
        assert(!leaks.test(seen), `${command} sent from outside: "${seen}"`);
        await ftp.reply("any");
      }
    });
  };
}

async function contentOf(conn: Deno.Conn): Promise<Uint8Array> {
  const buffer = new Uint8Array(1 << 14);
  const count = await conn.read(buffer).catch(() => null);
  await readUntilEnd(conn);
  return buffer.subarray(0, count ?? 0);
}

/** Changes by `commands` while "d" and "l" are exchanged. */
function changesNothing(commands: readonly string[]): Case {
  return async (target) => {
    const { isUnchanged } = await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(target.path("d"), target.path("l"), async () => {
      await volleys(ftp, commands, () => {});
    });
    await isUnchanged();
  };
}

/** Stores by `command` while "d" and "l" are exchanged. */
function storesNothing(command: string): Case {
  return async (target) => {
    const { isUnchanged } = await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(target.path("d"), target.path("l"), async () => {
      for (let count = 0; count < TRANSFERS; count++) {
        const data = await ftp.passive();
        const { code } = await ftp.command(command, "any");
        if (code < 200) await data.write(octets("stored")).catch(() => {});
        closeQuietly(data);
        if (code < 200) await ftp.reply("any");
      }
    });
    await isUnchanged();
  };
}

/** The cases by name. */
export const outside: Cases = {
  "SIZE, MDTM, MLST and STAT read nothing through a folder that becomes a link": readsNothing([
    "SIZE d/secret",
    "MDTM d/secret",
    "MLST d/secret",
    "STAT d/secret",
  ]),

  "SIZE and MDTM read nothing through a file that becomes a link": readsNothing(
    ["SIZE f", "MDTM f"],
    ["f", "lf"],
  ),

  "CWD leads nowhere through a folder that becomes a link": async (target) => {
    await readsNothing(["CWD d", "SIZE secret", "MDTM secret", `CWD ${target.folder}`])(target);
  },

  "RETR sends nothing through a folder that becomes a link": sendsNothing(
    "RETR d/secret",
    /^secret$/,
  ),

  "RETR sends nothing through a file that becomes a link": sendsNothing(
    "RETR f",
    /^secret$/,
    ["f", "lf"],
  ),

  "NLST sends nothing through a folder that becomes a link": sendsNothing("NLST d", /\bsub\b/),

  "MKD, RMD and DELE change nothing through a folder that becomes a link": changesNothing([
    "MKD d/made",
    "RMD d/sub",
    "DELE d/secret",
  ]),

  "RNFR and RNTO change nothing through a folder that becomes a link": changesNothing([
    "RNFR d/secret",
    "RNTO taken",
    "RNFR own",
    "RNTO d/own",
  ]),

  "SITE CHMOD and MFMT change nothing through a folder that becomes a link": changesNothing([
    "SITE CHMOD 777 d/secret",
    "MFMT 20200101000000 d/secret",
  ]),

  "STOR stores nothing through a folder that becomes a link": storesNothing("STOR d/stored"),

  "APPE stores nothing through a folder that becomes a link": storesNothing("APPE d/secret"),
};
