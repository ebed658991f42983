/** The smallest plan that has everything in it, two subjects for it, and its cells. @module */

import { assert } from "@std/assert";
import { parseFlags } from "../../bench/flags.ts";
import { type LoadProgram, TYPESCRIPT_LOAD } from "../../bench/load/process.ts";
import type { AgreementRecord, CeilingRecord, CellRecord } from "../../bench/record.ts";
import { measure } from "../../bench/run/measure.ts";
import type { Plan } from "../../bench/run/plan.ts";
import { MODELS, type Subject } from "../../bench/run/subjects.ts";
import { prepareWorkplace } from "../../bench/run/workplace.ts";

/** The baseline. */
export const EPOLL = MODELS.find(({ id }) => id === "epoll")!;

/** A model that serves 8 clients at most. */
export const BLOCKING = MODELS.find(({ id }) => id === "blocking-8")!;

/** Every scenario at the points of --quick. */
export function planOf(...subjects: Subject[]): Plan {
  const parsed = parseFlags(["--quick"]);
  assert(parsed.kind === "run");
  return {
    subjects,
    scenarios: parsed.flags.scenarios,
    sizes: { small: 1_000, medium: 300_001, large: 1_000_001 },
    repeats: 1,
    seconds: 0.05,
    probes: 0,
    retries: 0,
    passes: false,
    sideBySide: false,
    stallMs: 10_000,
    seed: 1,
  };
}

/** What `cellsOf` does otherwise. */
export interface Setting {
  /** Interrupted before that cell. */
  readonly abortAt?: number;
  /** The load; default the one that needs nothing. */
  readonly program?: LoadProgram;
  /** A second load, for its agreement with the first. */
  readonly other?: LoadProgram;
}

/** The cells of `plan`, and why some are missing. */
export async function cellsOf(
  plan: Plan,
  { abortAt = Infinity, program = TYPESCRIPT_LOAD, other }: Setting = {},
) {
  const companies: string[] = [];
  const interrupt = new AbortController();
  const { signal } = interrupt;
  await using workplace = await prepareWorkplace(plan.sizes, signal, program, { other });
  const cells: CellRecord[] = [];
  const ceilings: CeilingRecord[] = [];
  const agreements: AgreementRecord[] = [];
  const incomplete = await measure(plan, workplace, {
    signal,
    progress: (done, _total, now) => {
      companies.push(now);
      if (done === abortAt) interrupt.abort();
    },
    record: (record) => {
      if (record.kind === "cell") cells.push(record);
      else if (record.kind === "ceiling") ceilings.push(record);
      else agreements.push(record);
    },
  });
  return { cells, ceilings, agreements, incomplete, companies };
}
