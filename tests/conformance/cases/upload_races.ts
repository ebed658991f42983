/**
 * Uploads that others reach into: a complete file is what one client sent, whole and unmixed, and
 * a 226 is never a lie, whatever happens meanwhile to names and folders.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { assertBytes, closeQuietly, type Conversation, octets, writeAll } from "../client.ts";
import { inLanes } from "../lanes.ts";
import { type Case, type Cases, type Target } from "../target.ts";

/** Looks at a file until it has grown: what was sent is written a moment later. */
const LOOKS_MAX = 2_000;

/** Clients that store under one name, and how often each does. */
const WRITERS = 6, ROUNDS = 30;

/** What each of them sends at a time, and how often for one file. */
const PIECE_BYTES = 200, PIECES = 2;

const LETTERS = octets("abcdef");

/** Resolves when the file `name` has `length` octets. */
async function grown(target: Target, name: string, length: number): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (await Deno.stat(target.path(name)).then(({ size }) => size === length, () => false)) return;
    await new Promise((resume) => setTimeout(resume, 1));
  }
  throw new Error(`"${name}" never had ${length} octets`);
}

/** An upload of `name` of which 100 octets have been written. */
async function uploading(target: Target, name: string) {
  const ftp = await target.login();
  const data = await ftp.begin(`STOR ${name}`);
  await writeAll(data, octets("a".repeat(100)));
  const partial = name.replace(/([^/]+)$/, ".$1.ftplab-part");
  await grown(target, partial, 100);
  return { ftp, data, partial };
}

/** Ends an upload that must succeed, and looks at what it made. */
async function completes(
  target: Target,
  { ftp, data }: Awaited<ReturnType<typeof uploading>>,
  name: string,
): Promise<void> {
  data.close();
  await ftp.reply(226);
  assertEquals(await target.readText(name), "a".repeat(100));
}

/** Such names are the server's own: nobody may give them (553), or this one is in use (450). */
const OWN_NAMES = [450, 553];

/** Commands that would change the partial file ".up.ftplab-part" of a running upload. */
const TOUCHING: Readonly<Record<string, (ftp: Conversation) => Promise<unknown>>> = {
  "DELE": (ftp) => ftp.command("DELE .up.ftplab-part", 450),
  "DELE by a link to the folder": (ftp) => ftp.command("DELE link/.up.ftplab-part", 450),
  "RNFR": async (ftp) => {
    const { code } = await ftp.command("RNFR .up.ftplab-part", [350, 450]);
    if (code === 350) await ftp.command("RNTO elsewhere", 450);
  },
  "RNTO": async (ftp) => {
    await ftp.command("RNFR other", 350);
    await ftp.command("RNTO .up.ftplab-part", OWN_NAMES);
  },
  "SITE CHMOD": (ftp) => ftp.command("SITE CHMOD 600 .up.ftplab-part", 450),
  "MFMT": (ftp) => ftp.command("MFMT 20200101000000 .up.ftplab-part", 450),
  "RMD": (ftp) => ftp.command("RMD .up.ftplab-part", [450, 550]),
  "STOR of the partial itself": (ftp) => ftp.refused("STOR .up.ftplab-part", OWN_NAMES),
  "APPE of the partial itself": (ftp) => ftp.refused("APPE .up.ftplab-part", OWN_NAMES),
  "STOR": (ftp) => ftp.refused("STOR up", 450),
  "APPE": (ftp) => ftp.refused("APPE up", 450),
  "REST and STOR": async (ftp) => {
    const data = await ftp.passive();
    await ftp.command("REST 50", 350);
    await ftp.command("STOR up", 450);
    closeQuietly(data);
  },
};

function isUntouched(touch: (ftp: Conversation) => Promise<unknown>, workers?: number): Case {
  return async (target) => {
    const server = workers === undefined ? target : await target.own({ workers });
    await target.write("other", "other");
    await Deno.symlink(".", target.path("link"));
    const upload = await uploading(server, "up");
    // Several: with more than one worker some of them are beside the upload, others are not.
    for (let count = 0; count < (workers ?? 1); count++) await touch(await server.login());
    await completes(target, upload, "up");
    await target.holds("link", "other", "up");
    assertEquals(await target.readText("other"), "other");
  };
}

/** Whether all of `bytes` are one letter; who stored them is known by it. */
function isOneLetter(bytes: Uint8Array): boolean {
  return bytes.every((octet) => octet === bytes[0]);
}

/** Stores `letter` again and again by `command`; how often it was let. */
async function storesLetter(target: Target, command: string, letter: number): Promise<number> {
  const ftp = await target.login();
  const piece = new Uint8Array(PIECE_BYTES).fill(letter);
  let stored = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const data = await ftp.passive();
    const { code } = await ftp.command(command, [125, 150, 450]);
    if (code < 200) {
      // A server that wants no more of it says so in the reply.
      for (let count = 0; count < PIECES; count++) await writeAll(data, piece).catch(() => {});
      closeQuietly(data);
      await ftp.reply(226, command);
      stored++;
    } else closeQuietly(data);
  }
  return stored;
}

/** Lets all writers store at once; how often they were let. */
async function race(target: Target, command: string): Promise<number> {
  let stored = 0;
  await inLanes(LETTERS, WRITERS, async (letter) => {
    const count = await storesLetter(target, command, letter);
    stored += count; // not "stored += await ...", which would read it too early
  });
  return stored;
}

/** Looks at "s" whenever it can, until `run` is through. */
async function watched(
  target: Target,
  check: (bytes: Uint8Array) => void,
  run: Promise<unknown>,
): Promise<void> {
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const bytes = await target.read("s").catch(() => undefined); // it is not there at first
      if (bytes !== undefined) check(bytes);
      await new Promise((resume) => setTimeout(resume, 1));
    }
  })();
  await Promise.all([watching, run.finally(() => isOver = true)]);
  check(await target.read("s"));
}

function wholeFilesOnly(workers?: number): Case {
  return async (target) => {
    const server = workers === undefined ? target : await target.own({ workers });
    const whole = (bytes: Uint8Array) => {
      assertEquals(bytes.length, PIECES * PIECE_BYTES, "Length of a complete file");
      assert(isOneLetter(bytes), "Two uploads are mixed");
    };
    await watched(server, whole, race(server, "STOR s"));
    await target.holds("s");
  };
}

/** What is appended may be seen while it grows, so only the end is looked at. */
function wholePiecesOnly(workers?: number): Case {
  return async (target) => {
    const server = workers === undefined ? target : await target.own({ workers });
    const length = PIECES * PIECE_BYTES;
    const stored = await race(server, "APPE s");
    const bytes = await target.read("s");
    assertEquals(bytes.length, stored * length);
    for (let at = 0; at < bytes.length; at += length) {
      assert(isOneLetter(bytes.subarray(at, at + length)), "Two uploads are mixed");
    }
    await target.holds("s");
  };
}

/** The cases by name. */
export const uploadRaces: Cases = {
  ...Object.fromEntries(
    Object.entries(TOUCHING).map(([name, touch]) => [
      `${name} leaves a running upload alone`,
      isUntouched(touch),
    ]),
  ),

  "DELE leaves a running upload alone, with 4 workers": isUntouched(TOUCHING.DELE!, 4),

  "STOR by six clients under one name makes whole files only": wholeFilesOnly(),

  "STOR by six clients under one name makes whole files only, with 4 workers": wholeFilesOnly(4),

  "APPE by six clients to one name adds whole pieces only": wholePiecesOnly(),

  "APPE by six clients to one name adds whole pieces only, with 4 workers": wholePiecesOnly(4),

  "a partial that nobody uploads to may be deleted and renamed": async (target) => {
    const ftp = await target.login();
    for (const name of ["one", "two"]) {
      const upload = await uploading(target, name);
      await upload.ftp.send("ABOR");
      assertEquals(await upload.ftp.finals(2), [426, 226]);
    }
    await ftp.command("DELE .one.ftplab-part", 250);
    await ftp.command("RNFR .two.ftplab-part", 350);
    await ftp.command("RNTO three", 250);
    await target.holds("three");
  },

  "a partial replaced on the disk is not committed": async (target) => {
    const upload = await uploading(target, "up");
    await Deno.remove(target.path(".up.ftplab-part"));
    await target.write(".up.ftplab-part", "foreign");
    upload.data.close();
    const { code } = await upload.ftp.reply([226, 426, 450, 451, 550, 553]);
    const isThere = (await target.names()).includes("up");
    if (code === 226) assertEquals(await target.readText("up"), "a".repeat(100));
    else assert(!isThere, "Refused, and yet something took the name");
  },

  "a partial removed on the disk is no complete upload": async (target) => {
    await target.write("up", "old");
    const upload = await uploading(target, "up");
    await Deno.remove(target.path(".up.ftplab-part"));
    upload.data.close();
    const { code } = await upload.ftp.reply([226, 426, 450, 451, 550, 553]);
    assertEquals(await target.readText("up"), code === 226 ? "a".repeat(100) : "old");
  },

  "a folder renamed under an upload takes it along, or the upload fails": async (target) => {
    await target.mkdir("d");
    const upload = await uploading(target, "d/up");
    const other = await target.login();
    await other.command("RNFR d", 350);
    const { code: renamed } = await other.command("RNTO e", [250, 450]);
    if (renamed === 450) return await completes(target, upload, "d/up");
    await other.command("MKD d", 257);
    await other.put("STOR d/up", octets("b".repeat(7)));
    upload.data.close();
    const { code } = await upload.ftp.reply([226, 426, 450, 451, 550, 553]);
    assertEquals(await target.readText("d/up"), "b".repeat(7));
    if (code === 226) assertEquals(await target.readText("e/up"), "a".repeat(100));
    else assert(!(await target.names("e")).includes("up"));
  },

  "two STOUs and a STOR of the same name keep apart": async (target) => {
    const [one, two] = [await target.login(), await target.login()];
    const data = await one.passive();
    const { text } = await one.command("STOU", [125, 150]);
    const name = /FILE: (?:.*\/)?([^/\s]+)/.exec(text)![1]!;
    await writeAll(data, octets("first"));
    await two.refused(`STOR ${name}`, 450);
    data.close();
    await one.reply([226, 250]);
    assertBytes(await target.read(name), octets("first"));
    await target.holds(name);
  },
};
