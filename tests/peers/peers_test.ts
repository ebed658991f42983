/**
 * Foreign clients against every variant of the server: the one loop that registers them.
 *
 * @module
 */

import { testWith } from "../permission.ts";
import { BESIDE_OTHERS, inLanes } from "../conformance/lanes.ts";
import { VariantGrounds } from "../conformance/grounds.ts";
import type { Cases } from "../conformance/target.ts";
import { kinds } from "../conformance/variants.ts";
import { curlCases } from "./curl.ts";
import { ftplibCases } from "./ftplib.ts";
import { lftpCases } from "./lftp.ts";
import { ncftpCases } from "./ncftp.ts";
import { absent, PEER_NEEDS } from "./program.ts";
import { tnftpCases } from "./tnftp.ts";

/** Each program by the name that it is started by. */
const PEERS: Readonly<Record<string, Cases>> = {
  curl: curlCases,
  lftp: lftpCases,
  ncftpget: ncftpCases,
  tnftp: tnftpCases,
  python3: ftplibCases,
};

/** Programs of one kind that run at the same time. */
const LANES = 3;

for (const variant of kinds) {
  for (const [program, cases] of Object.entries(PEERS)) {
    testWith(PEER_NEEDS, `peer ${program} [${variant.name}]`, async (context) => {
      const grounds = await VariantGrounds.open(variant.start);
      try {
        await inLanes(Object.entries(cases), LANES, ([name, run]) => {
          return context.step({ name, fn: () => grounds.run(run), ...BESIDE_OTHERS });
        });
      } finally {
        await grounds.close();
      }
    }, variant.unavailable() ?? absent(program));
  }
}
