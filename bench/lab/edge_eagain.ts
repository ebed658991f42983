/**
 * Level-triggered, epoll(7) repeats that a socket is readable for as long as it is. A program may
 * read once, answer, and go back to waiting: if something is left, it is told again.
 *
 * Edge-triggered, it is told once, when octets come. What the program leaves in the socket it is
 * never told of again, so it has to read until the kernel says EAGAIN: "there is nothing more, and
 * now you will be told". With requests that fit into one read that is one more call for every
 * request, which brings nothing.
 *
 * The multiplex model serves echo both ways, to a client that waits for each answer and thinks
 * before it asks again; its own counters say how many calls ended with EAGAIN. A client that does
 * not think shows the other side: its next request may be there before the second read, which then
 * brings that instead of EAGAIN.
 *
 * @module
 */

import { models, type Trigger } from "../../models/mod.ts";
import type { Lesson } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";

const MESSAGE = "a request that fits into one read";

/** Long enough for the server to read twice and wait again, milliseconds. */
const THINKING_MS = 1;

/** EAGAIN per request: between these by edge, less than that by level. */
const EDGE_MIN = 0.9, EDGE_MAX = 1.1, LEVEL_MAX = 0.05;

/** See Lesson. */
export const lesson: Lesson = {
  name: "edge-eagain",
  title: "edge-triggered readers pay one more EAGAIN",
  claim: "An edge-triggered reader must read until EAGAIN: one more call for every request",
  plan: "Serve echo by multiplex over epoll, by level and by edge, to a client that reads each " +
    "answer and thinks before it asks again; count the server's calls that end with EAGAIN",
  rule: `confirmed when EAGAIN per request is ${EDGE_MIN} to ${EDGE_MAX} by edge and less than ` +
    `${LEVEL_MAX} by level, for the client that thinks; the other is shown and does not count`,
  code: [
    "models/readiness/loop.ts: #work, which remembers an edge until a call says EAGAIN",
    "models/selector/epoll.ts: EPOLLET",
  ],
  unavailable: () => models.get("multiplex")!.unavailable(),
  async run({ size, say, signal }) {
    const requests = size === "full" ? 800 : 60;

    async function served(trigger: Trigger, thinkingMs: number) {
      const thinks = thinkingMs > 0 ? "thinks between two" : "does not think";
      say(
        `${requests.toLocaleString("en-US")} requests, ${trigger}-triggered; the client ${thinks}`,
      );
      await using server = await serve("multiplex", { protocol: "echo", trigger }, signal);
      const client = await server.connect();
      const ask = async () => {
        await client.send(MESSAGE);
        if (await client.receiveAll(MESSAGE.length) !== MESSAGE) throw new Error("Another echo");
        if (thinkingMs > 0) await pause(thinkingMs, signal);
      };
      await ask(); // the connection is accepted, and its first readiness told
      const before = server.stats();
      for (let request = 0; request < requests; request++) await ask();
      const { calls, eagain } = difference(server.stats(), before);
      return { recv: calls.recv! / requests, eagain: eagain / requests };
    }

    const level = await served("level", THINKING_MS);
    const edge = await served("edge", THINKING_MS);
    const hasty = await served("edge", 0);
    const holds = edge.eagain >= EDGE_MIN && edge.eagain <= EDGE_MAX && level.eagain < LEVEL_MAX;
    return {
      measured: [
        { name: "requests each", value: requests },
        { name: "recv per request, level", value: level.recv, unit: "calls" },
        { name: "recv per request, edge", value: edge.recv, unit: "calls" },
        { name: "EAGAIN per request, level", value: level.eagain },
        { name: "EAGAIN per request, edge", value: edge.eagain },
        { name: "the same, a client that does not think", value: hasty.eagain },
      ],
      verdict: holds ? "confirmed" : "refuted",
      reason: `${edge.eagain.toFixed(3)} EAGAIN per request by edge, ` +
        `${level.eagain.toFixed(3)} by level; ${hasty.eagain.toFixed(3)} by edge when the client ` +
        "does not think",
    };
  },
};
