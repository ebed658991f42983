/**
 * The gates that one measurement has to pass to carry a claim, each cell for itself: a series is
 * never judged by its worst cell. run/ measures a cell again at once that something disturbed;
 * analysis.ts leaves out what stayed disturbed; report/ shows both. Pure.
 *
 * @module
 */

import type { CellRecord } from "../record.ts";

/** Why a measurement is not to be trusted as it stands. */
export type GateId =
  /** The load used most of a processor: the server may be better than it looks. */
  | "load"
  /** An open loop began late. */
  | "lateness"
  /** The hypervisor gave the processors to others. */
  | "steal"
  /** Somebody else used the machine. */
  | "others"
  /** The server's CPU is hardly more than what it is counted in. */
  | "resolution"
  | "errors"
  | "unserved"
  /** It could not do it in some of the blocks: of all of them together. */
  | "unable"
  | "failure";

/** A gate that a cell did not pass. */
export interface Gate {
  /** Which. */
  readonly id: GateId;
  /** Of two of the same kind, the larger is the worse. */
  readonly amount: number;
  /** With its figure: "load 91 % of a processor". */
  readonly text: string;
}

/** A load process that uses more of a processor may be what was measured. */
export const LOAD_CPU_SHARE_MAX = 0.8;

/** More processor time given to others by the hypervisor bends every figure. */
export const STEAL_MAX = 0.02;

/** More than this share of the processors is somebody else's work, beyond `edgeShare`. */
export const OTHERS_MAX = 0.1;

/** What the kernel's ticks of 10 ms may be off by at the two edges of a window, seconds. */
const EDGE_SECONDS = 0.02;

/**
 * The same as a share of a window. Without it one that holds a fixed piece of work would fall into a
 * gate by being short: fast servers would be measured again until they are slow.
 */
export function edgeShare(seconds: number): number {
  return EDGE_SECONDS / (seconds || 1);
}

/** An open loop that begins later than this part of its p50 measures itself, too. */
export const LATENESS_SHARE_MAX = 0.1;

/** A figure that may be wrong by more than this part of itself says nothing. */
export const RESOLUTION_SHARE_MAX = 0.1;

/**
 * What comes from outside and passes: measuring again helps. Lateness is none of it: as a share of
 * the server's own p50 it would have fast ones measured again until they are slow.
 */
const PASSING: readonly GateId[] = ["steal", "others"];

/** How often a cell of a full run is measured again at once that something disturbed. */
export const RETRIES = 2;

/** The gates that `cell` did not pass; a subject that is unable has none: it did not take part. */
export function gatesOf(cell: Omit<CellRecord, "kind">): Gate[] {
  if (cell.unable !== undefined) return [];
  const gates: Gate[] = [];
  const trip = (id: GateId, amount: number, text: string) => gates.push({ id, amount, text });
  if (cell.failure !== undefined) trip("failure", 1, "failed");
  const errors = Object.values(cell.errors).reduce((sum, count) => sum + count, 0);
  if (errors > 0) trip("errors", errors, `${errors} error${errors === 1 ? "" : "s"}`);
  for (const [name, group] of Object.entries(cell.groups)) {
    const { unserved, clients, latenessP99Us: lateness, latency } = group;
    if (unserved > 0) {
      trip("unserved", unserved, `${unserved} of ${clients} clients (${name}) unserved`);
    }
    if (lateness === undefined || latency === undefined) continue;
    const share = lateness / latency.p50Us;
    if (share > LATENESS_SHARE_MAX) {
      trip("lateness", share, `${name} begun late: p99 ${percent(share)} of p50`);
    }
  }
  const { loadCpuShare, steal, others, seconds } = cell;
  if (loadCpuShare > LOAD_CPU_SHARE_MAX) {
    trip("load", loadCpuShare, `load ${percent(loadCpuShare)} of a processor`);
  }
  if (steal > STEAL_MAX) trip("steal", steal, `steal ${percent(steal)}`);
  if (others > OTHERS_MAX + edgeShare(seconds)) {
    trip("others", others, `others ${percent(others)} of the processors`);
  }
  const { cpu = 0, cpuResolution = 0 } = cell.server ?? {};
  const coarse = cpu > 0 ? cpuResolution / cpu : 0;
  if (coarse > RESOLUTION_SHARE_MAX) {
    trip("resolution", coarse, `CPU known to ${percent(coarse)} only`);
  }
  return gates;
}

/** Whether something from outside disturbed `cell`, so that it is worth measuring again. */
export function isDisturbed(cell: Omit<CellRecord, "kind">): boolean {
  return gatesOf(cell).some(({ id }) => PASSING.includes(id));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
