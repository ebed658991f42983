/**
 * Figures that cannot be: negative, above what there is, out of order. Such a figure is no property
 * of a server but a fault of the harness: it is printed as one, as it was found, and its cell
 * carries no claim. A server above the load's ceiling is printed, too: there the ceiling is at fault,
 * and not the cell. Pure.
 *
 * @module
 */

import type { CeilingRecord, CellRecord, Machine } from "../record.ts";
import { mainOf } from "./figures.ts";
import { edgeShare } from "./gates.ts";
import { summarize } from "./inference.ts";

/** What clocks of different kinds may differ by, and windows: a share of the processors, of a rate. */
const TOLERANCE = 0.05;

/** What is known of others where ticks have missed a part of the work: nothing. */
const OTHERS = "a share of others";

/**
 * Whether all that is wrong, by `faultsOf`, is what others are said to have used: then nobody knows
 * whether they disturbed the cell, but what the server used is right, which has a clock of its own.
 */
export function isOfOthersOnly(faults: readonly string[]): boolean {
  return faults.every((fault) => fault.startsWith(OTHERS));
}

/** What of `cell` is impossible, in words; `machine` bounds what can be used. */
export function faultsOf(cell: CellRecord, machine?: Machine): string[] {
  const faults: string[] = [];
  const { server, seconds } = cell;
  const negative = (name: string, value: number | undefined, least = 0) => {
    if (value !== undefined && (value < least || Number.isNaN(value))) {
      faults.push(`${name} of ${Number(value.toPrecision(3))}`);
    }
  };
  negative("a window", seconds);
  negative("CPU", server?.cpu);
  for (const name of ["voluntary", "involuntary"] as const) {
    negative(`${name} switches`, server?.[name]);
  }
  for (const name of ["eagain", "wakeups", "emptyWakeups"] as const) negative(name, server?.[name]);
  negative("octets copied", server?.octetsCopied);
  negative("octets moved", server?.octetsMoved);
  for (const [name, count] of Object.entries(server?.calls ?? {})) negative(`calls ${name}`, count);
  negative("steal", cell.steal);
  negative(OTHERS, cell.others, -TOLERANCE - edgeShare(seconds));
  negative("load CPU", cell.loadCpuShare);
  for (const [name, group] of Object.entries(cell.groups)) {
    negative(`operations of ${name}`, group.operations);
    const { latency, fairness = 1, unserved, clients } = group;
    if (unserved > clients) faults.push(`${unserved} of ${clients} clients (${name}) unserved`);
    if (fairness > 1 + 1e-9) faults.push(`fairness of ${fairness}`);
    if (latency !== undefined && latency.p50Us > latency.p99Us) {
      faults.push(`a p50 above the p99 (${name})`);
    }
  }
  if (machine !== undefined && server !== undefined) {
    const most = machine.processors * seconds * (1 + TOLERANCE) + TOLERANCE;
    if (server.cpu > most) {
      faults.push(
        `${server.cpu.toFixed(2)} s of CPU in ${seconds.toFixed(2)} s on ${machine.processors} ` +
          "processors",
      );
    }
  }
  return faults;
}

/**
 * A server faster than the load's ceiling of the same block: then that was no ceiling. It has to be
 * by more than ceilings themselves differ, by as much as the interval of their median reaches above
 * it, since each is the best of a few windows.
 */
export function aboveCeiling(
  cell: CellRecord,
  ceilings: readonly CeilingRecord[],
): string | undefined {
  const rate = (mainOf(cell)?.operations ?? 0) / cell.seconds;
  const all = ceilings.filter(({ scenario, point }) =>
    scenario === cell.scenario && point === cell.point
  );
  const ceiling = all.find(({ block }) => block === cell.block)?.rate;
  if (ceiling === undefined) return undefined;
  const { median, interval: [, most] } = summarize(all.flatMap(({ rate }) => rate ?? []))!;
  if (!(rate > ceiling * Math.max(most / median, 1 + TOLERANCE))) return undefined;
  return `${Math.round(rate)} operations/s, above the load's ceiling of ${Math.round(ceiling)}`;
}
