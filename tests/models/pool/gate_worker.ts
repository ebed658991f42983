/**
 * A thread of gate_test.ts: lets sessions in and out of a shared gate as fast as it can, a given
 * number of rounds, and tells what it saw.
 *
 * @module
 */

import { Gate } from "../../../models/pool/gate.ts";

/** What the thread is to do. */
export interface Orders {
  readonly memory: SharedArrayBuffer;
  readonly worker: number;
  /** The time of its attempts. */
  readonly now: number;
  readonly hosts: readonly string[];
  readonly rounds: number;
  /** Sessions that it keeps open at a time; the oldest leaves before the next comes. */
  readonly openMax: number;
  /** The sessions of all threads that are open: one number, which each of them counts. */
  readonly all: Int32Array<SharedArrayBuffer>;
  /** Whether it ends with its sessions open, as a worker with a bug does. */
  readonly keep: boolean;
}

/** What it saw. */
export interface Seen {
  readonly admitted: number;
  readonly refused: number;
  /** The most sessions of all threads that it ever counted. */
  readonly most: number;
}

interface Scope {
  onmessage: ((event: MessageEvent<Orders>) => void) | null;
  postMessage(seen: Seen): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data: { memory, worker, now, hosts, rounds, openMax, all, keep } }) => {
  const gate = new Gate(memory, worker);
  const open: [host: string, loggedIn: boolean][] = [];
  const leave = (session: [host: string, loggedIn: boolean]) => {
    Atomics.sub(all, 0, 1);
    gate.leave(...session);
  };
  let [admitted, refused, most] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const host = hosts[(round + worker) % hosts.length]!;
    if (open.length === openMax) leave(open.shift()!);
    if (gate.admit(host) !== undefined) {
      refused++;
      continue;
    }
    admitted++;
    most = Math.max(most, Atomics.add(all, 0, 1) + 1);
    const logsIn = round % 3 !== 0;
    gate.attempt(host, 1, now);
    if (logsIn) gate.loggedIn(host);
    open.push([host, logsIn]);
  }
  if (!keep) { for (const session of open) leave(session); }
  scope.postMessage({ admitted, refused, most });
};
