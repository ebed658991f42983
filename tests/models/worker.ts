/**
 * A worker's side of its link without a thread or a supervisor: what it posts is kept, and the
 * numbers and the mailbox that it shares are the test's to write.
 *
 * @module
 */

import { Counters } from "../../models/pool/counters.ts";
import { Gate } from "../../models/pool/gate.ts";
import {
  MAILBOX,
  NONE,
  OWN,
  SHARED,
  WorkerContext,
  type WorkerMessage,
  type WorkerStart,
} from "../../models/pool/link.ts";
import { echo } from "../../server/small/echo.ts";
import { OPTIONS } from "./options.ts";

/** A worker of multiplex that speaks echo, begun with `start` where that says more. */
export function workerOf(start: Partial<WorkerStart> = {}) {
  const posted: WorkerMessage[] = [];
  const numbers = (count: number) => new SharedArrayBuffer(count * 4);
  const own = numbers(OWN.count);
  const mailbox = new SharedArrayBuffer(MAILBOX.headBytes + MAILBOX.lineBytesMax);
  const callNames = ["recv"];
  const context = new WorkerContext(
    {
      model: "multiplex",
      options: OPTIONS,
      index: 3,
      callNames,
      counters: Counters.allocate(callNames),
      shared: numbers(SHARED.count),
      own,
      mailbox,
      listener: -1,
      wake: -1,
      gate: Gate.allocate(OPTIONS.admission, true),
      handoff: undefined,
      now: 0,
      warningsOnly: false,
      ...start,
    },
    echo,
    (message) => posted.push(message),
  );
  new Int32Array(own)[OWN.control] = NONE;
  return { context, posted, own: new Int32Array(own), mailbox: new Int32Array(mailbox) };
}

/** The server stops, in this way: DRAINING or CLOSING. */
export function stopWorker({ shared }: WorkerContext, phase: number): void {
  Atomics.store(shared, SHARED.stop, phase);
}
