/**
 * An operator who answers late: clients are heard on as soon as there is room for what they say.
 *
 * @module
 */

import { SILENT, type Terminal } from "../../models/mod.ts";
import { octets, writeAll } from "../conformance/client.ts";
import { kinds } from "../conformance/variants.ts";
import { eventually } from "../eventually.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

/** Messages until chat wants no more: one is asked about, and 16 wait behind it. */
const MESSAGES = 17;

/** A thread that waits for the operator looks at its client between two ticks, slowly. */
const loops = kinds.filter(({ model }) => model.name !== "blocking");

for (const { name, model, options, unavailable } of loops) {
  testWith(SERVER_NEEDS, `chat hears on whom the operator has answered [${name}]`, async () => {
    using root = new Root();
    const questions: ((line?: string) => void)[] = [];
    const terminal: Terminal = {
      ...SILENT,
      ask: (_, signal) =>
        new Promise((answer) => {
          signal.addEventListener("abort", () => answer(undefined));
          questions.push(answer);
        }),
    };
    const chat = { ...OPTIONS, ...options, protocol: "chat", root: root.path } as const;
    const server = await model.serve(chat, terminal);
    const sum = (counter: "octetsIn" | "sessionsOpen") =>
      server.stats().reduce((total, worker) => total + worker[counter], 0);
    const heard = (count: number) =>
      eventually(`${count} octets are heard`, () => Promise.resolve(sum("octetsIn") === count));
    const reply = async () => {
      await eventually("a question is put", () => Promise.resolve(questions.length > 0));
      questions.shift()!(""); // nothing that the client would be sent
    };
    using conn = await Deno.connect({ hostname: server.address.host, port: server.address.port });
    try {
      for (let count = 1; count <= MESSAGES; count++) {
        await writeAll(conn, octets("m"));
        await heard(count); // so that each is an input of its own
      }
      await writeAll(conn, octets("m"));
      await reply();
      await heard(MESSAGES + 1);
      await conn.closeWrite();
      await reply();
      await eventually("the client has left", () => Promise.resolve(sum("sessionsOpen") === 0));
    } finally {
      await server.stop(0);
    }
  }, unavailable());
}
