/**
 * Models beside their twins, the least servers in C that wait alike: how much of a ratio between two
 * models is the way to wait, and how much the runtime and what a whole server does. And the ladder:
 * the twin over io_uring with one technique on after the other. Pure; an analysis in, blocks of
 * document.ts out.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { contestsOfTwins } from "../claims/family.ts";
import type { Contest } from "../claims/grid.ts";
import type { SubjectCard } from "../record.ts";
import type { Block, Table } from "./document.ts";
import { number, withMicro } from "./numbers.ts";
import { ratios, WORTH } from "./others.ts";

/** What twins were measured for, if any were. */
export function mechanisms(analysis: Analysis): Block[] {
  const all = contestsOfTwins(analysis);
  const tables = [besideModels(analysis, all), ladder(analysis, all)].flatMap((table) =>
    table ?? []
  );
  if (tables.length === 0) return [];
  return [
    {
      kind: "heading",
      level: 2,
      text: "How much is the mechanism and how much the runtime",
    },
    {
      kind: "text",
      text: [
        "A twin is the least server in C that waits as the model of its name does: it knows no " +
        "files, users or limits. Where a model's ratio to the baseline is that of the twins, it is " +
        "the mechanism's; what a twin has no part in is the runtime's and the server's. CPU is " +
        "that of the process by its own clock, in which a thread of the kernel that polls a ring " +
        "for it is counted.",
      ],
    },
    ...tables,
  ];
}

function besideModels(analysis: Analysis, all: readonly Contest[]): Table | undefined {
  const { baseline, run: { header } } = analysis;
  const twins = header.subjects.filter(({ twinOf }) => twinOf !== undefined);
  const reference = twins.find(({ twinOf }) => twinOf === baseline.id);
  const rows = all.flatMap((contest) =>
    twins.filter(({ id }) => has(contest, id)).map((twin) => {
      const model = twin.twinOf!;
      return [
        withMicro(contest.label),
        model,
        ...ratios(analysis, contest, [
          [model, baseline.id],
          [twin.id, reference?.id],
          [model, twin.id],
        ]),
      ];
    })
  );
  return rows.length === 0 ? undefined : {
    kind: "table",
    caption: "Models and their twins (ratio and interval)",
    columns: [
      { title: "Figure" },
      { title: "Model" },
      { title: `Model / ${baseline.id}`, align: "right" },
      { title: `Twin / twin of ${baseline.id}`, align: "right" },
      { title: "Model / its twin", align: "right" },
      ...WORTH,
    ],
    rows,
  };
}

function ladder(analysis: Analysis, all: readonly Contest[]): Table | undefined {
  const rungs = analysis.run.header.subjects.filter(({ rung }) => rung !== undefined);
  const rows = all.flatMap((contest) =>
    rungs.filter(({ id }) => has(contest, id)).map((rung) => {
      const before = rungs.find((other) => other.rung === rung.rung! - 1);
      const first = rungs.find((other) => other.rung === 0);
      const series = contest.series(rung.id);
      return [
        withMicro(contest.label),
        titleOf(rung),
        number(series && analysis.summary(series)?.median),
        ...ratios(analysis, contest, [[rung.id, before?.id], [rung.id, first?.id]]),
      ];
    })
  );
  return rows.length === 0 ? undefined : {
    kind: "table",
    caption: "The twin over io_uring, one technique on after the other (ratio and interval)",
    columns: [
      { title: "Figure" },
      { title: "Then on" },
      { title: "Median", align: "right" },
      { title: "Over the one before", align: "right" },
      { title: "Over the first", align: "right" },
      ...WORTH,
    ],
    rows,
  };
}

function titleOf({ title }: SubjectCard): string {
  return title.replace(/^.*?: /, "");
}

function has(contest: Contest, id: string): boolean {
  return (contest.series(id)?.values.size ?? 0) > 0;
}
