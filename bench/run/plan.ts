/**
 * What a run consists of, and in which order: at each scenario and point all subjects back to back,
 * in an order drawn anew, so that what disturbs the machine for a while disturbs all of them. Pure;
 * measure.ts carries it out.
 *
 * @module
 */

import { randomFrom, shuffled } from "../claims/statistics.ts";
import {
  FILE_SIZES,
  type FileSizes,
  headlinePoints,
  type Point,
  type Scenario,
} from "../scenarios/mod.ts";
import { FILES } from "../scenarios/parts.ts";
import { hasCeiling } from "./ceilings.ts";
import { BASELINE, type Subject } from "./subjects.ts";

/** What to measure, how often and for how long. */
export interface Plan {
  /** Whom to measure. */
  readonly subjects: readonly Subject[];
  /** What each of them is to do, with the points that are wanted. */
  readonly scenarios: readonly Scenario[];
  /** Where packages of other servers were unpacked: reports show PEERS for it. */
  readonly peersRoots?: readonly string[];
  /** How large the files moved are. */
  readonly sizes: FileSizes;
  /** Blocks, in each of which every cell is measured once. */
  readonly repeats: number;
  /** How long a steady window is open, seconds. */
  readonly seconds: number;
  /** Probes that a window has at least. */
  readonly probes: number;
  /** Whether scenarios have their passes; else each is measured in one. */
  readonly passes: boolean;
  /** Whether those that only sleep in a scenario do so at the same time. */
  readonly sideBySide: boolean;
  /** How often a cell is measured again at once when something disturbed it. */
  readonly retries: number;
  /** How long a server may finish nothing, milliseconds. */
  readonly stallMs: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** Decides the order of the cells. */
  readonly seed: number;
  /** Whether the other load measures the baseline, too, where scenarios have it. */
  readonly bothLoads?: boolean;
  /** The block to begin with, when those before it are there from an earlier part; 0 if missing. */
  readonly firstBlock?: number;
}

/** Cells that are compared with each other: one scenario and point, everybody back to back. */
export interface Series {
  /** The repeat, from 0. */
  readonly block: number;
  /** From 0, where there are several; missing: one. */
  readonly pass?: number;
  /** What is done. */
  readonly scenario: Scenario;
  /** Where. */
  readonly point: Point;
  /** Whether it is the last of this scenario in the block. */
  readonly last: boolean;
  /** Who does it, in this order. */
  readonly order: readonly (Subject | Extra)[];
}

/**
 * What else is measured in a series: the load against the responder, or the baseline by the load
 * that is not the run's.
 */
export type Extra = "ceiling" | "agreement";

/** Whom all ratios are over: epoll, where it takes part. */
export function baselineOf(subjects: readonly Subject[]): Subject {
  return subjects.find(({ id }) => id === BASELINE) ?? subjects[0]!;
}

/** Block after block, each with scenarios and subjects in an order of its own, by the seed. */
export function orderOf(
  plan: Pick<Plan, "subjects" | "scenarios" | "repeats" | "seed" | "bothLoads" | "passes">,
): Series[] {
  const random = randomFrom(plan.seed);
  return Array.from(
    { length: plan.repeats },
    (_, block) =>
      shuffled(plan.scenarios, random).flatMap((scenario) =>
        // Points in their order: an open loop needs the capacity that a closed one finds.
        scenario.points.flatMap((point, index) => {
          const subjects = plan.subjects.filter((one) => takesPart(one, scenario, point));
          const passes = passesOf(plan, scenario, point);
          return Array.from({ length: passes }, (_, pass): Series => ({
            ...{ block, scenario, point },
            ...(passes === 1 ? {} : { pass }),
            last: index === scenario.points.length - 1 && pass === passes - 1,
            order: shuffled(
              pass === 0 ? [...subjects, ...extrasOf(plan, scenario, point)] : subjects,
              random,
            ),
          }));
        })
      ),
  ).flat();
}

/**
 * In how many passes a point is measured: those that a scenario is judged by in as many as it says,
 * others in one.
 */
function passesOf(plan: Pick<Plan, "passes">, scenario: Scenario, point: Point): number {
  const { passes = 1 } = scenario;
  return plan.passes && passes > 1 && headlinePoints(scenario).includes(point) ? passes : 1;
}

function extrasOf({ bothLoads }: Pick<Plan, "bothLoads">, scenario: Scenario, point: Point) {
  const extras: Extra[] = [];
  if (hasCeiling(scenario, point)) extras.push("ceiling");
  const compared = scenario.tags.includes("both-loads") && scenario.headline.point === point.id;
  if (bothLoads && compared) extras.push("agreement");
  return extras;
}

/** Whether `subject` is measured there: a comparison of models only is not asked of others. */
export function takesPart(subject: Subject, scenario: Scenario, point: Point): boolean {
  if (subject.kind === "model") {
    const isAsked = (name: string) => name === subject.id || name === subject.model;
    return (scenario.models?.some(isAsked) ?? true) &&
      (subject.only?.some((tag) => scenario.tags.includes(tag)) ?? true);
  }
  if (!point.peers || scenario.tags.includes("models-only")) return false;
  return subject.kind === "peer" || suitsTwin(scenario, point);
}

/** A twin knows no files: it sends the same small one to whoever asks, and keeps none. */
function suitsTwin(scenario: Scenario, point: Point): boolean {
  const steady = { seconds: 1, probes: 0, stallMs: 1, capacity: 1 };
  const around = { host: "", port: 0, root: "", sizes: FILE_SIZES, ...steady };
  return scenario.groups(point, around).every(({ action, path }) =>
    action !== "upload" && (action !== "download" || path === FILES.small)
  );
}

/** Where `subject` is measured. */
export function pointsFor(subject: Subject, scenario: Scenario): readonly Point[] {
  return scenario.points.filter((point) => takesPart(subject, scenario, point));
}

/** How many measurements a plan has, a pass each; repetitions of disturbed ones not counted. */
export function cellCount(
  plan: Pick<Plan, "subjects" | "scenarios" | "repeats" | "passes">,
): number {
  const perBlock = plan.subjects.flatMap((subject) =>
    plan.scenarios.flatMap((scenario) =>
      pointsFor(subject, scenario).map((point) => passesOf(plan, scenario, point))
    )
  );
  return plan.repeats * perBlock.reduce((sum, count) => sum + count, 0);
}

/** Why `subject` cannot be at `point`, by what it declares. */
export function whyUnable(subject: Subject, scenario: Scenario, point: Point): string | undefined {
  if (subject.kind === "peer" && subject.keepsFiles !== undefined && point.replaces) {
    return subject.keepsFiles;
  }
  const { idle, busy } = scenario.sessions(point);
  const { sessionsMax } = subject;
  const counted = subject.kind === "model" ? idle + busy : idle;
  if (sessionsMax === undefined || counted <= sessionsMax) return undefined;
  // Those that only wait in line are served in the end; silent ones would keep others out.
  if (idle === 0 && !(subject.kind === "model" && subject.refuses)) return undefined;
  return subject.kind === "model"
    ? `it holds ${sessionsMax} sessions at most`
    : `it is asked to hold ${sessionsMax} idle sessions at most`;
}
