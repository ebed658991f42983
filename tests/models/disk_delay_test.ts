/**
 * A disk that is slow now and then: which reads it slows down, in every model alike. What is
 * counted is the reads, not how long they took.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type DiskDelay, models } from "../../models/mod.ts";
import { missing, SERVER_NEEDS, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

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
          const delayed = diskDelay === undefined ? 0 : Math.floor(DOWNLOADS / diskDelay.every);
          assertEquals(worker!.delayedReads, delayed);
          await server.stop(0);
          ftp.close();
        }
      },
      absent,
    );
  }
}
