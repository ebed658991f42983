/**
 * A data connection over the ring, with real sockets and files: what goes in one chain, what is
 * left when a chain breaks, and that nothing is closed or given back while the kernel uses it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Act, Transfer } from "../../../models/driver/transfer.ts";
import type { FileSlot } from "../../../models/files/contract.ts";
import { PlainChannel } from "../../../models/kernel/channel.ts";
import { PassiveDescriptor } from "../../../models/kernel/sockets.ts";
import * as c from "../../../models/libc/constants.ts";
import { CALL_NAMES, type CallName } from "../../../models/libc/mod.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import { RingConnection } from "../../../models/uring/data_connection.ts";
import { RingMemory } from "../../../models/uring/memory.ts";
import { Owner, type Stage, STAGE_ENTRIES, stageTest } from "./stage.ts";

const PIECE_BYTES = 4_096, HOST = "127.0.0.1";

/** <asm-generic/socket.h> */
const SO_SNDBUF = 7;

/** The tag of what the loop tells nobody. */
const NOBODY = 0;

/** How one transfer goes. */
interface Plan {
  readonly direction: "send" | "receive";
  /** What the file has. */
  readonly content?: Uint8Array;
  /** What was announced, if that is not the length of the file. */
  readonly length?: number;
  /** How many have memory of the ring. */
  readonly pieces?: number;
  /** The size of each; PIECE_BYTES unless it is said. */
  readonly pieceBytes?: number;
  /** The connection holds as little as there is. */
  readonly narrow?: true;
  /** Somebody else is there first. */
  readonly stranger?: true;
  /** How many places the ring has when the client comes; others have all that are before them. */
  readonly places?: number;
  /** What the ring says of the file, for a kernel that cannot read it without waiting: -errno. */
  readonly unread?: number;
}

/** A transfer over a passive socket, and its client. */
class Story {
  readonly transfer = new Transfer("passive", HOST, Infinity);
  readonly path = Deno.makeTempFileSync();
  readonly connection: RingConnection;
  readonly client: number;
  readonly stranger: number = -1;
  readonly dataMemory: RingMemory;
  readonly acts: Act[] = [];
  over = false;

  constructor(readonly stage: Stage, plan: Plan) {
    const { direction, content, length, pieces = 4, stranger, places, unread } = plan;
    const { pieceBytes = PIECE_BYTES, narrow } = plan;
    const { loopback } = stage;
    const { libc } = loopback;
    if (content !== undefined) Deno.writeFileSync(this.path, content);
    const file = loopback.open(libc.open(this.path, 2, 0)); // O_RDWR
    const { fd, address } = loopback.listen(HOST, c.SOCK_NONBLOCK);
    if (narrow) libc.setOption(fd, c.SOL_SOCKET, SO_SNDBUF, 1); // inherited
    const { server } = loopback.connect();
    const buffer = new Uint8Array(BULK_BYTES);
    this.dataMemory = new RingMemory(pieceBytes, pieces);
    const owner = new Owner();
    owner.does = (operation, result) => {
      if (places !== undefined && this.transfer.act === "accept") this.#leave(places);
      const said = result === -c.EBADF ? unread ?? result : result;
      this.connection.completed(operation, said);
      this.advance();
    };
    this.connection = new RingConnection(
      stage.dataTools(buffer, this.dataMemory),
      this.transfer,
      fileSlot(libc, unread === undefined ? [file] : [-1, file]),
      address,
      new PlainChannel(libc, server),
      new PassiveDescriptor(libc, fd, address.port, false),
      owner,
    );
    const effect = { kind: "startTransfer", id: 1, direction, user: "", path: "" } as const;
    const timeouts = { connectTimeoutMs: 1e6, stallTimeoutMs: 1e6 };
    const given = direction === "send" ? length ?? content!.length : undefined;
    this.transfer.start({ ...effect, ...timeouts }, { length: given, direct: true, buffer }, 0);
    this.advance();
    if (stranger) {
      this.stranger = loopback.open(libc.socket(4, 0));
      libc.bind(this.stranger, { family: 4, host: "127.0.0.9", port: 0 });
      libc.connect(this.stranger, address);
      libc.setNonBlocking(this.stranger, true);
    }
    this.client = loopback.open(libc.socket(4, 0));
    libc.connect(this.client, address);
    libc.setNonBlocking(this.client, true);
  }

  advance(): void {
    this.acts.push(this.transfer.act);
    this.over = this.connection.advance(2);
    if (this.transfer.act === "hold") this.transfer.release({ kind: "done" });
    if (!this.over && this.transfer.act === "close") this.over = this.connection.advance(0);
  }

  /** Ends it, as a driver that gives its connection up; whether it is over. */
  giveUp(): boolean {
    this.transfer.fail("aborted", "the connection was closed");
    return this.connection.advance(0);
  }

  /** Goes round until the transfer is over; what the client has received. */
  finish(): Uint8Array {
    const all: number[] = [];
    this.stage.rounds(() => this.#drain(all) && this.over);
    this.#drain(all);
    Deno.removeSync(this.path);
    return Uint8Array.from(all);
  }

  /** Whether the client hears the end of the connection. */
  ended(): boolean {
    return this.stage.loopback.libc.recv(this.client, new Uint8Array(1), 1n, 0) === 0;
  }

  /** Others take the places of the ring but for the last. */
  #leave(places: number): void {
    for (let taken = places; taken < STAGE_ENTRIES; taken++) this.stage.ring.nop(NOBODY);
  }

  #drain(all: number[]): true {
    const buffer = new Uint8Array(65_536);
    const { libc } = this.stage.loopback;
    for (let count = 1; count > 0;) {
      count = libc.recv(this.client, buffer, BigInt(buffer.length), 0);
      for (const octet of buffer.subarray(0, Math.max(0, count))) all.push(octet);
    }
    return true;
  }
}

/** A file whose descriptor is each of these in turn, and then the last. */
function fileSlot(libc: Stage["loopback"]["libc"], descriptors: number[]): FileSlot {
  return {
    perform() {},
    get descriptor() {
      return descriptors.length > 1 ? descriptors.shift()! : descriptors[0]!;
    },
    length: undefined,
    read() {},
    write(octets, client) {
      libc.write(descriptors.at(-1)!, octets);
      client.written();
    },
    failureOf: (errno) => ({ failure: "io", detail: `error ${errno}` }) as never,
    close() {},
  };
}

function storyTest(name: string, plan: Plan, body: (story: Story, stage: Stage) => void): void {
  const run = (stage: Stage) => body(new Story(stage, plan), stage);
  stageTest(`RingConnection ${name}`, run, ["ffi", "read", "write"]);
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 7 + (at >> 8));
}

const small = pattern(PIECE_BYTES);

storyTest("sends a small file in one chain, with the close", {
  direction: "send",
  content: small,
}, (story, { loopback: { libc } }) => {
  assertEquals(story.finish(), small);
  assertEquals(story.transfer.completion, { kind: "transferred", octets: small.length });
  assert(story.ended());
  assert(story.dataMemory.take() !== undefined);
  assertEquals(counted(libc, ["sendfile", "send", "read"]), { sendfile: 0, send: 0, read: 0 });
});

storyTest("sends a small file part by part to who takes little, and moves with each", {
  direction: "send",
  content: pattern(16 * PIECE_BYTES),
  pieceBytes: 16 * PIECE_BYTES,
  narrow: true,
}, (story, stage) => {
  const { transfer } = story;
  stage.rounds(() => transfer.octets > 0); // the client has taken nothing yet
  const first = transfer.octets;
  assert(first < 16 * PIECE_BYTES, `${first}`);
  const { libc } = stage.loopback;
  const part = new Uint8Array(first);
  assertEquals(libc.recv(story.client, part, BigInt(first), 0), first);
  stage.rounds(() => transfer.octets > first);
  assertEquals(Uint8Array.of(...part, ...story.finish()), pattern(16 * PIECE_BYTES));
  assertEquals(transfer.completion, { kind: "transferred", octets: 16 * PIECE_BYTES });
  assert(story.ended());
  assert(story.dataMemory.take() !== undefined);
  assertEquals(counted(libc, ["sendfile"]), { sendfile: 0 });
});

storyTest("sends a larger file by sendfile(2)", {
  direction: "send",
  content: pattern(3 * PIECE_BYTES + 1),
}, (story, { loopback: { libc } }) => {
  assertEquals(story.finish(), pattern(3 * PIECE_BYTES + 1));
  assert(counted(libc, ["sendfile"]).sendfile! > 0);
});

storyTest("sends a small file by sendfile(2) when others have all memory", {
  direction: "send",
  content: small,
  pieces: 0,
}, (story, { loopback: { libc } }) => {
  assertEquals(story.finish(), small);
  assert(counted(libc, ["sendfile"]).sendfile! > 0);
});

storyTest("sends what is there of a file that has become shorter, and fails", {
  direction: "send",
  content: small.subarray(0, 100),
  length: 200,
}, (story) => {
  assertEquals(story.finish(), small.subarray(0, 100));
  const { completion } = story.transfer;
  assert(completion?.kind === "failed" && completion.failure === "changed", `${completion?.kind}`);
  assert(story.ended());
});

for (const places of [1, 2]) {
  storyTest(`sends no octet but the file's where the ring has ${places} of a chain's places`, {
    direction: "send",
    content: small.subarray(0, 100),
    length: 200,
    places,
  }, (story) => {
    assertEquals(story.finish(), small.subarray(0, 100));
    const { completion } = story.transfer;
    assert(completion?.kind === "failed" && completion.failure === "changed");
    assert(story.dataMemory.take() !== undefined);
  });
}

for (const [name, unread] of Object.entries({ EAGAIN: -c.EAGAIN, EINTR: -c.EINTR })) {
  storyTest(`sends a small file by sendfile(2) when its read in the ring says ${name}`, {
    direction: "send",
    content: small,
    pieces: 1,
    unread,
  }, (story, { loopback: { libc } }) => {
    assertEquals(story.finish(), small);
    assertEquals(story.transfer.completion, { kind: "transferred", octets: small.length });
    assert(counted(libc, ["sendfile"]).sendfile! > 0);
    assert(story.dataMemory.take() !== undefined);
  });
}

storyTest("fails when the file has nothing any more", {
  direction: "send",
  content: new Uint8Array(0),
  length: 200,
}, (story) => {
  assertEquals(story.finish(), new Uint8Array(0));
  const { completion } = story.transfer;
  assert(completion?.kind === "failed" && completion.failure === "changed");
});

storyTest("receives a small file through memory of the ring", {
  direction: "receive",
}, (story, { loopback: { libc } }) => {
  libc.send(story.client, small, 0, 1_000);
  libc.shutdown(story.client, c.SHUT_WR);
  const content = () => Deno.readFileSync(story.path);
  story.stage.rounds(() => story.over);
  assertEquals(content(), small.subarray(0, 1_000));
  assertEquals(counted(libc, ["splice"]).splice, 0);
  story.finish();
  assertEquals(story.transfer.completion, { kind: "transferred", octets: 1_000 });
});

storyTest("receives much by splice(2), after the first of it", {
  direction: "receive",
}, (story, { loopback: { libc } }) => {
  const all = pattern(20_000);
  libc.send(story.client, all, 0);
  libc.shutdown(story.client, c.SHUT_WR);
  story.stage.rounds(() => story.over);
  assertEquals(Deno.readFileSync(story.path), all);
  assert(counted(libc, ["splice"]).splice! > 0);
  story.finish();
});

storyTest("takes no connection of a stranger's", {
  direction: "receive",
  stranger: true,
}, (story, stage) => {
  const { libc } = stage.loopback;
  stage.rounds(() => libc.recv(story.stranger, new Uint8Array(1), 1n, 0) === 0);
  libc.send(story.client, small, 0, 10);
  libc.shutdown(story.client, c.SHUT_WR);
  stage.rounds(() => story.over);
  assertEquals(story.transfer.octets, 10);
  story.finish();
});

storyTest("that is given up while it waits to accept takes nobody any more", {
  direction: "send",
  content: small,
}, (story, stage) => {
  const listener = story.connection.listener!;
  const before = new Story(stage, { direction: "receive" });
  assertEquals(before.giveUp(), false); // the accept is under way
  stage.rounds(() => before.over);
  Deno.removeSync(before.path);
  assert(listener.fd >= 0);
  assertEquals(story.finish(), small);
});

storyTest("that is given up while the peer does not read closes when the kernel lets go", {
  direction: "send",
  content: pattern(PIECE_BYTES),
}, (story, stage) => {
  const { libc } = stage.loopback;
  stage.rounds(() => story.transfer.act === "move");
  libc.setOption(story.client, c.SOL_SOCKET, c.SO_RCVBUF, 1_024);
  assertEquals(story.giveUp(), false); // the chain is under way, or is to be
  stage.rounds(() => story.over);
  assert(story.dataMemory.take() !== undefined);
  story.finish();
});

storyTest("waits for a receive that it gives up, and then closes", {
  direction: "receive",
}, (story, stage) => {
  stage.rounds(() => story.transfer.act === "move");
  assertEquals(story.giveUp(), false);
  assert(!story.ended());
  stage.rounds(() => story.over);
  assert(story.ended());
  const { completion } = story.transfer;
  assert(completion?.kind === "failed" && completion.failure === "aborted");
  story.finish();
});

/** How often calls were made so far. */
function counted(libc: Stage["loopback"]["libc"], names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => [name, libc.calls[CALL_NAMES.indexOf(name as CallName)]!]),
  );
}
