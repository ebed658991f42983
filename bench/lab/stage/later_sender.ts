/**
 * A thread that sends a message whenever a number in shared memory grows, a while later: so the
 * thread that waits for it may wait in whatever way it likes. later.ts starts one.
 *
 * @module
 */

import { Libc } from "../../../models/libc/mod.ts";
import { begunAgain } from "./sockets.ts";

/** What the sender is told. */
export interface Sending {
  /** The socket to send to, which blocks. */
  readonly fd: number;
  /** Octets of a message. */
  readonly bytes: number;
  /** How long after each growth it sends, milliseconds. */
  readonly delayMs: number;
  /** One number: as many messages are due; ENDED ends the thread. */
  readonly due: Int32Array<SharedArrayBuffer>;
}

/** No more messages will be due. */
export const ENDED = -1;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Sending>) => void) | null;
  postMessage(message: "ready"): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { fd, bytes, delayMs, due } }) => {
  const libc = new Libc();
  const message = new Uint8Array(bytes).fill(0x55);
  scope.postMessage("ready");
  for (let sent = 0; Atomics.load(due, 0) !== ENDED;) {
    Atomics.wait(due, 0, sent);
    if (Atomics.load(due, 0) <= sent) continue;
    libc.sleep(delayMs);
    for (let at = 0; at < bytes;) {
      const count = begunAgain(() => libc.send(fd, message.subarray(at), 0));
      if (count < 0) break; // the other end is closed: the experiment was ended
      at += count;
    }
    sent++;
  }
};
