/**
 * The data connection as a pure machine, when something fails: every failure at every act, answers
 * that come too late, strangers, deadlines, clients that have gone. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Act, Transfer } from "../../../models/driver/transfer.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import type { Failure } from "../../../server/mod.ts";
import {
  ADDRESS,
  Bench,
  CHUNKINGS,
  CLIENT,
  CONNECT_MS,
  effectOf,
  NETWORK_TEXT,
  type Plan,
  STALL_MS,
  TEXT,
  TO_NETWORK,
} from "./transfer_bench.ts";

// --- every failure at every act ---

interface Trouble {
  readonly name: string;
  cause(transfer: Transfer): void;
  /** What it is called before and after the data connection is made. */
  readonly before: Failure;
  readonly after: Failure;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: "fails",
    cause: (transfer) => transfer.fail("tooMany", "said so"),
    before: "tooMany",
    after: "tooMany",
  },
  {
    name: "times out",
    cause: (transfer) => transfer.timeout(),
    before: "noConnection",
    after: "stalled",
  },
  {
    name: "is aborted",
    cause: (transfer) => transfer.fail("aborted", "the transfer was aborted"),
    before: "aborted",
    after: "aborted",
  },
  {
    name: "has a socket that fails",
    cause: (transfer) => transfer.socketFailed("connection reset by peer"),
    before: "noConnection",
    after: "reset",
  },
  {
    name: "has a file that fails",
    cause: (transfer) => transfer.fileFailed("noSpace", "no space left on device"),
    before: "noSpace",
    after: "noSpace",
  },
];

/** A plan that comes to each act. */
const REACHED: Readonly<Record<Exclude<Act, "close" | "over">, Plan>> = {
  accept: { direction: "send", source: TEXT },
  connect: { direction: "send", source: TEXT },
  hold: { direction: "send", source: TEXT },
  move: { direction: "send", direct: true, source: TEXT },
  read: { direction: "send", source: TEXT },
  send: { direction: "send", source: TEXT },
  receive: { direction: "receive", source: TEXT },
  write: { direction: "receive", source: TEXT },
  look: { direction: "receive", source: "" },
};

/** A machine at `act`; before `hold` is over none was started. */
function machineAt(act: keyof typeof REACHED): { transfer: Transfer; bench?: Bench } {
  if (act === "connect" || act === "hold") {
    const transfer = new Transfer(ADDRESS, CLIENT, 1_300);
    if (act === "hold") transfer.madeConnection(1_000);
    return { transfer };
  }
  const bench = new Bench(REACHED[act]).until(act);
  return { transfer: bench.transfer, bench };
}

/** Answers to every act. */
const ANSWERS: Readonly<Record<string, (transfer: Transfer) => void>> = {
  accepted: (transfer) => assert(!transfer.accepted(CLIENT, 2_000)),
  madeConnection: (transfer) => transfer.madeConnection(2_000),
  moved: (transfer) => transfer.moved(5, 2_000),
  "moved to the end": (transfer) => transfer.moved(0, 2_000),
  immovable: (transfer) => transfer.immovable(),
  sent: (transfer) => transfer.sent(5, 2_000),
  received: (transfer) => transfer.received(5, 2_000),
  "received to the end": (transfer) => transfer.received(0, 2_000),
  filled: (transfer) => transfer.filled(5, false),
  "filled to the end": (transfer) => transfer.filled(0, true),
  written: (transfer) => transfer.written(),
  controlSeen: (transfer) => transfer.controlSeen(true),
  "controlSeen gone": (transfer) => transfer.controlSeen(false),
  fileFailed: (transfer) => transfer.fileFailed("io", "input/output error"),
  timeout: (transfer) => transfer.timeout(),
  socketFailed: (transfer) => transfer.socketFailed("broken pipe"),
};

const UNCONNECTED: readonly string[] = ["accept", "connect"];

for (const act of Object.keys(REACHED) as (keyof typeof REACHED)[]) {
  for (const { name, cause, before, after } of TROUBLES) {
    Deno.test(`Transfer: one that ${name} at "${act}" closes, then is over, and nothing counts any more`, () => {
      const { transfer } = machineAt(act);
      const { octets } = transfer;
      cause(transfer);
      const failure = UNCONNECTED.includes(act) ? before : after;
      const { completion } = transfer;
      assert(completion?.kind === "failed");
      assertEquals(completion.failure, failure);
      assert(completion.detail !== "");
      assertEquals([transfer.act, transfer.deadline], ["close", Infinity]);
      const unmoved = () => {
        for (const answer of Object.values(ANSWERS)) answer(transfer);
        for (const other of TROUBLES) other.cause(transfer);
        transfer.park();
        transfer.heardOut(true);
        assertEquals(transfer.completion, completion);
        assertEquals(transfer.octets, octets);
      };
      unmoved();
      assertEquals(transfer.act, "close");
      transfer.closed();
      unmoved();
      assertEquals([transfer.act, transfer.connected], ["over", false]);
    });
  }

  Deno.test(`Transfer: an answer to another act than "${act}" is a mistake of the wire`, () => {
    const own: Readonly<Record<string, readonly string[]>> = {
      accept: ["accepted"],
      connect: ["madeConnection"],
      move: ["moved", "moved to the end", "immovable"],
      read: ["filled", "filled to the end"],
      send: ["sent"],
      receive: ["received", "received to the end"],
      write: ["written"],
      look: ["controlSeen", "controlSeen gone"],
      hold: [],
    };
    const always = ["fileFailed", "timeout", "socketFailed"];
    for (const [name, answer] of Object.entries(ANSWERS)) {
      if (own[act]!.includes(name) || always.includes(name)) continue;
      const { transfer } = machineAt(act);
      assertThrows(() => answer(transfer), Error, `while the act is "${act}"`, name);
    }
    assertThrows(() => machineAt(act).transfer.closed(), Error, `while the act is "${act}"`);
  });
}

// --- strangers, deadlines, the end of an upload ---

Deno.test("Transfer: a stranger's connection is refused, and the rightful one is taken", () => {
  const bench = new Bench({ direction: "send", source: TEXT });
  const { transfer } = bench;
  for (const host of ["192.0.2.2", "::1", ""]) {
    assert(!transfer.accepted(host, 1_100));
    assertEquals([transfer.act, transfer.connected], ["accept", false]);
    assertEquals(transfer.deadline, 1_000 + CONNECT_MS);
  }
  assertEquals(bench.run().kind, "transferred");
});

Deno.test("Transfer: each octet that moves puts the deadline off, and nothing else does", () => {
  const bench = new Bench({ direction: "send", source: TEXT, chunks: [1], hesitates: true });
  const { transfer } = bench;
  bench.until("read");
  assertEquals(transfer.deadline, 1_000 + STALL_MS);
  bench.now = 1_500;
  transfer.filled(0, false);
  assertEquals([transfer.act, transfer.deadline], ["read", 1_000 + STALL_MS]);
  bench.until("send");
  assertEquals(transfer.deadline, 1_000 + STALL_MS);
  bench.step();
  assertEquals(transfer.deadline, 1_500 + STALL_MS);
});

/** A download in TYPE A from an offset, octet by octet. */
function downloadFrom(skip: number): Bench {
  const lines = { to: "network", skip } as const;
  return new Bench({ direction: "send", lines, source: TEXT, chunks: [1] });
}

Deno.test("Transfer: it does not stand still while the file is read and nothing is to be sent", () => {
  const reading = downloadFrom(NETWORK_TEXT.length).until("read");
  reading.step();
  reading.transfer.timeout();
  assertEquals([reading.transfer.act, reading.transfer.deadline], ["read", 1_000 + 2 * STALL_MS]);
  const sending = downloadFrom(1).until("send");
  sending.step();
  for (const { transfer } of [reading, sending]) {
    transfer.timeout();
    const { completion } = transfer;
    assert(completion?.kind === "failed");
    assertEquals(completion.failure, "stalled");
  }
});

for (const [chunking, chunks] of Object.entries(CHUNKINGS)) {
  Deno.test(`Transfer: a file that ends before its offset in TYPE A fails [${chunking}]`, () => {
    const from = (skip: number) => {
      const lines = { to: "network", skip } as const;
      return new Bench({ direction: "send", lines, source: TEXT, chunks }).run();
    };
    assertEquals(from(NETWORK_TEXT.length), { kind: "transferred", octets: 0 });
    const completion = from(NETWORK_TEXT.length + 1);
    assert(completion.kind === "failed");
    assertEquals(completion.failure, "badOffset");
  });
}

Deno.test("Transfer: before its start it waits for as long as the session takes", () => {
  const transfer = new Transfer(ADDRESS, CLIENT, 1_300);
  assertEquals(transfer.deadline, 1_300);
  transfer.madeConnection(1_100);
  assertEquals([transfer.act, transfer.deadline, transfer.connected], ["hold", Infinity, true]);
});

Deno.test("Transfer: a session that says start before the connection is made waits for it", () => {
  const transfer = new Transfer(ADDRESS, CLIENT, 1_300);
  const means = { length: 3, direct: true, buffer: new Uint8Array(BULK_BYTES) };
  transfer.start(effectOf("send"), means, 1_000);
  assertEquals([transfer.act, transfer.startedAt], ["connect", 1_000]);
  transfer.madeConnection(1_200);
  assertEquals([transfer.act, transfer.deadline], ["move", 1_200 + STALL_MS]);
});

for (const direct of [true, false]) {
  const by = direct ? "by the kernel" : "through a buffer";
  Deno.test(`Transfer: an upload whose client is gone is no whole file, ${by}`, () => {
    const gone = new Bench({ direction: "receive", direct, source: TEXT });
    gone.alive = false;
    const completion = gone.run();
    assert(completion.kind === "failed");
    assertEquals(completion.failure, "reset");
  });

  Deno.test(`Transfer: an upload whose client has closed behind QUIT is whole, ${by}`, () => {
    const bench = new Bench({ direction: "receive", direct, source: TEXT }).until("look");
    const { transfer } = bench;
    const { deadline } = transfer;
    bench.alive = false;
    bench.leaving = true;
    assertEquals([transfer.isUnheard, transfer.deadline], [false, 1_000 + STALL_MS]);
    bench.step();
    assertEquals([transfer.act, transfer.isUnheard, transfer.deadline], ["hold", true, deadline]);
    transfer.release({ kind: "done" }); // which nobody says yet
    assert(transfer.isUnheard);
    bench.step();
    assertEquals([transfer.act, transfer.isUnheard, transfer.deadline], ["hold", false, Infinity]);
    assertEquals(bench.run(), { kind: "transferred", octets: TEXT.length });
  });

  Deno.test(`Transfer: an upload does not wait for a last word for ever, ${by}`, () => {
    const bench = new Bench({ direction: "receive", direct, source: TEXT }).until("look");
    bench.alive = false;
    bench.step();
    bench.transfer.timeout();
    bench.transfer.heardOut(true);
    const completion = bench.run();
    assert(completion.kind === "failed");
    assertEquals(completion.failure, "stalled");
  });

  Deno.test(`Transfer: of a download the control connection is not asked for, ${by}`, () => {
    const bench = new Bench({ direction: "send", direct, source: TEXT });
    bench.alive = false;
    assertEquals(bench.run(), { kind: "transferred", octets: TEXT.length });
  });
}

Deno.test("Transfer.park: what lies in the shared buffer is copied, and only once", () => {
  const bench = new Bench({ direction: "send", source: TEXT }).until("send");
  const { transfer } = bench;
  const inBuffer = () => transfer.chunk.buffer === transfer.buffer.buffer;
  assert(inBuffer());
  transfer.sent(10, 1_000);
  assert(inBuffer());
  transfer.park();
  assert(!inBuffer());
  const { chunk } = transfer;
  transfer.park();
  assertEquals(transfer.chunk, chunk);
  assert(transfer.chunk === chunk);
  assertEquals(new TextDecoder().decode(chunk), TEXT.slice(10));
});

Deno.test("Transfer.park: a chunk that was made by a conversion needs no copy", () => {
  const bench = new Bench({ direction: "send", lines: TO_NETWORK, source: TEXT }).until("send");
  const { chunk } = bench.transfer;
  bench.transfer.park();
  assert(bench.transfer.chunk === chunk);
});
