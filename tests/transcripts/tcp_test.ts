/**
 * Every dialogue over TCP on every variant of the server: one server a variant, one dialogue after
 * the other in its served folder.
 *
 * @module
 */

import { variants } from "../conformance/variants.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { dialogues } from "./mod.ts";
import { runOverTcp } from "./tcp.ts";

const runnable = dialogues.filter((dialogue) => dialogue.sessionOnly === undefined);

for (const variant of variants) {
  testWith(SERVER_NEEDS, `ftp dialogues over TCP [${variant.name}]`, async (context) => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const server = await variant.start(root);
    try {
      for (const dialogue of runnable) {
        await context.step(`${dialogue.topic}: ${dialogue.title}`, async () => {
          await runOverTcp(dialogue, server.endpoint, root);
        });
      }
    } finally {
      await server.stop(0);
      await Deno.remove(root, { recursive: true });
    }
  }, variant.unavailable());
}
