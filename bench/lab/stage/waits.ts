/**
 * What a wait costs beside many silent descriptors: a few that are always ready, as many silent ones
 * as are asked for, and the processor time of a wait for them. watched_or_ready.ts and
 * order_of_calls.ts ask.
 *
 * @module
 */

import { Libc } from "../../../models/libc/mod.ts";
import { Probe } from "../../../models/libc/probe.ts";
import { READ, ReadyList, type Selector } from "../../../models/selector/mod.ts";
import { Sockets } from "./sockets.ts";

/** Descriptors that are ready whenever they are asked about. */
export const READY = 4;

/** An eventfd(2) with this in it stays readable. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Descriptors to wait for. */
export class Watched implements Disposable {
  readonly sockets = new Sockets(new Libc());
  readonly #probe = new Probe();
  readonly #ready: readonly number[];
  readonly #silent: readonly number[];
  readonly #list = new ReadyList();

  /** @throws {LessonError} when there may not be so many descriptors. */
  constructor(readonly silentMax: number) {
    const open = () => this.sockets.own(this.sockets.libc.eventfd());
    this.#ready = Array.from({ length: READY }, open);
    for (const fd of this.#ready) this.sockets.libc.write(fd, ONE);
    this.#silent = Array.from({ length: silentMax }, open);
  }

  /** Waits `waits` times in `selector`, which it closes, beside `idle` silent ones. */
  measure(selector: Selector, idle: number, waits: number): { told: number; cpuUs: number } {
    for (const fd of [...this.#ready, ...this.#silent.slice(0, idle)]) selector.set(fd, READ);
    let told = 0;
    const before = this.#probe.cpuUs();
    for (let wait = 0; wait < waits; wait++) {
      selector.wait(-1, this.#list);
      told += this.#list.count;
    }
    const cpuUs = (this.#probe.cpuUs() - before) / waits;
    selector.close();
    return { told, cpuUs };
  }

  [Symbol.dispose](): void {
    this.sockets[Symbol.dispose]();
  }
}
