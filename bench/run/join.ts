/**
 * Makes one run of several that share no scenario: what takes hours may be measured in parts, each
 * with all of its repeats. Nothing is compared across scenarios, so that no comparison knows of it;
 * a part may even be of another day's machine or sources, which the report then says. ../mod.ts
 * calls it with what it has read. Pure.
 *
 * @module
 */

import type { HeaderRecord, ResumeRecord, RunRecord, SubjectCard } from "../record.ts";
import { SCENARIOS } from "../scenarios/mod.ts";
import { differenceOf } from "./resume.ts";

/** What has to be the same in all parts. */
const SAME: readonly (keyof HeaderRecord)[] = [
  "load",
  "quota",
  "pinned",
  "baseline",
];

/** What makes a server the same in all parts: its title may be another, or a comment in its file. */
const SAME_SERVER: readonly (keyof SubjectCard)[] = ["kind", "flags", "version", "twinOf", "rung"];

/** The text of the run that `texts` are together, or why they are none. */
export function joined(texts: readonly string[]): string | { readonly why: string } {
  const parts = texts.map((text) => text.trimEnd().split("\n").map(recordOf));
  const headers = parts.map(([first]) => first as HeaderRecord);
  const [first, ...others] = headers;
  for (const [index, header] of others.entries()) {
    const difference = differenceOf(first!, header, SAME);
    if (difference !== undefined) return { why: difference };
    const twice = header.scenarios.find((id) =>
      headers.slice(0, index + 1).some(({ scenarios }) => scenarios.includes(id))
    );
    if (twice !== undefined) return { why: `the scenario ${twice} is in two of them` };
    const other = header.subjects.find((card) =>
      headers.slice(0, index + 1).some(({ subjects }) => subjects.some((one) => isOther(one, card)))
    );
    if (other !== undefined) {
      return { why: `number ${index + 2} of them has another server by the name ${other.id}` };
    }
    // The scenarios of its header are those of several parts, each with terms of its own.
    if (parts[index + 1]!.some((record) => record.kind === "resume" && record.args !== undefined)) {
      return { why: `number ${index + 2} of them was joined: name it first, or join its parts` };
    }
  }
  const partial = parts.findIndex((records) => {
    const last = records.at(-1)!;
    return last.kind !== "end" || last.incomplete !== undefined;
  });
  if (partial !== -1) return { why: `number ${partial + 1} of them is not complete: resume it` };
  const records: RunRecord[] = [headerOf(headers), ...parts[0]!.slice(1)];
  for (const [index, own] of parts.slice(1).entries()) {
    records.push(partOf(others[index]!, first!), ...own.slice(1));
  }
  return records.map((record) => JSON.stringify(record) + "\n").join("");
}

function recordOf(line: string): RunRecord {
  return JSON.parse(line) as RunRecord;
}

/** Whether two cards have one name, and not one server. */
function isOther(one: SubjectCard, other: SubjectCard): boolean {
  return one.id === other.id &&
    SAME_SERVER.some((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

/** The header of all; each keeps the order that reports have. */
function headerOf(headers: readonly HeaderRecord[]): HeaderRecord {
  const [first] = headers;
  const ids = SCENARIOS.map(({ id }) => id)
    .filter((id) => headers.some(({ scenarios }) => scenarios.includes(id)));
  const pointsOf = (id: string) =>
    headers.flatMap(({ scenarios, points }) => points?.[scenarios.indexOf(id)] ?? []);
  const notes = new Set(headers.flatMap((header) => header.notes));
  return {
    ...first!,
    scenarios: ids,
    points: ids.map(pointsOf),
    subjects: subjectsOf(headers),
    notes: [...notes],
  };
}

/** Everybody once, as the part that has most has them, in its order. */
function subjectsOf(headers: readonly HeaderRecord[]): SubjectCard[] {
  const cards = new Map<string, SubjectCard>();
  const all = headers.map(({ subjects }) => subjects)
    .toSorted((left, right) => right.length - left.length).flat();
  for (const card of all) if (!cards.has(card.id)) cards.set(card.id, card);
  return [...cards.values()];
}

function partOf(own: HeaderRecord, first: HeaderRecord): ResumeRecord {
  const { startedAt, before, args, scenarios, machine, sources, repeats, seconds, seed } = own;
  const { floors } = own;
  return {
    ...{ kind: "resume", startedAt, before, block: 0, dropped: 0, args, scenarios, seed },
    ...(floors === undefined ? {} : { floors }),
    ...(repeats === first.repeats ? {} : { repeats }),
    ...(seconds === first.seconds ? {} : { seconds }),
    ...(differenceOf(first, own, ["machine"]) === undefined ? {} : { machine }),
    ...(sources === undefined || sources === first.sources ? {} : { sources }),
  };
}
