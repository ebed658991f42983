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

/** An eventfd(2) with this in it stays readable until it is read. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Descriptors to wait for. */
export class Watched implements Disposable {
  readonly sockets = new Sockets(new Libc());
  readonly #probe = new Probe();
  /** In the order of their numbers. */
  readonly #events: readonly number[];
  readonly #list = new ReadyList();

  /** @throws {LessonError} when there may not be so many descriptors. */
  constructor(readonly silentMax: number) {
    const open = () => this.sockets.own(this.sockets.libc.eventfd());
    const opened = Array.from({ length: silentMax + READY }, open);
    this.#events = opened.sort((one, other) => one - other);
  }

  /**
   * Waits `waits` times in `selector`, which it closes, beside `idle` silent ones. Selectors stop
   * looking at the last ready one, so these stand where READY out of so many would in the mean:
   * at a fifth of them, at two fifths, and so on.
   */
  measure(selector: Selector, idle: number, waits: number): { told: number; cpuUs: number } {
    const { libc } = this.sockets;
    const watched = this.#events.slice(0, idle + READY);
    const ready = Array.from(
      { length: READY },
      (_, index) => watched[Math.floor((index + 1) * watched.length / (READY + 1))]!,
    );
    for (const fd of ready) libc.write(fd, ONE);
    for (const fd of watched) selector.set(fd, READ);
    let told = 0;
    const before = this.#probe.cpuUs();
    for (let wait = 0; wait < waits; wait++) {
      selector.wait(-1, this.#list);
      told += this.#list.count;
    }
    const cpuUs = (this.#probe.cpuUs() - before) / waits;
    selector.close();
    for (const fd of ready) libc.read(fd, new Uint8Array(ONE.length)); // silent at the next point
    return { told, cpuUs };
  }

  [Symbol.dispose](): void {
    this.sockets[Symbol.dispose]();
  }
}
