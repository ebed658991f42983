/**
 * The wire of async over a real control connection and a tree in memory: what becomes of the buffer
 * of a transfer that is ended while a call of the runtime still has it, of unread input, and of what
 * is said during an upload.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { PassivePool } from "../../../models/driver/passive.ts";
import { Replies } from "../../../models/driver/replies.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { CONTROL_BYTES } from "../../../models/limits.ts";
import { Counters } from "../../../models/pool/counters.ts";
import { type AsyncPassive, peerOf } from "../../../models/runtime/passive.ts";
import { openPulse } from "../../../models/runtime/pulse.ts";
import { CALLS, Sharing } from "../../../models/runtime/sharing.ts";
import { AsyncWire } from "../../../models/runtime/wire.ts";
import { QUEUED_COMMANDS_MAX } from "../../../server/ftp/limits.ts";
import { ftp } from "../../../server/ftp/mod.ts";
import { Conversation, octets, writeAll } from "../../conformance/client.ts";
import { TestAdmission, TestLink } from "../../driven/link.ts";
import { PASSWORDS, SETTINGS } from "../../driven/settings.ts";
import { Tree } from "../../driven/tree.ts";
import { testWith } from "../../permission.ts";

const HOST = "127.0.0.1";

/** A client that is logged in, TYPE I, and what is on the other side of its connection. */
interface Scene {
  readonly client: Conversation;
  /** The server's end of its connection. */
  readonly conn: Deno.TcpConn;
  readonly link: TestLink;
  readonly tree: Tree;
  /** Resolves when the server is done with the client. */
  readonly served: Promise<void>;
  /** What the wire shares with those of others. */
  readonly sharing: Sharing;
  /** What the first transfer has as its buffer. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/** Serves the client of one scene, who has said nothing yet if it is not `loggedIn`. */
async function serving(
  play: (scene: Scene) => Promise<void>,
  loggedIn = true,
  settings = SETTINGS,
): Promise<void> {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const pulse = await openPulse({ host: HOST });
  const sharing = new Sharing(new Counters(Object.keys(CALLS)), pulse, () => true);
  const buffer = sharing.takeBuffer();
  sharing.giveBuffer(buffer);
  const tree = new Tree();
  tree.put("/file", new Uint8Array(1_000));
  const link = new TestLink(settings);
  const admission = new TestAdmission();
  admission.admit(HOST);
  const [client, conn] = await Promise.all([
    Conversation.connect({ host: HOST, port: listener.addr.port }),
    listener.accept(),
  ]);
  const passive = new PassivePool<AsyncPassive>([1, 1], 1, () => 0, () => undefined);
  const replies = new Replies(link.counters);
  const store = new VolumeStore(tree.volume);
  const tools = { link, store, passive, admission, protocol: ftp, replies };
  const served = new AsyncWire(sharing, tools, conn, peerOf(conn, 1)).serve();
  try {
    await client.reply(220);
    if (loggedIn) {
      await client.command("USER writer", 331);
      await client.command(`PASS ${PASSWORDS["writer"]}`, 230);
      await client.command("TYPE I", 200);
    }
    await play({ client, conn, link, tree, served, sharing, buffer });
  } finally {
    client.close();
    await served;
    sharing.alarm.close();
    pulse.close();
  }
  link.assertSound();
  admission.assertEmpty();
}

/** The body of an HTTP request: more than the server reads at once. */
const BODY = octets(`POST / HTTP/1.1\r\n\r\n${"x".repeat(2 * CONTROL_BYTES)}`);

/** A data connection whose calls do not end with its close, as those of another runtime might. */
class Slow {
  readonly #asked = Promise.withResolvers<void>();
  readonly #answer = Promise.withResolvers<number>();

  /** Resolved by the first call. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  read(): Promise<number> {
    this.#asked.resolve();
    return this.#answer.promise;
  }

  write(): Promise<number> {
    return this.read();
  }

  close(): void {}

  /** The calls end. */
  end(): void {
    this.#answer.resolve(1);
  }
}

/** ABOR, after which nobody is lent the buffer, neither before nor after `late` happens. */
async function aborted({ client, sharing, buffer }: Scene, late: () => void): Promise<void> {
  await client.send("ABOR");
  assertEquals(await client.finals(2), [426, 226]);
  assert(sharing.takeBuffer() !== buffer);
  late();
  await client.command("NOOP", 200);
  assert(sharing.takeBuffer() !== buffer);
}

for (const command of ["RETR file", "STOR up"]) {
  testWith(
    ["net"],
    `AsyncWire lends no buffer that a call of an aborted ${command.slice(0, 4)} still has`,
    () =>
      serving(async (scene) => {
        const data = new Slow();
        const { connect } = Deno;
        await scene.client.command("PORT 127,0,0,1,200,10", 200);
        Object.assign(Deno, { connect: () => Promise.resolve(data) });
        try {
          await scene.client.command(command, 150);
        } finally {
          Object.assign(Deno, { connect });
        }
        await data.asked;
        await aborted(scene, () => data.end());
      }),
  );
}

testWith(
  ["net"],
  "AsyncWire lends the buffer of a transfer that is over to the next",
  () =>
    serving(async ({ client, sharing, buffer }) => {
      const offer = await client.active();
      await client.send("STOR up");
      (await client.accept(offer)).close();
      assertEquals(await client.finals(1), [226]);
      assertStrictEquals(sharing.takeBuffer(), buffer);
    }),
);

testWith(
  ["net"],
  "AsyncWire reads what came before it closes, so that its last reply is heard",
  () =>
    serving(async ({ client }) => {
      await client.command(BODY, 421);
      await client.end();
      await client.send("NOOP"); // which a connection that was reset refuses
    }, false),
);

testWith(
  ["net"],
  "AsyncWire takes no bug for a connection that broke",
  () =>
    serving(async ({ client, conn, link, served }) => {
      const bug = new Error("a bug");
      link.expectsCrashes = true;
      Object.assign(conn, { read: () => Promise.reject(bug) });
      await client.send("NOOP");
      await served;
      assertEquals(link.crashes, [bug]);
    }),
);

/** An upload that has begun, whose client has then said PWD so many times. */
async function uploadUnder({ client }: Scene, commands: number): Promise<Deno.TcpConn> {
  const offer = await client.active();
  await client.send("STOR up");
  const data = await client.accept(offer);
  await client.reply(150);
  await writeAll(data, new Uint8Array(1_000));
  await client.send(octets("PWD\r\n".repeat(commands)));
  return data;
}

/** More commands than are queued, about as many as are held, and more than that. */
const MANY = [QUEUED_COMMANDS_MAX + 10, Math.floor(CONTROL_BYTES / "PWD\r\n".length)];
const MORE = 5_000;

for (const commands of MANY) {
  testWith(
    ["net"],
    `AsyncWire stores no upload of a client that has gone, with ${commands} commands before`,
    () =>
      serving(async (scene) => {
        const data = await uploadUnder(scene, commands);
        scene.client.conn.close();
        data.close();
        await scene.served;
        assert(!scene.tree.has("/up"));
      }),
  );
}

for (const commands of [...MANY, MORE]) {
  testWith(
    ["net"],
    `AsyncWire answers ${commands} commands behind the upload that they were said in`,
    () =>
      serving(async (scene) => {
        const { client, tree } = scene;
        const data = await uploadUnder(scene, commands);
        data.close();
        assertEquals(await client.finals(1 + commands), [226, ...Array(commands).fill(257)]);
        assertEquals(tree.file("/up")?.length, 1_000);
      }),
  );
}

testWith(
  ["net"],
  "AsyncWire answers what was said before a client that uploads half-closes, and stores nothing",
  () =>
    serving(async (scene) => {
      const { client, tree } = scene;
      const data = await uploadUnder(scene, MANY[0]!);
      await client.conn.closeWrite();
      data.close();
      assertEquals(await client.finals(1 + MANY[0]!), [426, ...Array(MANY[0]!).fill(257)]);
      await client.end();
      assert(!tree.has("/up"));
    }),
);
