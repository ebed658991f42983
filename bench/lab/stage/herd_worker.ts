/**
 * A thread that waits with its own epoll for a listener of all threads, and accepts when it is told:
 * thundering_herd.ts starts several. How often it was woken, the kernel's count of switches says: who
 * comes too late finds the listener empty within epoll_wait(2), and sleeps again without returning.
 *
 * @module
 */

import { EPOLL_CTL_ADD, EPOLLIN } from "../../../models/libc/constants.ts";
import { errorText, Libc } from "../../../models/libc/mod.ts";
import { Probe } from "../../../models/libc/probe.ts";
import { EPOLL_EVENT_LAYOUTS } from "../../../models/libc/structs.ts";

/** What one thread of the herd is told. */
export interface Herd {
  /** The listener, which does not block. */
  readonly listener: number;
  /** Flags of epoll_ctl(2) beside EPOLLIN. */
  readonly flags: number;
  /** PLACES.count numbers, which all threads count up. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}

/** Where things are in the shared numbers; `over` ends the threads. */
export const PLACES = {
  over: 0,
  waiting: 1,
  /** Sleeps of all threads that somebody else than their own time-out has ended. */
  woken: 2,
  /** Waits that told of a connection. */
  told: 3,
  accepted: 4,
  count: 5,
} as const;

/** A thread looks so often whether all is over, milliseconds. */
const LOOK_MS = 200;

/** What it tells at the end. */
export interface Ended {
  /** Why it could not wait at all. */
  readonly failed?: string;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Herd>) => void) | null;
  postMessage(message: Ended): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { listener, flags, shared } }) => {
  const [libc, probe] = [new Libc(), new Probe()];
  const event = new Uint8Array(EPOLL_EVENT_LAYOUTS[Deno.build.arch]!.bytes);
  new DataView(event.buffer).setUint32(0, (EPOLLIN | flags) >>> 0, true);
  const epoll = libc.epollCreate();
  const added = libc.epollControl(epoll, EPOLL_CTL_ADD, listener, event);
  if (added < 0) {
    libc.close(epoll);
    return scope.postMessage({ failed: `epoll_ctl(2): ${errorText(-added)}` });
  }
  const before = probe.switches().voluntary;
  let expired = 0;
  Atomics.add(shared, PLACES.waiting, 1);
  while (Atomics.load(shared, PLACES.over) === 0) {
    if (libc.epollWait(epoll, event, 1, LOOK_MS) <= 0) {
      expired++;
      continue;
    }
    Atomics.add(shared, PLACES.told, 1);
    const fd = libc.accept(listener, 0);
    if (fd >= 0) {
      Atomics.add(shared, PLACES.accepted, 1);
      libc.close(fd);
    }
  }
  const { voluntary } = probe.switches();
  Atomics.add(shared, PLACES.woken, voluntary - before - expired);
  libc.close(epoll);
  scope.postMessage({});
};
