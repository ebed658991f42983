/**
 * What struct statx says, as a volume has it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fillFromStatx } from "../../../models/files/disk_octets.ts";
import { Info } from "../../../models/files/volume.ts";
import * as s from "../../../models/libc/structs.ts";

Deno.test("fillFromStatx: times are whole milliseconds, none of them later than it was", () => {
  const lastMs = Date.UTC(2024, 11, 31, 23, 59, 59, 999);
  const times = [
    [Math.floor(lastMs / 1e3), 999_999_999, lastMs],
    [Math.floor(lastMs / 1e3), 0, lastMs - 999],
    [-1, 999_999_999, -1],
    [-1, 0, -1000],
    [2 ** 32 + 1, 500_000, (2 ** 32 + 1) * 1e3],
  ] as const;
  for (const [seconds, nanoseconds, ms] of times) {
    for (const at of [s.STATX_MTIME, s.STATX_CTIME]) {
      const stat = new Uint32Array(s.STATX_BYTES / 4);
      new BigInt64Array(stat.buffer)[at / 2] = BigInt(seconds);
      stat[at + 2] = nanoseconds;
      const info = new Info();
      fillFromStatx(info, stat);
      assertEquals(at === s.STATX_MTIME ? info.modifiedMs : info.changedMs, ms);
    }
  }
});
