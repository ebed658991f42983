/**
 * Every dialogue on the session alone, under every chunking. Needs no permission.
 *
 * @module
 */

import { dialogues } from "./mod.ts";
import { CHUNKINGS, runOnSession } from "./session.ts";

for (const dialogue of dialogues) {
  for (const chunking of CHUNKINGS) {
    Deno.test(`ftp ${dialogue.topic}: ${dialogue.title} [driver over memory, ${chunking}]`, () => {
      runOnSession(dialogue, chunking);
    });
  }
}
