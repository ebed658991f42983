/** Where a ring of buffers lies; what it does is in uring_test.ts. @module */

import { assertEquals, assertThrows } from "@std/assert";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import * as c from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import type { Ring } from "../../../models/libc/uring.ts";
import { RingError } from "../../../models/libc/uring_setup.ts";
import { missing, testWith } from "../../permission.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** Pages of arm64, where they are the largest. */
const PAGE_BYTES = 65_536n;

testWith(["ffi"], "BufferRing begins where a page does, whatever its size", () => {
  const addresses: bigint[] = [];
  const ring = {
    register(_: number, argument: Uint8Array<ArrayBuffer>) {
      addresses.push(new DataView(argument.buffer).getBigUint64(0, true));
      return 0;
    },
  } as unknown as Ring;
  for (let count = 0; count < 4; count++) new BufferRing(ring, 0, 4, 16);
  assertEquals(addresses.map((address) => address % PAGE_BYTES), [0n, 0n, 0n, 0n]);
}, absent);

testWith(["ffi"], "BufferRing says in one sentence why the kernel does not take it", () => {
  const reasons: Readonly<Record<number, string>> = {
    [c.ENOMEM]: "the limit on locked memory (ulimit -l) has no room for a ring",
    [c.ENOBUFS]: "io_uring_register(2) fails: no buffer space",
  };
  for (const [errno, reason] of Object.entries(reasons)) {
    const ring = { register: () => -errno } as unknown as Ring;
    const error = assertThrows(() => new BufferRing(ring, 0, 4, 16), RingError);
    assertEquals(error.message, reason);
  }
}, absent);
