/**
 * The load in C (native/): compiled where there is a compiler, asked for the same jobs as the one
 * in TypeScript and answering with the same results. Its job is text between tabs, which C reads
 * without a library, and its histograms are counts, which become the usual ones here. Texts in,
 * plain data out, but for the compiling.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { compile } from "./compiler.ts";
import { latencyOf } from "../claims/histograms.ts";
import type { GroupResult } from "../record.ts";
import { newHistogram } from "./group.ts";
import type { Group, LoadJob, LoadMessage, LoadOutcome, LoadResult } from "./job.ts";

const SOURCES = ["load.c", "group.c", "client.c"].map((name) =>
  fromFileUrl(new URL(`./native/${name}`, import.meta.url))
);

/** A histogram as C says it: [microseconds, how often]. */
type Counts = readonly (readonly [us: number, count: number])[];

/** A group's result as C says it. */
interface NativeGroup {
  readonly unserved: number;
  readonly operations: number;
  readonly octets: number;
  readonly unfinished: number;
  readonly fairness?: number;
  readonly latency: Counts;
  readonly lateness: Counts;
  readonly fromStart: Counts;
  readonly timeline: NonNullable<GroupResult["timeline"]>;
}

/** A job's result as C says it, groups in the order of the job. */
type NativeResult = Omit<LoadResult, "groups"> & Pick<LoadOutcome, "uploads"> & {
  readonly groups: readonly NativeGroup[];
};

/** What native/load.c says: LoadMessage, but for the result. */
type NativeMessage =
  | Exclude<LoadMessage, { event: "result" }>
  | { readonly event: "result"; readonly result: NativeResult };

/** Compiles the load to `program`; why it cannot be had in one line, if it cannot. */
export function compileLoad(program: string): Promise<string | undefined> {
  return compile(program, SOURCES);
}

/** `job` as native/load.c reads it: a line, and one for each group. */
export function nativeJob(job: LoadJob): string {
  const { host, port, setupMs, warmupMs, measureMs, stallMs, groups } = job;
  const head = [host, port, setupMs, warmupMs, measureMs, stallMs, groups.length];
  return [head, ...groups.map(fieldsOf)].map((fields) => fields.join("\t")).join("\n");
}

function fieldsOf(group: Group): (string | number)[] {
  const { name, clients, action, path = "", octets = 0, source = "" } = group;
  const { replaces, perSecond = 0, readRate = 0, once, timeline } = group;
  const texts = [name, path, source];
  if (texts.some((text) => /[\t\n]/.test(text))) {
    throw new Error(`Cannot ask the load in C for ${JSON.stringify(texts)}: a tab or a line feed`);
  }
  const flag = (value: boolean | undefined) => value ? 1 : 0;
  return [
    ...[name, clients, action, path, octets, source, flag(replaces)],
    ...[perSecond, readRate, flag(once), flag(timeline)],
  ];
}

/** What `line` of native/load.c says about `job`. */
export function nativeMessage(line: string, job: LoadJob): LoadMessage {
  const message = JSON.parse(line) as NativeMessage;
  if (message.event !== "result") return message;
  const { groups, uploads, ...rest } = message.result;
  const results = job.groups.map((group, index) => [group.name, resultOf(group, groups[index]!)]);
  return { event: "result", result: { ...rest, groups: Object.fromEntries(results) }, uploads };
}

function resultOf(group: Group, native: NativeGroup): GroupResult {
  const { clients, perSecond, timeline } = group;
  const { latency: counts, lateness, fromStart: begun, timeline: times, ...figures } = native;
  const latency = latencyOf(histogramOf(counts));
  const fromStart = latencyOf(histogramOf(begun));
  const late = histogramOf(lateness);
  return {
    clients,
    ...figures,
    ...(latency === undefined ? {} : { latency }),
    ...(fromStart === undefined ? {} : { fromStart }),
    ...(perSecond === undefined ? {} : { offered: perSecond }),
    ...(late.totalCount === 0 ? {} : { latenessP99Us: late.getValueAtPercentile(99) }),
    ...(timeline ? { timeline: times } : {}),
  };
}

function histogramOf(counts: Counts) {
  const histogram = newHistogram();
  for (const [us, count] of counts) histogram.recordValueWithCount(us, count);
  return histogram;
}
