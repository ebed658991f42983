/**
 * Runs made up for tests of claims/: the fixture's cells of one scenario, each changed by the test.
 *
 * @module
 */

import { type Analysis, analyze, type Comparison } from "../../bench/claims/analysis.ts";
import { gridField } from "../../bench/claims/grid.ts";
import type { CellRecord, GroupResult, HeaderRecord, RunRecord } from "../../bench/record.ts";
import { parseRun } from "../../bench/report/mod.ts";
import { scenarioOf } from "../../bench/scenarios/mod.ts";
import { fixtureRecords } from "./fixture_run.ts";

/** The fixture's cells of "logins", each changed by the test. */
export function loginsOf(
  subjects: string[],
  change: (cell: CellRecord) => Partial<CellRecord> | undefined,
  repeats = 11,
  header: Partial<HeaderRecord> = {},
): Analysis {
  return scenarioRun("logins", subjects, change, repeats, header);
}

/** The same of any scenario. */
export function scenarioRun(
  scenario: string,
  subjects: string[],
  change: (cell: CellRecord) => Partial<CellRecord> | undefined,
  repeats = 11,
  header: Partial<HeaderRecord> = {},
): Analysis {
  const records = fixtureRecords({ scenarios: [scenario], subjects, repeats, faultless: true })
    .flatMap((record): RunRecord[] => {
      if (record.kind === "run") return [{ ...record, ...header }];
      if (record.kind !== "cell") return [record];
      const changes = change(record);
      return changes === undefined ? [] : [{ ...record, ...changes }];
    });
  return analyze(parseRun(records.map((record) => JSON.stringify(record) + "\n").join("")));
}

/** A change of the group "main". */
export function withMain(cell: CellRecord, main: Partial<GroupResult>): Partial<CellRecord> {
  return { groups: { main: { ...cell.groups.main!, ...main } } };
}

/**
 * Operations of each cell by subject and block, for a second of CPU: work per operation is the
 * inverse of the rate. undefined leaves a cell out.
 */
export function rates(of: (subject: string, block: number) => number | undefined) {
  return (cell: CellRecord) => {
    const operations = of(cell.subject, cell.block);
    if (operations === undefined) return undefined;
    return { ...withMain(cell, { operations }), server: { ...cell.server!, cpu: 1 } };
  };
}

/** Over epoll, in logins a second. */
export function compared(analysis: Analysis, subject: string): Comparison {
  const series = (id: string) => analysis.series(analysis.row(id, "logins", "clients=16")!, "rate");
  return analysis.compare(series(subject), series("epoll"), "higher");
}

/** The verdict on each subject by the rate, which the load may bound, over epoll. */
export const verdictsByRate = (analysis: Analysis) =>
  Object.fromEntries(
    analysis.run.header.subjects.filter(({ id }) => id !== "epoll")
      .map(({ id }) => [id, compared(analysis, id).verdict]),
  );

/** The mark of each subject at the headline. */
export const marks = (analysis: Analysis) =>
  Object.fromEntries(
    analysis.run.header.subjects.map((subject) => [
      subject.id,
      gridField(analysis, subject, scenarioOf(analysis.run.header.scenarios[0]!)!).mark,
    ]),
  );
