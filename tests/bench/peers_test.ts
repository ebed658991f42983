/**
 * Each peer that is on this machine, started as the benchmark does, in a dialogue; and the load's
 * twins in the same. FTPLAB_PEERS_ROOT names a folder in which further packages were unpacked,
 * as --peers-root does.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join, resolve } from "@std/path";
import { contentBlock, createContentFile } from "../../bench/load/content.ts";
import { findProgram } from "../../bench/peers/machine.ts";
import { type Located, type Peer, PEERS } from "../../bench/peers/mod.ts";
import { cardOf } from "../../bench/run/cast.ts";
import { processTree } from "../../bench/run/process_figures.ts";
import { type Folders, StartError, startServer } from "../../bench/run/server_process.ts";
import type { PeerSubject } from "../../bench/run/subjects.ts";
import { makeFolders } from "../../bench/run/workplace.ts";
import { nativeLoad } from "../../bench/load/process.ts";
import { startTwin, TWIN_WAYS } from "../../bench/load/twins.ts";
import { models } from "../../models/mod.ts";
import { Child, isThere, runs } from "../child.ts";
import { assertBytes, Conversation, type Endpoint, readAll } from "../conformance/client.ts";
import { eventually } from "../eventually.ts";
import { absent } from "../peers/program.ts";
import { missing, testWith } from "../permission.ts";
import { withEnvironment, withProgram } from "./environment.ts";
import { NEEDS, noCompiler } from "./needs.ts";

/** Not the address that everything is on: a peer has to answer on the one that it is told. */
const HOST = "127.0.0.3";

/** More than a segment of the loopback, less than any socket's buffer. */
const SIZE = 100_001;

/** A folder as the benchmark serves it, with one file, and one for a peer's state. */
async function withFolders(run: (folders: Folders) => Promise<void>): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "ftplab-peers-" });
  try {
    const folders = await makeFolders(work);
    await createContentFile(join(folders.root, "small.bin"), SIZE);
    await run(folders);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Logs in as the load does: USER may be enough, but PASS is always sent. */
async function logIn(endpoint: Endpoint): Promise<Conversation> {
  const ftp = await Conversation.connect(endpoint);
  await ftp.reply(220);
  await ftp.command("USER anonymous", [230, 331]);
  await ftp.command("PASS load@localhost", 230);
  await ftp.command("TYPE I", 200);
  return ftp;
}

async function assertServes(peer: Peer, located: Located): Promise<void> {
  await withFolders(async (folders) => {
    const { kind, id, title, idleMax } = peer;
    const subject = { kind, id, title, sessionsMax: idleMax, located };
    const server = await startServer(subject, folders, HOST);
    let ended = false;
    try {
      assertMatch(server.introduction, /^220/);
      const ftp = await logIn(server);
      assertBytes(await ftp.fetch("RETR small.bin"), contentBlock(0, SIZE));
      const sent = contentBlock(0, 20_000);
      await ftp.put("STOR incoming/sent", sent);
      assertBytes(await Deno.readFile(join(folders.root, "incoming/sent")), sent);
      const newer = sent.subarray(8, 10_008);
      if (peer.keepsFiles === undefined) await ftp.put("STOR incoming/sent", newer);
      else await ftp.refused("STOR incoming/sent", 550);
      const kept = await Deno.readFile(join(folders.root, "incoming/sent"));
      assertBytes(kept, peer.keepsFiles === undefined ? newer : sent);
      await ftp.command("NOOP", 200);

      // A second session is still open when the server is stopped: nothing of it may stay.
      const open = await logIn(server);
      await ftp.command("QUIT", 221);
      await ftp.end();
      const tree = processTree(server.pid);
      await server.stop();
      ended = true;
      assertEquals(tree.filter(isThere), [], `${tree.length} processes before`);
      for (const conversation of [ftp, open]) conversation.close();
    } finally {
      if (!ended) await server.stop();
    }
  });
}

// Looking for peers takes permissions too; without them each test says which it lacks.
const blind = missing(NEEDS).length > 0;
const extra = blind ? undefined : Deno.env.get("FTPLAB_PEERS_ROOT");
for (const peer of PEERS) {
  const located = blind
    ? undefined
    : await peer.locate(extra === undefined ? [] : [resolve(extra)]);
  const skip = blind || located !== undefined ? undefined : `not found: ${peer.missing}`;
  testWith(
    NEEDS,
    `peer ${peer.id} serves a login, a download, two uploads to a name, and ends whole`,
    async () => {
      assert(located !== undefined);
      assertMatch(located.version, /^\d+\.\d/);
      const { kind, id, title, idleMax } = peer;
      const subject = { kind, id, title, sessionsMax: idleMax, located };
      const { configuration } = await cardOf(subject, extra === undefined ? [] : [extra]);
      assert(extra === undefined || !configuration!.includes(extra), configuration);
      await assertServes(peer, located);
    },
    skip,
  );
}

/** A peer in Python, which is told where to listen. */
function inPython(script: string): PeerSubject {
  const located: Located = {
    version: "1",
    prepare: ({ host, port }) =>
      Promise.resolve({
        command: ["python3", "-c", script, host, String(port)],
        configuration: "",
      }),
  };
  return { kind: "peer", id: "python", title: "Python", sessionsMax: 1, located };
}

/** Listens, and has nothing to say to whoever comes. */
const MUTE = `
import socket, sys, time
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
time.sleep(60)
`;

testWith(NEEDS, "startServer ends a server that listens and does not greet in time", async () => {
  await withFolders(async (folders) => {
    const { message } = await assertRejects(
      () => startServer(inPython(MUTE), folders, HOST, [], 1_000),
      StartError,
    );
    assertEquals(message, "it did not serve within 1 s");
  });
}, absent("python3"));

/** Greets, has a session in a process of its own, and ends by no SIGTERM. */
const STUBBORN = `
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
  time.sleep(60)
  os._exit(0)
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
  connection, _ = listener.accept()
  connection.sendall(b"220 There\\r\\n")
  connection.close()
`;

testWith(NEEDS, "a server that has to be killed leaves no session behind", async () => {
  await withFolders(async (folders) => {
    const server = await startServer(inPython(STUBBORN), folders, HOST);
    const tree = processTree(server.pid);
    await server.stop();
    assertEquals(tree.length, 2);
    await eventually("all of it has ended", () => !tree.some(runs));
  });
}, absent("python3"));

/** A server that is not told any more when its parent ends, as one that has changed its user. */
const FORGETFUL = `
  $| = 1;
  syscall($ARGV[0], 1, 0, 0, 0, 0);
  select(undef, undef, undef, 0.2);
  print "started\\n";
  sleep 60;
`;

const noPerl = blind || await findProgram("perl", []) !== undefined
  ? undefined
  : "there is no perl";

testWith(
  NEEDS,
  "the reaper takes its server along when whoever started both is killed",
  async () => {
    const reaper = fromFileUrl(new URL("../../bench/peers/reaper.pl", import.meta.url));
    const prctl = { x86_64: "157", aarch64: "167" }[Deno.build.arch];
    const run = 'perl "$0" "$1" perl -e "$2" "$1" & wait';
    await using starter = new Child("sh", ["-c", run, reaper, prctl, FORGETFUL]);
    await starter.stdout.match(/started/);
    const tree = processTree(starter.pid);
    assertEquals(tree.length, 3);
    starter.kill("SIGKILL");
    await eventually("all of it has ended", () => !tree.some(runs));
  },
  noPerl,
);

const RUNGS = [0, 1, 2, 3, 4].map((rung) => ["uring", rung] as const);

for (const [way, rung] of [...TWIN_WAYS.map((way) => [way, undefined] as const), ...RUNGS]) {
  const name = rung === undefined ? way : `${way}, rung ${rung}`;
  testWith(
    NEEDS,
    `the twin over ${name} speaks the load's dialogue, session by session`,
    async () => {
      await withFolders(async ({ root }) => {
        const twin = await startTwin(way, HOST, join(root, "small.bin"), rung);
        if ("unavailable" in twin) {
          assertEquals(way, "uring", twin.unavailable);
          assertMatch(
            twin.unavailable,
            /io_uring_setup: (Operation not permitted|Function not impl)/,
          );
          return;
        }
        try {
          const endpoint = { host: HOST, port: twin.port };
          const [one, other] = [await logIn(endpoint), await logIn(endpoint)];
          for (const ftp of [one, other, one]) {
            assertBytes(await ftp.fetch("RETR small.bin"), contentBlock(0, SIZE));
            await ftp.put("STOR incoming/sent", contentBlock(0, 2_000_000));
            await ftp.command("NOOP", 200);
          }
          // Commands in pieces and two at once, one that is unknown, one too long.
          await one.send(new TextEncoder().encode("NO"));
          await one.command("OP\r\nTYPE I", 200);
          await one.reply(200);
          await one.command("FEAT", 502);
          await one.command("QUIT", 221);
          await one.end();
          await other.command("x".repeat(510), 502);
          await other.send("x".repeat(512));
          await other.end();
          for (const ftp of [one, other]) ftp.close();
        } finally {
          await twin.stop();
        }
        assert(!await exists(twin.command[0]!), "it is left behind");
      });
    },
    noCompiler,
  );
}

testWith(NEEDS, "startTwin gives the reason when it cannot serve", async () => {
  const missing = await startTwin("epoll", HOST, "/no such file");
  assertEquals(missing, { unavailable: "twin: /no such file: No such file or directory" });
}, noCompiler);

testWith(
  NEEDS,
  "what may not be run where it is compiled is unavailable, and removed",
  async () => {
    const [folder, temporary] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
    const unavailable = "what is compiled may not be run where temporary files are";
    // As on a file system that is mounted noexec.
    const compiler = 'while [ "$1" != -o ]; do shift; done; : > "$2"';
    try {
      await withProgram(
        folder,
        "cc",
        compiler,
        () =>
          withEnvironment({ TMPDIR: temporary }, async () => {
            assertEquals(await startTwin("epoll", HOST, "/etc/passwd"), { unavailable });
            assertEquals([...Deno.readDirSync(temporary)], []);
            assertEquals(await nativeLoad(folder), { unavailable });
          }),
      );
    } finally {
      for (const path of [folder, temporary]) {
        await Deno.remove(path, { recursive: true });
      }
    }
  },
);

testWith(NEEDS, "the twin over uring closes what connects for a session that is over", async () => {
  await withFolders(async ({ root }) => {
    const twin = await startTwin("uring", HOST, join(root, "small.bin"));
    assert(!("unavailable" in twin), JSON.stringify(twin));
    try {
      const descriptors = () => [...Deno.readDirSync(`/proc/${twin.pid}/fd`)].length;
      const endpoint = { host: HOST, port: twin.port };
      const other = await logIn(endpoint);
      const before = descriptors();
      const leaving = await logIn(endpoint);
      const port = await leaving.passivePort();
      await leaving.command("RETR small.bin", 150);
      leaving.close();
      // Whatever came before has been looked at when this is answered.
      await other.command("NOOP", 200);
      const data = await other.dial(port);
      await eventually("all is closed again", () => descriptors() === before);
      assertBytes(await readAll(data), new Uint8Array());
      other.close();
    } finally {
      await twin.stop();
    }
  });
}, noCompiler ?? (blind ? undefined : models.get("uring")!.unavailable()));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
