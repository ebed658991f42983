/**
 * A run as it was read, and what belongs to which of its parts: one that was joined of several has
 * for each scenario the machine and the terms of its own part. Plain data; analysis.ts sums it up.
 *
 * @module
 */

import type {
  AgreementRecord,
  CeilingRecord,
  CellRecord,
  CountRecord,
  EndRecord,
  Floors,
  HeaderRecord,
  Idleness,
  Machine,
} from "../record.ts";

/** A stretch of a run that nothing interrupted. */
export interface Part {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** What the machine did before it. */
  readonly before: Idleness;
  /** What it did afterwards; missing when the part was killed. */
  readonly after?: Idleness;
  /** The scenarios of a run of its own that was joined. */
  readonly scenarios?: readonly string[];
  /** What that was measured on, where it is not what the header says. */
  readonly machine?: HeaderRecord["machine"];
  /** The digest of its sources, where it is not what the header says. */
  readonly sources?: string;
  /** Of a run of its own that was joined: the arguments of its command. */
  readonly args?: readonly string[];
  /** Its blocks, where they are not as many as the header says. */
  readonly repeats?: number;
  /** Length of its steady windows, where that is not what the header says. */
  readonly seconds?: number;
  /** What the order of its cells followed from, where it is known. */
  readonly seed?: number;
  /** Of a run of its own that was joined: what was named before it. */
  readonly floors?: Floors;
}

/** A run as it was read. */
export interface Run {
  /** The first record. */
  readonly header: HeaderRecord;
  /** In the order in which they were measured. */
  readonly cells: readonly CellRecord[];
  /** What the load could do, block by block. */
  readonly ceilings: readonly CeilingRecord[];
  /** The baseline as the other load measures it. */
  readonly agreements: readonly AgreementRecord[];
  /** Calls that were counted from outside, in a pass of its own. */
  readonly counts: readonly CountRecord[];
  /** One, and one more for each time that the run was resumed. */
  readonly parts: readonly Part[];
  /** Missing when the run was killed. */
  readonly end?: EndRecord;
  /** What reading it showed, and the notes of the header; a sentence each. */
  readonly notes: readonly string[];
  /** The name of the file, for a reader who wants the raw figures. */
  readonly file?: string;
}

/** The part of a run in which `scenario` was measured: of a joined one, or the first. */
export function partOf({ parts }: Run, scenario: string): Part {
  return parts.find(({ scenarios }) => scenarios?.includes(scenario)) ?? parts[0]!;
}

/** By what cells were measured. */
export type Terms =
  & Required<Pick<Part, "args" | "repeats" | "seconds">>
  & Pick<Part, "seed">;

/** What was said at the beginning of a part: by the record that joined it, else by the header. */
function beginningOf({ header }: Run, part: Part): Pick<Part, "seed" | "floors"> {
  return part.args === undefined ? header : part;
}

/** By what a part was measured: its command, its blocks, its windows, the order of its cells. */
export function termsOf(run: Run, part: Part): Terms {
  const { header } = run;
  const { args = header.args, repeats = header.repeats, seconds = header.seconds } = part;
  // The order of a part that was joined follows from a seed of its own, which may not be known.
  const { seed } = beginningOf(run, part);
  return { args, repeats, seconds, ...(seed === undefined ? {} : { seed }) };
}

/** Below how much of `figure` two are as good as each other, by what was named before the run. */
export function floorOf(run: Run, scenario: string, figure: string): number | undefined {
  return beginningOf(run, partOf(run, scenario)).floors?.[figure];
}

/** The cells of each part, or of all as one where nothing was joined; a killed part counts, too. */
export function cellsByPart(run: Run): Map<Part, CellRecord[]> {
  return Map.groupBy(run.cells, ({ scenario }) => partOf(run, scenario));
}

/** The blocks of a run, of several that were joined those of the one with fewest. */
export function leastRepeats({ header, parts }: Run): number {
  return Math.min(header.repeats, ...parts.flatMap(({ repeats }) => repeats ?? []));
}

/** What `scenario` was measured on. */
export function machineOf(run: Run, scenario: string): Machine {
  return partOf(run, scenario).machine ?? run.header.machine;
}
