/**
 * How servers were warmed, and until when: the table and the sentence of the method. Pure.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { partOf, type Run } from "../claims/run.ts";
import { median } from "../claims/statistics.ts";
import type { Block, Inline } from "./document.ts";
import { number, percent } from "./numbers.ts";

/** How long each server was warmed, and of which work that did not become level. */
export function warmUps({ run }: Analysis): Block[] {
  // A server of several cells was warmed once; two of a block that took equally long are rare.
  const servers = new Map(run.cells.flatMap(({ subject, scenario, block, warmUp }) => {
    if (warmUp === undefined) return [];
    const { startedAt } = partOf(run, scenario);
    const key = JSON.stringify([startedAt, subject, block, warmUp]);
    return [[key, { subject, ...warmUp }] as const];
  }));
  const warmed = [...servers.values()];
  if (warmed.length === 0) return [];
  const rows = [...Map.groupBy(warmed, ({ subject }) => subject)].map(([subject, all]) => {
    const seconds = all.map((one) => one.seconds);
    const looked = all.filter(({ unlevel }) => unlevel !== undefined);
    const rest = Map.groupBy(looked.flatMap(({ unlevel }) => unlevel!), (work) => work);
    const said = [...rest].map(([work, { length }]) => `${work} in ${length} of ${looked.length}`);
    return [
      subject,
      number(median(seconds)),
      number(Math.max(...seconds)),
      looked.length === 0 ? "not looked at" : said.join(", ") || "none",
    ];
  });
  const until = looksForLevel(run)
    ? ", until work per operation was level, its workers together"
    : "";
  return [{
    kind: "table",
    caption: `Warm-up of each server${until}`,
    columns: [
      { title: "Subject" },
      { title: "Median, s", align: "right" },
      { title: "Longest, s", align: "right" },
      { title: "Never level" },
    ],
    rows,
  }];
}

/** Whether servers were warmed until their work was level: short windows have no time for it. */
function looksForLevel({ cells }: Run): boolean {
  return cells.some(({ warmUp }) => warmUp?.unlevel !== undefined);
}

/** What servers have behind them that were warmed until their work was level. */
export function levelsInWords({ cells }: Run): Inline[][] {
  const warmUps = cells.flatMap(({ warmUp }) => warmUp?.unlevel === undefined ? [] : [warmUp]);
  const rules = new Set(warmUps.map(({ level }) => {
    if (level === undefined) {
      return `kind of work by kind of work, until neither of two rounds took 5 % less CPU per
        operation than the best before, 12 rounds at most (what was measured by an earlier edition)`;
    }
    const { rounds, share, roundsMax } = level;
    const less = `at most ${percent(share)} less`;
    return `all kinds of work in turn, until of each ${rounds} rounds took together ${less} CPU per
      operation than the ${rounds} before, or less by no more than can be told, its workers
      together, ${roundsMax} rounds at most`;
  }));
  if (rules.size === 0) return [];
  return [[`A fresh server works for nothing: ${[...rules].join("; or ")}. Then it is measured as it
    is, and what never was level is said with its configuration.`]];
}
