/**
 * Level-triggered, epoll(7) repeats that a socket is readable for as long as it is. A program may
 * read once, answer, and go back to waiting: if something is left, it is told again.
 *
 * Edge-triggered, it is told once, when octets come, and never again of what it leaves. So it reads
 * until the kernel says EAGAIN: "there is nothing more, and now you will be told". With requests that
 * fit into one read that is one more call for every request, which brings nothing.
 *
 * A reader of a stream can save that call: a read that fills only a part of the buffer has emptied
 * the socket (epoll(7), "Questions and answers", 9). But an end that came along with the last
 * octets was told of by the same edge, and whoever stops at a short read never sees it, unless that
 * edge says so: with EPOLLRDHUP it does, and the reader goes on. The claim would be refuted if the
 * reader that stops missed nothing without that: then nothing would have to be read until EAGAIN.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { expected, type Name, read, READERS, type Reading } from "./stage/edge_readers.ts";
import { pause } from "./stage/pause.ts";

/** See Lesson. */
export const lesson: Lesson = {
  name: "edge-eagain",
  title: "edge-triggered readers pay one more EAGAIN",
  claim: "An edge-triggered reader must read until EAGAIN, one more call for every request, " +
    "unless it also watches for the end of the connection",
  plan: "Send requests to four readers: by level with one read, by edge until EAGAIN, by edge " +
    "until a read is short, and the same with EPOLLRDHUP; count their calls. Some requests fill " +
    "the buffer. The last one comes with the end of the connection: who notices it?",
  rule:
    "confirmed when the reader until EAGAIN pays one EAGAIN per request and sees the end, and of " +
    "those that stop at a short read, which pay less, the one with EPOLLRDHUP sees it and the " +
    "other does not",
  refutedIf:
    "the reader until EAGAIN pays none, or the one that stops at a short read sees the end that " +
    "came along without asking for it, as by level, or misses it though it asked, as before " +
    "Linux 2.6.17",
  code: [
    "models/readiness/loop.ts: #work, which remembers an edge until a call says EAGAIN",
    "models/selector/epoll.ts: EPOLLET",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const requests = size === "full" ? 10_000 : 60;
    const results = new Map<Name, Reading>();
    for (const name of Object.keys(READERS) as Name[]) {
      say(`${requests.toLocaleString("en-US")} requests to the reader by ${name}`);
      await pause(0, signal);
      results.set(name, read(name, requests));
    }
    const drained = results.get("edge, until EAGAIN")!;
    const short = results.get("edge, until a short read")!;
    const warned = results.get("edge with EPOLLRDHUP, until a short read")!;
    const complete = [...results.values()].every(({ octets }) => octets === expected(requests));
    return {
      measured: [
        { name: "requests each", value: requests },
        ...[...results].flatMap(([name, { recv, eagain, end }]) => [
          { name: `recv per request, ${name}`, value: recv / requests },
          { name: `EAGAIN per request, ${name}`, value: eagain / requests },
          { name: `sees the end that came along, ${name}`, value: end ? "yes" : "no" },
        ]),
        { name: "every octet of every request was read", value: complete ? "yes" : "no" },
      ],
      verdict: verdictOf({ requests, complete, drained, short, warned }),
      reason: `${(drained.eagain / requests).toFixed(3)} EAGAIN per request until EAGAIN, ` +
        `${(short.eagain / requests).toFixed(3)} until a short read, which ` +
        `${short.end ? "sees the end all the same" : "never sees the end that came along"}` +
        (warned.end ? ", but does with EPOLLRDHUP" : ", nor does it with EPOLLRDHUP"),
    };
  },
};

/** The rule: what the reader until EAGAIN and those until a short read paid and saw. */
export function verdictOf({ requests, complete, drained, short, warned }: {
  readonly requests: number;
  readonly complete: boolean;
  readonly drained: Pick<Reading, "eagain" | "end">;
  readonly short: Pick<Reading, "eagain" | "end">;
  readonly warned: Pick<Reading, "eagain" | "end">;
}): Verdict {
  const pays = drained.eagain === requests &&
    [short, warned].every(({ eagain }) => eagain < requests);
  const sees = drained.end && !short.end && warned.end;
  return complete && pays && sees ? "confirmed" : "refuted";
}
