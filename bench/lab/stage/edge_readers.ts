/**
 * Four readers of the same requests, by level and by edge, which differ in when they go back to
 * waiting, and in what they are told of. edge_eagain.ts compares them.
 *
 * @module
 */

import {
  EAGAIN,
  EPOLL_CTL_ADD,
  EPOLLET,
  SHUT_WR,
  SOCK_NONBLOCK,
} from "../../../models/libc/constants.ts";
import { errorText, type Libc } from "../../../models/libc/mod.ts";
import { EPOLL_EVENT_LAYOUTS } from "../../../models/libc/structs.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { READ, ReadyList, type Selector, WRITE } from "../../../models/selector/mod.ts";
import { Sockets } from "./sockets.ts";

/** Octets of a request, and of the reader's buffer: one request in ten fills all of it. */
const REQUEST_BYTES = 64, BUFFER_BYTES = 256;

/** How long a wait for what may never come lasts, milliseconds. */
const PATIENCE_MS = 100;

/** <sys/epoll.h>, and POLLRDHUP of <poll.h>: the other end will send no more. */
const EPOLLRDHUP = 0x2000;

/** When a reader goes back to waiting; one that is told of the end reads on until it is there. */
export const READERS = {
  "level, one read": { trigger: "level", stops: "at once" },
  "edge, until EAGAIN": { trigger: "edge", stops: "at EAGAIN" },
  "edge, until a short read": { trigger: "edge", stops: "at a short read" },
  "edge with EPOLLRDHUP, until a short read": { trigger: "end", stops: "at a short read" },
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
  const selector = trigger === "end" ? endWatcher(libc) : new EpollSelector(libc, trigger);
  const ready = new ReadyList();
  const request = new Uint8Array(BUFFER_BYTES), buffer = new Uint8Array(BUFFER_BYTES);
  const most = BigInt(BUFFER_BYTES);
  let [recv, eagain, octets, end] = [0, 0, 0, false];
  const turn = () => {
    selector.wait(PATIENCE_MS, ready);
    const ending = (ready.bits[0]! & EPOLLRDHUP) !== 0;
    while (ready.count > 0 && !end) {
      const count = libc.recv(server, buffer, most, 0);
      recv++;
      if (count === -EAGAIN) eagain++;
      else if (count < 0) throw new Error(`Cannot receive: ${errorText(-count)}`);
      end = count === 0;
      octets += Math.max(0, count);
      const short = count < BUFFER_BYTES && !ending;
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
  sockets.awaitInput(server, EPOLLRDHUP); // so that the end comes along
  turn();
  if (!end) turn();
  selector.close();
  return { ...counted, octets, end };
}

/** epoll by edge, as EpollSelector asks it, but told of the end by a bit of its own. */
function endWatcher(libc: Libc): Pick<Selector, "set" | "wait" | "close"> {
  const event = new Uint8Array(EPOLL_EVENT_LAYOUTS[Deno.build.arch]!.bytes);
  const view = new DataView(event.buffer);
  const epoll = libc.epollCreate();
  return {
    set(fd) {
      view.setUint32(0, (READ | WRITE | EPOLLET | EPOLLRDHUP) >>> 0, true);
      return libc.epollControl(epoll, EPOLL_CTL_ADD, fd, event);
    },
    wait(timeoutMs, ready) {
      ready.count = 0;
      // One descriptor is watched: which one is told needs no look.
      if (libc.epollWait(epoll, event, 1, timeoutMs) > 0) ready.add(0, view.getUint32(0, true));
    },
    close: () => libc.close(epoll),
  };
}
