/**
 * Level-triggered, epoll(7) repeats that a socket is readable for as long as it is. A program may
 * read once, answer, and go back to waiting: if something is left, it is told again.
 *
 * Edge-triggered, it is told once, when octets come, and never again of what it leaves. So it reads
 * until the kernel says EAGAIN: "there is nothing more, and now you will be told". With requests that
 * fit into one read that is one more call for every request, which brings nothing.
 *
 * A reader of a stream can save that call: a read that fills only a part of the buffer has emptied the
 * socket (epoll(7), "Questions and answers", 9). But an end that came along with the last octets was
 * told of by the same edge, and whoever stops at a short read never sees it. The claim would be
 * refuted if the reader that stops missed nothing: then nothing would have to be read until EAGAIN.
 *
 * @module
 */

import { EAGAIN, SHUT_WR, SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { errorText, unavailableReason } from "../../models/libc/mod.ts";
import { EpollSelector } from "../../models/selector/epoll.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { Lesson } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { Sockets } from "./stage/sockets.ts";

/** Octets of a request, and of the reader's buffer: most requests fill a part of it, one all. */
const REQUEST_BYTES = 64, BUFFER_BYTES = 256;

/** How long a wait for what may never come lasts, milliseconds. */
const PATIENCE_MS = 100;

/** When a reader goes back to waiting. */
const READERS = {
  "level, one read": { trigger: "level", stops: "at once" },
  "edge, until EAGAIN": { trigger: "edge", stops: "at EAGAIN" },
  "edge, until a short read": { trigger: "edge", stops: "at a short read" },
} as const;

type Name = keyof typeof READERS;

/** See Lesson. */
export const lesson: Lesson = {
  name: "edge-eagain",
  title: "edge-triggered readers pay one more EAGAIN",
  claim: "An edge-triggered reader must read until EAGAIN: one more call for every request",
  plan: "Send requests to three readers: by level with one read, by edge until EAGAIN, by edge " +
    "until a read is short; count their calls. Some requests fill the buffer. The last one comes " +
    "with the end of the connection: who notices it?",
  rule:
    "confirmed when the reader until EAGAIN pays one EAGAIN per request and sees the end, and " +
    "the reader that stops at a short read pays less and does not see it; refuted when that one " +
    "sees everything",
  refutedIf:
    "the reader until EAGAIN pays none, or the one that stops at a short read sees the end that " +
    "came along",
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
    const complete = [...results.values()].every(({ octets }) => octets === expected(requests));
    const pays = drained.eagain === requests && short.eagain < requests;
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
      verdict: complete && pays && drained.end && !short.end ? "confirmed" : "refuted",
      reason: `${(drained.eagain / requests).toFixed(3)} EAGAIN per request until EAGAIN, ` +
        `${(short.eagain / requests).toFixed(3)} until a short read, which ` +
        `${short.end ? "sees the end all the same" : "never sees the end that came along"}`,
    };
  },
};

/** Octets of request `index`: each tenth fills the buffer. */
function bytesOf(index: number): number {
  return index % 10 === 9 ? BUFFER_BYTES : REQUEST_BYTES;
}

function expected(requests: number): number {
  let octets = REQUEST_BYTES; // of the one with the end
  for (let index = 0; index < requests; index++) octets += bytesOf(index);
  return octets;
}

/** What one reader did; calls are those of the requests, without the last with the end. */
interface Reading {
  readonly recv: number;
  readonly eagain: number;
  readonly octets: number;
  readonly end: boolean;
}

function read(name: Name, requests: number): Reading {
  const { trigger, stops } = READERS[name];
  using sockets = new Sockets();
  const { libc } = sockets;
  const [client, server] = sockets.pair(SOCK_NONBLOCK);
  const selector = new EpollSelector(libc, trigger);
  const ready = new ReadyList();
  const request = new Uint8Array(BUFFER_BYTES), buffer = new Uint8Array(BUFFER_BYTES);
  const most = BigInt(BUFFER_BYTES);
  let [recv, eagain, octets, end] = [0, 0, 0, false];
  const turn = () => {
    selector.wait(PATIENCE_MS, ready);
    while (ready.count > 0 && !end) {
      const count = libc.recv(server, buffer, most, 0);
      recv++;
      if (count === -EAGAIN) eagain++;
      else if (count < 0) throw new Error(`Cannot receive: ${errorText(-count)}`);
      end = count === 0;
      octets += Math.max(0, count);
      const short = count < BUFFER_BYTES;
      if (count <= 0 || stops === "at once" || stops === "at a short read" && short) break;
    }
  };
  selector.set(server, READ);
  selector.wait(0, ready); // the first edge by edge: that it can be written to
  for (let index = 0; index < requests; index++) {
    libc.send(client, request, 0, bytesOf(index));
    turn();
  }
  const counted = { recv, eagain };
  libc.send(client, request, 0, REQUEST_BYTES);
  libc.shutdown(client, SHUT_WR);
  turn();
  if (!end) turn();
  selector.close();
  return { ...counted, octets, end };
}
