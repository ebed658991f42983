/**
 * One client's costly commands hold up nobody else, and no stop: work is done in small pieces,
 * between which others have their turn. Asserted by the order of replies, never by the clock.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { eventually } from "../../eventually.ts";
import { closeQuietly, type Conversation, octets } from "../client.ts";
import { type Case, type Cases, type Target } from "../target.ts";

/** The largest file whose SIZE in TYPE A is counted, but for four octets: the costliest of all. */
const COSTLY_BYTES = (16 << 20) - 4;

/** Names in the folder that is listed again and again. */
const NAMES = 3_000;

/** Neighbours: with two workers one of them is beside the costly client. */
const NEIGHBOURS = 4;

/** What each neighbour asks, one after the other, while the costly client's pipeline runs. */
const NOOPS = 5;

/** The replies of a client that reads all the time. */
class ReplyCount {
  count = 0;
  readonly ended: Promise<void>;

  constructor(ftp: Conversation) {
    this.ended = this.#read(ftp);
  }

  async #read(ftp: Conversation): Promise<void> {
    try {
      for (;;) {
        const { code } = await ftp.reply("any");
        if (code !== 421) this.count++;
      }
    } catch {
      // The connection has ended.
    }
  }
}

/** A file that is costly to count, and takes no space. */
async function costlyFile(target: Target): Promise<void> {
  await target.write("big", "");
  await Deno.truncate(target.path("big"), COSTLY_BYTES);
}

/** A folder "d" with NAMES names. */
async function manyNames(target: Target): Promise<void> {
  await target.mkdir("d");
  await target.write("d/name-0", "content");
  for (let count = 1; count < NAMES; count++) {
    Deno.linkSync(target.path("d/name-0"), target.path(`d/name-${count}`));
  }
}

/** One pipeline: as many commands as a session may queue, all of them there at the first look. */
const COMMANDS = 60;

/** Pipelines that cost a server much and the client one write. */
const PIPELINES: Readonly<
  Record<string, { readonly prepare: (target: Target) => Promise<void>; readonly line: string }>
> = {
  "SIZE in TYPE A": { prepare: costlyFile, line: "SIZE big" },
  "STAT of a large folder": { prepare: manyNames, line: "STAT d" },
  "STAT of a pattern": { prepare: manyNames, line: "STAT d/*7*" },
};

/** A file that takes seconds to read, and no space. */
const HUGE_BYTES = 4 * 2 ** 30;

/** Ways to the folder "d": each is another folder for who looks at all of them. */
const WAYS = 1_000;

/** A file without a line end. */
async function hugeFile(target: Target): Promise<void> {
  await target.write("big", "");
  await Deno.truncate(target.path("big"), HUGE_BYTES);
}

/** A folder "ways" whose entries all lead to the folder of many names. */
async function manyWays(target: Target): Promise<void> {
  await manyNames(target);
  await target.mkdir("ways");
  for (let way = 0; way < WAYS; way++) Deno.symlinkSync("../d", target.path(`ways/${way}`));
}

interface SilentTransfer {
  readonly prepare: (target: Target) => Promise<void>;
  /** Said before the command, and granted. */
  readonly before: readonly string[];
  readonly command: string;
}

/** Transfers that take a server long and send nothing, so that it never waits for their client. */
const SILENT_TRANSFERS: Readonly<Record<string, SilentTransfer>> = {
  "REST in TYPE A": {
    prepare: hugeFile,
    before: ["TYPE A", `REST ${2 * HUGE_BYTES}`],
    command: "RETR big",
  },
  "a pattern without a match": { prepare: manyWays, before: [], command: "NLST ways/*/none" },
};

/** Commands of a client that reads nothing: their replies are more than a connection's sockets hold. */
const FLOOD_COMMANDS = 60_000;

/** Turns of a neighbour: at 64 commands in each (TURN_WORK_MAX), all would have been carried out. */
const FLOOD_TURNS = 2_000;

async function begin(target: Target, line: string): Promise<ReplyCount> {
  const ftp = await target.login();
  await ftp.command("TYPE A", 200);
  const replies = new ReplyCount(ftp);
  await ftp.send(octets(`${line}\r\n`.repeat(COMMANDS)));
  target.defer({
    close: async () => {
      ftp.close();
      await replies.ended;
    },
  });
  return replies;
}

function neighboursFirst({ prepare, line }: typeof PIPELINES[string]): Case {
  return async (target) => {
    await prepare(target);
    const neighbours = [];
    while (neighbours.length < NEIGHBOURS) neighbours.push(await target.login());
    const replies = await begin(target, line);
    await Promise.all(neighbours.map(async (ftp) => {
      for (let asked = 0; asked < NOOPS; asked++) await ftp.command("NOOP", 200);
    }));
    assert(replies.count < COMMANDS, "The neighbours waited for the whole pipeline");
  };
}

function newcomerFirst({ prepare, before, command }: SilentTransfer): Case {
  return async (target) => {
    await prepare(target);
    const own = await target.own({}); // whose only client is this one
    const ftp = await own.login();
    for (const line of before) await ftp.command(line, [200, 350]);
    const data = await ftp.begin(command);
    const newcomer = await own.login();
    await newcomer.command("NOOP", 200);
    await ftp.send("ABOR");
    assertEquals(await ftp.finals(2), [426, 226], "The newcomer waited for the whole transfer");
    closeQuietly(data);
  };
}

function stopsBetween({ prepare, line }: typeof PIPELINES[string]): Case {
  return async (target) => {
    await prepare(target);
    const own = await target.own({ maxWorkers: 2 });
    const replies = await begin(own, line);
    await eventually("the first reply is there", () => replies.count > 0);
    await own.serving.stop(0);
    await replies.ended;
    assert(replies.count < COMMANDS, "The stop waited for the whole pipeline");
  };
}

/** The cases by name. */
export const fairness: Cases = {
  ...Object.fromEntries(
    Object.entries(PIPELINES).map(([name, pipeline]) => [
      `${name} in a pipeline holds up nobody else`,
      neighboursFirst(pipeline),
    ]),
  ),
  ...Object.fromEntries(
    ["SIZE in TYPE A", "STAT of a large folder"].map((name) => [
      `${name} in a pipeline holds up no stop`,
      stopsBetween(PIPELINES[name]!),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(SILENT_TRANSFERS).map(([name, transfer]) => [
      `${name} holds up no newcomer`,
      newcomerFirst(transfer),
    ]),
  ),

  "the replies of a costly pipeline leave as they are made": async (target) => {
    await costlyFile(target);
    const other = await target.login();
    const replies = await begin(target, "SIZE big");
    let early = false;
    while (replies.count < COMMANDS && !early) {
      await other.command("NOOP", 200);
      early = replies.count > 0 && replies.count < COMMANDS;
    }
    assert(early, "All replies came at once");
  },

  "a client that reads nothing has no command carried out for it": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    const other = await target.login();
    // Each reply is longer than its command; the last is seen only when all before it are read.
    const flood = octets("HELP\r\n".repeat(FLOOD_COMMANDS));
    const sending = ftp.send(flood).then(() => ftp.send("MKD d/late")).catch(() => {});
    for (let turn = 0; turn < FLOOD_TURNS; turn++) await other.command("NOOP", 200);
    assert(!(await target.names("d")).includes("late"), "Replies are kept without a limit");
    ftp.close();
    await sending;
  },
};
