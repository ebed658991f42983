/**
 * The acts of a transfer by awaiting: turns that others have, connections that come too late, and
 * bugs of ours.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type StartTransfer, Transfer } from "../../../models/driver/transfer.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import { RuntimeConnection } from "../../../models/runtime/data_connection.ts";
import { BLOCKS_BETWEEN_LOOKS } from "../../../models/runtime/sharing.ts";
import type { FileOperation } from "../../../server/mod.ts";
import { StagedStore } from "../../driven/store.ts";
import { Tree } from "../../driven/tree.ts";
import { testWith } from "../../permission.ts";

/** Longer than a block: it is read, and written, in several. */
const OCTETS = Uint8Array.from({ length: 3 * BULK_BYTES + 5 }, (_, index) => index * 31 >> 3);

const HOST = "127.0.0.1";

const OPEN: Readonly<Record<StartTransfer["direction"], FileOperation>> = {
  send: { do: "openRead", path: "/file", offset: 0 },
  receive: {
    do: "openUpload",
    path: "/up",
    partial: "/.up.ftplab-part",
    start: { at: "replace" },
    keepPartial: true,
  },
};

/** Lets everything happen that does not wait for anybody. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** A transfer to a client's listener, with a slot that gives what a test says. */
class Stage implements Disposable {
  readonly listener = Deno.listen({ hostname: HOST, port: 0 });
  readonly tree = new Tree();
  readonly slot = new StagedStore(new VolumeStore(this.tree.volume)).slot();
  readonly transfer: Transfer;
  readonly connection: RuntimeConnection;
  /** Requests to the slot. */
  asked = 0;
  /** What the slot throws. */
  bug: Error | undefined;
  /** What the connection was told to end by. */
  readonly crashes: unknown[] = [];
  /** The first so many reads give nothing. */
  barren = 0;
  /** Turns that others were given. */
  looks = 0;
  /** Blocks before which others might have had theirs. */
  breaths = 0;
  /** The length of the buffer. */
  blockBytes = BULK_BYTES;
  #changed = Promise.withResolvers<void>();

  constructor(readonly direction: StartTransfer["direction"]) {
    const { port } = this.listener.addr as Deno.NetAddr;
    const address = { family: 4, host: HOST, port } as const;
    this.tree.put("/file", OCTETS);
    this.slot.perform(OPEN[direction], (answer) => assertEquals(answer.kind, "opened"));
    this.transfer = new Transfer(address, HOST, Infinity);
    const slot = Object.create(this.slot, {
      read: { value: (...args: Parameters<typeof this.slot.read>) => this.#ask("read", args) },
      write: { value: (...args: Parameters<typeof this.slot.write>) => this.#ask("write", args) },
    });
    this.connection = new RuntimeConnection({
      slot,
      now: () => 1,
      count() {},
      moved() {},
      passive: () => undefined,
      breathe: () => void this.breaths++ as undefined,
      look: () => Promise.resolve(void this.looks++),
      controlAlive: () => Promise.resolve(true),
      advanced: () => {
        if (this.transfer.completion !== undefined && this.transfer.act === "hold") {
          this.transfer.release({ kind: "done" }); // the file of an upload has its name
          this.connection.pursue();
        }
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
      crashed: (error) => void this.crashes.push(error),
    }, this.transfer);
  }

  #ask(what: "read" | "write", args: Parameters<typeof this.slot.read>): void {
    this.asked++;
    if (this.bug !== undefined) throw this.bug;
    if (this.asked <= this.barren) args[1].filled(0, false);
    else this.slot[what](...args);
  }

  /** Connects and starts; the client's end. */
  async start(): Promise<Deno.Conn> {
    const [, client] = await Promise.all([this.changed(), this.listener.accept()]);
    assertEquals(this.transfer.act, "hold");
    this.transfer.start({
      kind: "startTransfer",
      id: 1,
      direction: this.direction,
      user: "writer",
      path: "/file",
      connectTimeoutMs: 1,
      stallTimeoutMs: 1,
    }, {
      length: this.direction === "send" ? OCTETS.length : undefined,
      direct: false,
      buffer: new Uint8Array(this.blockBytes),
    }, 1);
    this.connection.pursue();
    return client;
  }

  /** Something came of the transfer, which is pursued. */
  async changed(): Promise<void> {
    const { promise } = this.#changed;
    this.connection.pursue();
    await promise;
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }
}

async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(conn.readable).arrayBuffer());
}

testWith(["net"], "RuntimeConnection (async) sends a file", async () => {
  using stage = new Stage("send");
  assertEquals(await readAll(await stage.start()), OCTETS);
  assertEquals(stage.asked, 4);
  assertEquals(stage.transfer.completion?.kind, "transferred");
});

testWith(["net"], "RuntimeConnection (async) stores a file", async () => {
  using stage = new Stage("receive");
  const client = await stage.start();
  await new Blob([OCTETS]).stream().pipeTo(client.writable);
  while (stage.transfer.act !== "over") await settled();
  stage.slot.perform({ do: "commitUpload" }, (answer) => assertEquals(answer.kind, "done"));
  assertEquals(stage.tree.file("/up"), OCTETS);
});

testWith(
  ["net"],
  "RuntimeConnection (async) takes no bug for a connection that broke",
  async () => {
    using stage = new Stage("send");
    stage.bug = new Error("a bug");
    const client = await stage.start();
    await settled();
    assertEquals([stage.crashes, stage.transfer.completion], [[stage.bug], undefined]);
    stage.transfer.fail("aborted", "the connection was closed"); // as the driver then does
    stage.connection.pursue();
    assertEquals(await client.read(new Uint8Array(1)), null);
    client.close();
  },
);

testWith(["net"], "RuntimeConnection (async): barren reads let others look", async () => {
  using stage = new Stage("send");
  stage.barren = 3 * BLOCKS_BETWEEN_LOOKS;
  assertEquals(await readAll(await stage.start()), OCTETS);
  assertEquals(stage.looks, 3);
});

testWith(
  ["net"],
  "RuntimeConnection (async) gives others a turn before each block but the first, however small",
  async () => {
    for (const blocks of [3, 12, 48]) {
      using stage = new Stage("send");
      stage.blockBytes = Math.ceil(OCTETS.length / blocks);
      await readAll(await stage.start());
      assertEquals(stage.breaths, blocks - 1);
    }
  },
);

testWith(
  ["net"],
  "RuntimeConnection (async): one that is made too late is not kept open",
  async () => {
    using stage = new Stage("send");
    const { connect } = Deno;
    const made = Promise.withResolvers<Deno.TcpConn>();
    Object.assign(Deno, { connect: () => made.promise });
    try {
      stage.connection.pursue();
      await settled();
    } finally {
      Object.assign(Deno, { connect });
    }
    const { port } = stage.listener.addr as Deno.NetAddr;
    const [conn, client] = await Promise.all([
      Deno.connect({ hostname: HOST, port }),
      stage.listener.accept(),
    ]);
    made.resolve(conn);
    // Before anything hears of the connection, the transfer is ended.
    stage.transfer.fail("aborted", "the transfer was aborted");
    stage.connection.pursue();
    assertEquals(stage.transfer.act, "over");
    assertEquals(await client.read(new Uint8Array(1)), null);
    client.close();
    assert(!stage.transfer.connected);
  },
);

testWith(
  ["net"],
  "RuntimeConnection (async) that is ended while it connects takes the attempt back",
  async () => {
    using stage = new Stage("send");
    const { connect } = Deno;
    let signal: AbortSignal | undefined;
    Object.assign(Deno, {
      connect: (options: Deno.ConnectOptions) => {
        signal = options.signal;
        return new Promise(() => {});
      },
    });
    try {
      stage.connection.pursue();
      await settled();
    } finally {
      Object.assign(Deno, { connect });
    }
    assertEquals(signal?.aborted, false);
    stage.transfer.fail("aborted", "the transfer was aborted");
    stage.connection.pursue();
    assertEquals([stage.transfer.act, signal?.aborted], ["over", true]);
  },
);
