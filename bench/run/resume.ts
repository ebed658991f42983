/**
 * Goes on with a run that ended early: which of its blocks are whole, what of the file is kept, and
 * whether this is still the same run on the same machine. fill.ts calls it with what was read.
 * Pure; nothing is repaired here, and a block that is not whole is never mended but measured anew,
 * since what is compared was measured back to back.
 *
 * @module
 */

import { isDisturbed } from "../claims/gates.ts";
import type {
  AgreementRecord,
  CeilingRecord,
  CellRecord,
  HeaderRecord,
  RunRecord,
} from "../record.ts";
import { orderOf, type Plan } from "./plan.ts";

/** What is left of an earlier part. */
export interface Kept {
  /** The file as it is from now on: whole blocks, and how each part began and ended. */
  readonly text: string;
  /** The first block that is to be measured, from 0; the number of repeats when all are there. */
  readonly block: number;
  /** Measurements that are not kept. */
  readonly dropped: number;
  /** The last line was cut off. */
  readonly cutOff: boolean;
  /** Nothing is left to do: it came to its end. */
  readonly complete: boolean;
}

/** What of `text`, a run by `plan`, is kept; its lines but the last have been read before. */
export function keptOf(text: string, plan: Plan): Kept {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const records = lines.flatMap((line) => recordOf(line) ?? []);
  const measured = records.filter(isMeasurement);
  const block = firstNotWhole(plan, measured);
  const kept = records.filter((record) =>
    isMeasurement(record) ? record.block < block : record.kind !== "count"
  );
  const last = records.at(-1)!;
  return {
    text: kept.map((record) => JSON.stringify(record) + "\n").join(""),
    block,
    dropped: measured.filter((record) => record.block >= block).length,
    cutOff: records.length < lines.length,
    complete: block === plan.repeats && last.kind === "end" && last.incomplete === undefined,
  };
}

function recordOf(line: string): RunRecord | undefined {
  try {
    return JSON.parse(line) as RunRecord;
  } catch {
    return undefined; // cut off: the process was killed while it wrote this
  }
}

/** What blocks consist of. */
type Measurement = CellRecord | CeilingRecord | AgreementRecord;

function isMeasurement(record: RunRecord): record is Measurement {
  return record.kind === "cell" || record.kind === "ceiling" || record.kind === "agreement";
}

/** The first block of which a cell is missing, or was to be measured again. */
function firstNotWhole(plan: Plan, measured: readonly Measurement[]): number {
  const keyOf = (...place: (string | number)[]) => JSON.stringify(place);
  const over = new Set(measured.flatMap((record) => {
    const { kind, scenario, point, block } = record;
    if (kind === "ceiling") return [keyOf(kind, scenario, point, block)];
    if (isDisturbed(record) && (record.attempt ?? 0) < plan.retries) return [];
    if (kind !== "cell") return [keyOf(kind, scenario, point, block)];
    return [keyOf(`of ${record.subject}`, scenario, point, block, record.pass ?? 0)];
  }));
  const missing = orderOf(plan).find(({ block, scenario, point, order, pass = 0 }) =>
    order.some((one) => {
      const place = [scenario.id, point.id, block];
      return !over.has(
        typeof one === "string" ? keyOf(one, ...place) : keyOf(`of ${one.id}`, ...place, pass),
      );
    })
  );
  return missing?.block ?? plan.repeats;
}

/** What has to be the same in both parts of a run, and how it is called. */
const SAME: Partial<Record<keyof HeaderRecord, string>> = {
  machine: "the machine differs",
  sources: "the version differs",
  scenarios: "the scenarios differ",
  points: "the points differ",
  subjects: "the servers differ",
  repeats: "the repeats differ",
  seconds: "the windows differ",
  load: "the load differs",
  quota: "the quota differs",
  pinned: "the processors differ",
  baseline: "the baseline differs",
};

/** In which of `names` a run that began with `then` is no part of one with `now`, if in any. */
export function differenceOf(
  then: HeaderRecord,
  now: HeaderRecord,
  names: readonly (keyof HeaderRecord)[] = Object.keys(SAME) as (keyof HeaderRecord)[],
): string | undefined {
  const found = names.find((name) => JSON.stringify(then[name]) !== JSON.stringify(now[name]));
  if (found === undefined) return undefined;
  const what = SAME[found];
  if (found !== "machine") return what;
  const { machine } = then;
  const fields = Object.keys(machine) as (keyof typeof machine)[];
  const own = fields.filter((field) => machine[field] !== now.machine[field]);
  return `${what} (${own.map((field) => `${field} was ${machine[field]}`).join(", ")})`;
}
