/**
 * A name that is a folder of the root at one moment and a link to the outside at the next: nothing
 * outside is read or changed by it, whatever the moment. The names are exchanged in a loop by
 * another thread, as somebody could who has another way to the same disk.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { closeQuietly, type Conversation, octets, readAll, text, writeAll } from "../client.ts";
import { whileExchanging } from "../exchange.ts";
import { type Case, type Cases, type Target } from "../target.ts";

/** Length of "secret" inside; outside it is 6. */
const INSIDE_BYTES = 100;

/** Commands in one write, and writes, of a case that needs no data connection. */
const VOLLEY = 300, VOLLEYS = 4;

/** Transfers of a case that needs one for each command. */
const TRANSFERS = 150;

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

/** Both pairs of names of a case. */
function pairs(target: Target): (readonly [string, string])[] {
  return [["d", "l"], ["f", "lf"]].map(([one, other]) => [target.path(one), target.path(other)]);
}

/** Asks by `commands` while the names are exchanged. */
function readsNothing(commands: readonly string[]): Case {
  return async (target) => {
    await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(pairs(target), () =>
      volleys(ftp, commands, (text) => {
        assert(!OUTSIDE_READ.test(text), `Read from outside: "${text}"`);
      }));
  };
}

/** What a transfer would send that reads outside. */
const OUTSIDE_SENT = /^secret$|\bsub\b/;

/** Fetches by each of `commands` in turn while the names are exchanged. */
function sendsNothing(commands: readonly string[]): Case {
  return async (target) => {
    await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(pairs(target), async () => {
      for (let count = 0; count < TRANSFERS; count++) {
        const command = commands[count % commands.length]!;
        const data = await ftp.passive();
        const { code } = await ftp.command(command, "any");
        if (code >= 200) {
          closeQuietly(data);
          continue;
        }
        const seen = text(await readAll(data));
        assert(!OUTSIDE_SENT.test(seen), `${command} sent from outside: "${seen}"`);
        await ftp.reply("any");
      }
    });
  };
}

/** Changes by `commands` while the names are exchanged. */
function changesNothing(commands: readonly string[]): Case {
  return async (target) => {
    const { isUnchanged } = await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(pairs(target), () => volleys(ftp, commands, () => {}));
    await isUnchanged();
  };
}

/** Stores by each of `commands` in turn while the names are exchanged. */
function storesNothing(commands: readonly string[]): Case {
  return async (target) => {
    const { isUnchanged } = await exchanged(target);
    const ftp = await target.login();
    await whileExchanging(pairs(target), async () => {
      for (let count = 0; count < TRANSFERS; count++) {
        const data = await ftp.passive();
        const { code } = await ftp.command(commands[count % commands.length]!, "any");
        if (code < 200) await writeAll(data, octets("stored")).catch(() => {});
        closeQuietly(data);
        if (code < 200) await ftp.reply("any");
      }
    });
    await isUnchanged();
  };
}

/** The cases by name. */
export const outside: Cases = {
  "SIZE, MDTM, MLST and STAT read nothing through a name that becomes a link": readsNothing([
    "SIZE d/secret",
    "SIZE f",
    "MDTM d/secret",
    "MDTM f",
    "MLST d/secret",
    "STAT d/secret",
  ]),

  "CWD leads nowhere through a name that becomes a link": async (target) => {
    await readsNothing(["CWD d", "SIZE secret", "MDTM secret", `CWD ${target.folder}`])(target);
  },

  "RETR and NLST send nothing through a name that becomes a link": sendsNothing([
    "RETR d/secret",
    "RETR f",
    "NLST d",
  ]),

  "commands change nothing through a name that becomes a link": changesNothing([
    "MKD d/made",
    "RMD d/sub",
    "DELE d/secret",
    "RNFR d/secret",
    "RNTO taken",
    "RNFR own",
    "RNTO d/own",
    "SITE CHMOD 777 d/secret",
    "MFMT 20200101000000 d/secret",
  ]),

  "STOR and APPE store nothing through a name that becomes a link": storesNothing([
    "STOR d/stored",
    "APPE d/secret",
    "STOR f",
  ]),
};
