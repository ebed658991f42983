/** Where a ring of buffers lies; what it does is in uring_test.ts. @module */

import { assertEquals } from "@std/assert";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import type { Ring } from "../../../models/libc/uring.ts";
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
