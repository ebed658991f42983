/**
 * Messages that come a while after they were asked for, from a thread of their own: the asking thread
 * may then wait for them in whatever way it likes, blocked as well. four_models.ts asks.
 *
 * @module
 */

import { ENDED, type Sending } from "./later_sender.ts";
import type { Sockets } from "./sockets.ts";

/** A connection on which messages come later. */
export class Later implements Disposable {
  readonly #due = new Int32Array(new SharedArrayBuffer(4));
  readonly #sender: Worker;

  private constructor(sender: Worker, readonly fd: number) {
    this.#sender = sender;
  }

  /** Makes the connection, and the thread that sends messages of `bytes` octets `delayMs` late. */
  static async start(sockets: Sockets, bytes: number, delayMs: number): Promise<Later> {
    const [far, near] = sockets.pair();
    const url = new URL("./later_sender.ts", import.meta.url);
    const sender = new Worker(url, { type: "module" });
    const later = new Later(sender, near);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    sender.onmessage = () => resolve();
    sender.onerror = (event) => reject(new Error(event.message));
    sender.postMessage({ fd: far, bytes, delayMs, due: later.#due } satisfies Sending);
    await promise;
    return later;
  }

  /** One more message is due on `fd`. */
  ask(): void {
    Atomics.add(this.#due, 0, 1);
    Atomics.notify(this.#due, 0);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#due, 0, ENDED);
    Atomics.notify(this.#due, 0);
    this.#sender.terminate();
  }
}
