/**
 * Several windows of the same job as one measurement: what is over too soon to be measured once is
 * done again and again (../run/measure.ts), and what a machine's moods would bend is measured in
 * several passes (series.ts). It adds up and merges, and never averages a percentile. Pure.
 *
 * @module
 */

import type { GroupResult, Latency, Outcome, ServerWork } from "../record.ts";
import { latencyOf, mergeLatencies } from "./histograms.ts";

/** The measurement that `rounds` are, at least one; a single one stays as it is. */
export function together(rounds: readonly Outcome[]): Outcome {
  const [first, ...others] = rounds;
  if (others.length === 0) return first!;
  const seconds = sumOf(rounds, (round) => round.seconds);
  const share = (of: (round: Outcome) => number) =>
    seconds > 0 ? sumOf(rounds, (round) => of(round) * round.seconds) / seconds : 0;
  const works = rounds.flatMap(({ server }) => server ?? []);
  const names = [...new Set(rounds.flatMap(({ groups }) => Object.keys(groups)))];
  return {
    seconds,
    rounds: sumOf(rounds, ({ rounds = 1 }) => rounds),
    groups: Object.fromEntries(names.map((name) => [
      name,
      groupTogether(rounds.flatMap(({ groups }) => groups[name] ?? [])),
    ])),
    // What one of them lacks is not known of all.
    ...(works.length === rounds.length ? { server: workTogether(works) } : {}),
    ...quotaTogether(rounds.flatMap(({ quota }) => quota ?? [])),
    loadCpuShare: share((round) => round.loadCpuShare),
    steal: share((round) => round.steal),
    others: share((round) => round.others),
    errors: counts(rounds.map(({ errors }) => errors)),
  };
}

function quotaTogether(all: readonly NonNullable<Outcome["quota"]>[]): Pick<Outcome, "quota"> {
  if (all.length === 0) return {};
  const periods = sumOf(all, (one) => one.periods);
  return { quota: { periods, throttled: sumOf(all, (one) => one.throttled) } };
}

function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0);
}

function counts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

function latenciesTogether(latencies: readonly Latency[]): Latency | undefined {
  const histogram = mergeLatencies(latencies);
  return histogram && latencyOf(histogram);
}

function groupTogether(all: readonly GroupResult[]): GroupResult {
  const latency = latenciesTogether(all.flatMap((one) => one.latency ?? []));
  const fromStart = latenciesTogether(all.flatMap((one) => one.fromStart ?? []));
  const fairness = all.flatMap((one) => one.fairness ?? []);
  const lateness = all.flatMap((one) => one.latenessP99Us ?? []);
  const { latency: _latency, fromStart: _fromStart, ...first } = all[0]!;
  return {
    ...first,
    // The first has the timeline; of what has no sum the worst stands for all.
    unserved: Math.max(...all.map(({ unserved }) => unserved)),
    operations: sumOf(all, ({ operations }) => operations),
    octets: sumOf(all, ({ octets }) => octets),
    unfinished: sumOf(all, ({ unfinished }) => unfinished),
    ...(latency === undefined ? {} : { latency }),
    ...(fromStart === undefined ? {} : { fromStart }),
    ...(fairness.length === 0 ? {} : { fairness: Math.min(...fairness) }),
    ...(lateness.length === 0 ? {} : { latenessP99Us: Math.max(...lateness) }),
  };
}

/** Fields of ServerWork that add up where every round has them. */
const SUMS = [
  "cpuResolution",
  "voluntary",
  "involuntary",
  "eagain",
  "wakeups",
  "emptyWakeups",
  "octetsCopied",
  "octetsMoved",
] as const;

function workTogether(all: readonly ServerWork[]): ServerWork {
  const { calls: _calls, ...last } = all.at(-1)!;
  const cpu = sumOf(all, (one) => one.cpu);
  const sums: { -readonly [name in typeof SUMS[number]]?: number } = {};
  for (const name of SUMS) {
    const known = all.flatMap((one) => one[name] ?? []);
    if (known.length === all.length) sums[name] = sumOf(known, (value) => value);
  }
  const calls = all.flatMap((one) => one.calls === undefined ? [] : [one.calls]);
  const ended = { ...last };
  for (const name of SUMS) delete ended[name];
  return {
    ...ended,
    ...sums,
    cpu,
    systemShare: cpu > 0 ? sumOf(all, (one) => one.systemShare * one.cpu) / cpu : 0,
    ...(calls.length === all.length ? { calls: counts(calls) } : {}),
  };
}
