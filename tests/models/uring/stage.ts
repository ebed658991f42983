/**
 * A loop over a real ring, and sockets of the test's own: for tests of what the model uring is made
 * of. Nothing here is a stand-in for the kernel.
 *
 * @module
 */

import { assert } from "@std/assert";
import { UploadPipe } from "../../../models/kernel/upload_pipe.ts";
import { SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { Ring } from "../../../models/libc/uring.ts";
import { uringUnavailable } from "../../../models/libc/uring_setup.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import { Counters } from "../../../models/pool/counters.ts";
import { ADDRESS_BYTES, type RingTools } from "../../../models/uring/data_connection.ts";
import { type Completing, type Operation, RingLoop } from "../../../models/uring/loop.ts";
import { RingMemory } from "../../../models/uring/memory.ts";
import { missing, type Need, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason() ?? uringUnavailable();

/** Submissions that the ring takes before it is handed over. */
export const STAGE_ENTRIES = 64;

/** How many rounds a story may take: a guard. */
const ROUNDS_MAX = 10_000;

/** What a test works with. */
export class Stage implements Disposable {
  /** Sockets, and the calls. */
  readonly loopback = new Loopback();
  /** The ring. */
  readonly ring = new Ring({ entries: STAGE_ENTRIES });
  /** What the loop counts. */
  readonly counters = new Counters([]);
  /** The clock; it stands still. */
  now = 1_000;
  /** Over the ring. */
  readonly loop = new RingLoop(this.loopback.libc, this.ring, this.counters, () => this.now);

  /** What data connections over the loop work with; small files go through `dataMemory`. */
  dataTools(buffer: Uint8Array<ArrayBuffer>, dataMemory: RingMemory): RingTools {
    const { libc } = this.loopback;
    return {
      kernel: libc,
      counters: this.counters,
      buffer,
      pipe: new UploadPipe(libc, buffer),
      socketFlags: SOCK_NONBLOCK,
      moveBytes: () => BULK_BYTES,
      adopt: () => undefined,
      loop: this.loop,
      addressMemory: new RingMemory(ADDRESS_BYTES, Infinity),
      dataMemory,
    };
  }

  /** Goes round until `done`; whoever waits for nothing would wait for ever. */
  rounds(done: () => boolean): void {
    for (let rounds = 0; !done(); rounds++) {
      assert(rounds < ROUNDS_MAX, "It never came to this");
      this.loop.later({ resume() {}, crashed() {} });
      this.loop.round();
    }
  }

  [Symbol.dispose](): void {
    this.ring.close();
    this.loopback[Symbol.dispose]();
  }
}

/** Whoever begins operations, and notes what comes of them. */
export class Owner implements Completing {
  /** As they completed. */
  readonly log: [tag: number, result: number][] = [];
  /** What it was told to end by. */
  readonly crashes: unknown[] = [];
  /** What it does besides. */
  does: (operation: Operation, result: number, flags: number) => void = () => {};

  completed(operation: Operation, result: number, flags: number): void {
    this.log.push([operation.tag, result]);
    this.does(operation, result, flags);
  }
  crashed(error: unknown): void {
    this.crashes.push(error);
  }
}

/** Registers a test with a stage of its own. */
export function stageTest(
  name: string,
  body: (stage: Stage) => void,
  needs: readonly Need[] = ["ffi"],
): void {
  testWith(needs, name, () => {
    using stage = new Stage();
    body(stage);
  }, absent);
}
