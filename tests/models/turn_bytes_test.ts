/**
 * How much of a file one step of a transfer moves: in every model what the options say, whole files
 * all the same. What is counted is calls, not time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { models } from "../../models/mod.ts";
import { DATA_PIECE_BYTES } from "../../models/uring/limits.ts";
import { missing, SERVER_NEEDS, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

/** As much as a ring's own memory takes of a transfer, which is not counted. */
const TURN_BYTES = DATA_PIECE_BYTES;

/** Turns that are counted. */
const TURNS = 20;

const OCTETS = Uint8Array.from({ length: (TURNS + 1) * TURN_BYTES }, (_, index) => index * 31 >> 3);

/** Calls of each model that take octets from a file: one a step. */
const FROM_FILE = ["sendfile", "write"];

/** Calls that bring octets to a file; a step by splice(2) makes two, in and out of a pipe. */
const TO_FILE = ["splice", "read"];

for (const model of models.values()) {
  const absent = missing(["ffi"]).length > 0 ? undefined : model.unavailable();
  testWith(
    SERVER_NEEDS,
    `turnBytes bounds what one step of a transfer moves [${model.name}]`,
    async () => {
      using root = new Root();
      const server = await model.serve({ ...OPTIONS, turnBytes: TURN_BYTES, root: root.path });
      const calls = (names: readonly string[]) => {
        const made = server.stats()[0]!.calls;
        return names.reduce((sum, name) => sum + (made[name] ?? 0), 0);
      };
      const ftp = await login(server.address);
      await ftp.command("TYPE I", 200);
      const writes = calls(TO_FILE);
      await ftp.put("STOR large", OCTETS);
      const perTurn = "splice" in server.stats()[0]!.calls ? 2 : 1;
      assert((calls(TO_FILE) - writes) / perTurn >= TURNS);
      const reads = calls(FROM_FILE);
      assertEquals(await ftp.fetch("RETR large"), OCTETS);
      assert(calls(FROM_FILE) - reads >= TURNS);
      await server.stop(0);
      ftp.close();
    },
    absent,
  );
}
