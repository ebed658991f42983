/**
 * Three readers of the same requests, by level and by edge, which differ in when they go back to
 * waiting. edge_eagain.ts compares them.
 *
 * @module
 */

import { EAGAIN, SHUT_WR, SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { errorText } from "../../../models/libc/mod.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { READ, ReadyList } from "../../../models/selector/mod.ts";
import { Sockets } from "./sockets.ts";

/** Octets of a request, and of the reader's buffer: most requests fill a part of it, one all. */
const REQUEST_BYTES = 64, BUFFER_BYTES = 256;

/** How long a wait for what may never come lasts, milliseconds. */
const PATIENCE_MS = 100;

/** When a reader goes back to waiting. */
export const READERS = {
  "level, one read": { trigger: "level", stops: "at once" },
  "edge, until EAGAIN": { trigger: "edge", stops: "at EAGAIN" },
  "edge, until a short read": { trigger: "edge", stops: "at a short read" },
} as const;

/** One of them. */
export type Name = keyof typeof READERS;

/** Octets of request `index`: each tenth fills the buffer. */
function bytesOf(index: number): number {
  return index % 10 === 9 ? BUFFER_BYTES : REQUEST_BYTES;
}

/** Octets of all requests, and of the one with the end. */
export function expected(requests: number): number {
  let octets = REQUEST_BYTES; // of the one with the end
  for (let index = 0; index < requests; index++) octets += bytesOf(index);
  return octets;
}

/** What one reader did; calls are those of the requests, without the last with the end. */
export interface Reading {
  /** Calls. */
  readonly recv: number;
  /** Of them those that said EAGAIN. */
  readonly eagain: number;
  /** What was read. */
  readonly octets: number;
  /** The end was seen. */
  readonly end: boolean;
}

/** Sends so many requests to one reader, and then one with the end. */
export function read(name: Name, requests: number): Reading {
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
