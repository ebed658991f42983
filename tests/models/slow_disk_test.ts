/**
 * A disk that is slow now and then: which reads it slows down, in every model alike. What is
 * counted is the reads, not how long they took.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Counters } from "../../models/pool/counters.ts";
import { type DiskDelay, models } from "../../models/mod.ts";
import { slowDisk } from "../../models/slow_disk.ts";
import { missing, SERVER_NEEDS, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

Deno.test("SlowDisk slows every n-th read, and counts those", () => {
  for (const every of [1, 2, 3, 10]) {
    const counters = new Counters([]);
    const disk = slowDisk({ ms: 5, every }, counters)!;
    const reads = Array.from({ length: 30 }, () => disk.read());
    assertEquals(reads, reads.map((_, index) => (index + 1) % every === 0 ? 5 : 0));
    assertEquals(counters.read().delayedReads, 30 / every);
  }
});

Deno.test("slowDisk without a delay is none", () => {
  assertEquals(slowDisk(undefined, new Counters([])), undefined);
});

/** One block each. */
const DOWNLOADS = 6;

const DELAYS: readonly (DiskDelay | undefined)[] = [
  undefined,
  { ms: 1, every: 1 },
  { ms: 1, every: 2 },
  { ms: 1, every: 2 * DOWNLOADS + 1 },
];

for (const model of models.values()) {
  const absent = missing(["ffi"]).length > 0 ? undefined : model.unavailable();
  for (const type of ["I", "A"]) {
    testWith(
      SERVER_NEEDS,
      `diskDelay slows one read in N of files, none of listings, TYPE ${type} [${model.name}]`,
      async () => {
        using root = new Root();
        Deno.writeTextFileSync(`${root.path}/small`, "small\r\n");
        for (const diskDelay of DELAYS) {
          const delay = diskDelay === undefined ? {} : { diskDelay };
          const server = await model.serve({ ...OPTIONS, ...delay, root: root.path });
          const ftp = await login(server.address);
          await ftp.command(`TYPE ${type}`, 200);
          await ftp.fetch("NLST");
          for (let count = 0; count < DOWNLOADS; count++) {
            assertEquals(new TextDecoder().decode(await ftp.fetch("RETR small")), "small\r\n");
          }
          const [worker] = server.stats();
          // A filter reads until there is no more: the second read of each finds the end.
          const reads = type === "A" ? 2 * DOWNLOADS : DOWNLOADS;
          const delayed = diskDelay === undefined ? 0 : Math.floor(reads / diskDelay.every);
          assertEquals(worker!.delayedReads, delayed);
          await server.stop(0);
          ftp.close();
        }
      },
      absent,
    );
  }
}
