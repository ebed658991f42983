/**
 * The wire of uring with real sockets and files, when a client goes while its transfer is under way:
 * what the kernel was told of becomes nobody else's before it is done with it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { PassivePool } from "../../../models/driver/passive.ts";
import { Replies } from "../../../models/driver/replies.ts";
import { diskStore } from "../../../models/files/disk.ts";
import type { FileStore } from "../../../models/files/contract.ts";
import { type PassiveDescriptor, passiveDescriptors } from "../../../models/kernel/sockets.ts";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import * as c from "../../../models/libc/constants.ts";
import { BULK_BYTES, CONTROL_BYTES, REPLIES_BYTES_MAX } from "../../../models/limits.ts";
import { DATA_PIECE_BYTES } from "../../../models/uring/limits.ts";
import { RingMemory } from "../../../models/uring/memory.ts";
import { UringWire } from "../../../models/uring/wire.ts";
import type { Completion, Effect, Protocol } from "../../../server/mod.ts";
import { TestAdmission, TestLink } from "../../driven/link.ts";
import { SETTINGS } from "../../driven/settings.ts";
import { freePorts } from "../../ports.ts";
import { ScriptedSession, send } from "../driver/script.ts";
import { OPTIONS } from "../options.ts";
import { type Stage, stageTest } from "./stage.ts";

const HOST = "127.0.0.1", CONTENT = "0123456789";

/** Descriptors that may be free at the end of a transfer, the client's among them. */
const NUMBERS = 4;

/** What a session does that sends the file "/first" as soon as it is there. */
function download(input: string): readonly Effect[] {
  switch (input) {
    case "<1 passive>":
      return [{ kind: "file", id: 2, operation: { do: "openRead", path: "/first", offset: 0 } }];
    case "<2 opened>": {
      const timeouts = { connectTimeoutMs: 1e6, stallTimeoutMs: 1e6 };
      const whose = { user: "", path: "/first" };
      return [{ kind: "startTransfer", id: 3, direction: "send", ...whose, ...timeouts }];
    }
    default:
      return [];
  }
}

/** One client, to whom a download is offered, and the folder that is served. */
class Scene implements Disposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-" }));
  readonly link = new TestLink(SETTINGS);
  readonly store: FileStore;
  readonly ports: PassivePool<PassiveDescriptor>;
  readonly wire: UringWire;
  /** The client's end of the control connection. */
  readonly client: number;
  /** Where the data connection is expected. */
  port = 0;
  ended = false;

  constructor(readonly stage: Stage) {
    const { loopback, loop, ring, counters } = stage;
    const { libc } = loopback;
    for (const name of ["first", "second"]) {
      Deno.writeTextFileSync(`${this.folder}/${name}`, CONTENT);
    }
    const { fd, address } = loopback.listen(HOST);
    this.client = loopback.open(libc.socket(4, 0));
    assertEquals(libc.connect(this.client, address), 0);
    const server = libc.accept(fd, c.SOCK_NONBLOCK); // the wire's to close
    const remote = libc.remoteAddress();
    const buffer = new Uint8Array(BULK_BYTES);
    const admission = new TestAdmission();
    admission.admit(HOST);
    const react = (input: string, completion?: Completion) => {
      if (completion?.kind === "passive") this.port = completion.port;
      return download(input);
    };
    const session = new ScriptedSession([], react);
    session.queue(send("hello"), { kind: "openPassive", id: 1 });
    const protocol: Protocol = {
      telnet: false,
      createSession: () => session,
      refusal: () => new Uint8Array(0),
    };
    const options = { ...OPTIONS, passivePorts: freePorts(1) };
    this.store = diskStore(libc, this.folder);
    this.ports = passiveDescriptors(libc, options, c.SOCK_NONBLOCK);
    this.wire = new UringWire(
      {
        data: stage.dataTools(buffer, new RingMemory(DATA_PIECE_BYTES, 1)),
        driver: {
          link: this.link,
          store: this.store,
          passive: this.ports,
          admission,
          protocol,
          replies: new Replies(counters),
        },
        controlBuffer: new Uint8Array(CONTROL_BYTES),
        loop,
        ended: () => this.ended = true,
        buffers: new BufferRing(ring, 0, 64, 512),
        replyMemory: new RingMemory(REPLIES_BYTES_MAX, Infinity),
      },
      server,
      { local: address, remote, number: 1 },
    );
    this.wire.begin();
  }

  /** Goes round so many times. */
  rounds(count: number): void {
    let left = count;
    this.stage.rounds(() => left-- === 0);
  }

  [Symbol.dispose](): void {
    this.stage.rounds(() => this.ended);
    this.link.assertSound();
    this.ports.close();
    this.store.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function sceneTest(name: string, body: (scene: Scene) => void): void {
  stageTest(`UringWire ${name}`, (stage) => {
    using scene = new Scene(stage);
    body(scene);
  }, ["ffi", "net", "read", "write"]);
}

sceneTest("keeps the file of who has gone until the read of it is over", (scene) => {
  const { stage, client, port } = scene;
  const { loopback } = stage;
  const { libc } = loopback;
  scene.rounds(2);
  // One round hears both: the chain is written down, and then there is nobody to send it to.
  const data = loopback.open(libc.socket(4, 0));
  assertEquals(libc.connect(data, { family: 4, host: HOST, port }), 0);
  loopback.close(client); // "hello" is unread: a reset
  scene.rounds(1);
  const next = Array.from({ length: NUMBERS }, () => {
    return loopback.open(libc.open(`${scene.folder}/second`, c.O_RDONLY, 0));
  });
  stage.rounds(() => scene.ended);
  const read = next.map((fd) => libc.read(fd, new Uint8Array(100)));
  assertEquals(read, next.map(() => CONTENT.length), "One was read for another client");
});

sceneTest("keeps its port until no accept is under way on it", (scene) => {
  const { stage, wire, ports } = scene;
  wire.abandon(); // the accept is written down, and not handed over
  assertEquals(ports.lend(HOST), undefined);
  stage.rounds(() => scene.ended);
  const socket = ports.lend(HOST);
  assert(socket !== undefined);
  ports.giveBack(socket);
});
