/**
 * Who looks again and again for readiness does not sleep between steps that wait for nobody: octets
 * of a text that a client has already are read and dropped. What is counted is looks in vain, not
 * time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { models } from "../../../models/mod.ts";
import { missing, SERVER_NEEDS, testWith } from "../../permission.ts";
import { login, Root } from "../../served.ts";
import { OPTIONS } from "../options.ts";

/** What is dropped: more than 100 turns of the loop read. */
const DROPPED_BYTES = 128 << 20;

/** Looks in vain while a few commands are awaited, with much to spare. */
const AWAITED = 60;

const polling = models.get("polling")!;
const absent = missing(["ffi"]).length > 0 ? undefined : polling.unavailable();

testWith(
  SERVER_NEEDS,
  "polling drops what precedes the restart of a text without sleeping",
  async () => {
    using root = new Root();
    const path = `${root.path}/text`;
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, DROPPED_BYTES); // a hole: octets without a line's end
    Deno.writeTextFileSync(path, "the rest", { append: true });
    const server = await polling.serve({ ...OPTIONS, intervalMs: 20, root: root.path });
    const ftp = await login(server.address);
    await ftp.command("TYPE A", 200);
    await ftp.command(`REST ${DROPPED_BYTES}`, 350);
    const { emptyWakeups } = server.stats()[0]!;
    assertEquals(new TextDecoder().decode(await ftp.fetch("RETR text")), "the rest");
    const inVain = server.stats()[0]!.emptyWakeups - emptyWakeups;
    await server.stop(0);
    ftp.close();
    assert(inVain < AWAITED, `${inVain} looks in vain`);
  },
  absent,
);
