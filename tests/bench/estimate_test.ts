/** What bench/run/estimate.ts foretells, beside what a run took. Nothing here is measured. @module */

import { assert } from "@std/assert";
import { cellMs, startMs } from "../../bench/run/estimate.ts";
import { MODELS } from "../../bench/run/subjects.ts";
import { FILE_SIZES, scenarioOf } from "../../bench/scenarios/mod.ts";

/** That of a run which says nothing of lengths. */
const PLAN = { sizes: FILE_SIZES, seconds: 0.5, probes: 1_000, stallMs: 3_000 };

/** What is foretold may be wrong by this factor: it is to say when to come back, and no more. */
const FACTOR_MAX = 1.5;

/** Milliseconds of cells of a run on two processors, each with a server that served already. */
const CELLS: readonly (readonly [subject: string, scenario: string, point: string, ms: number])[] =
  [
    ["epoll", "control", "clients=16", 746],
    ["epoll", "idle", "idle=4000", 919],
    ["epoll", "asleep", "idle=500", 30_188],
    ["epoll", "burst", "burst=300", 1_155],
    ["epoll", "burst", "burst=2000", 3_734],
    ["epoll", "uploads", "names=new", 1_131],
    ["epoll", "uploads", "names=old", 754],
    ["blocking-64", "large", "down", 200],
    ["epoll", "large", "up", 853],
    ["epoll", "slow", "readers=64", 7_074],
    ["epoll", "mixed", "bulk=16", 11_381],
    ["blocking-64", "turns", "bytes=1048576", 7_117],
  ];

/** Milliseconds until servers of that run were there and warm, for all work or for one scenario. */
const STARTS: readonly (readonly [subject: string, scenario: string | undefined, ms: number])[] = [
  ["epoll", undefined, 11_700],
  ["blocking-64", undefined, 16_900],
  ["epoll", "turns", 7_600],
  ["epoll", "asleep", 2_700],
];

function assertNear(toldMs: number, tookMs: number, what: string): void {
  const factor = toldMs / tookMs;
  assert(factor < FACTOR_MAX && factor > 1 / FACTOR_MAX, `${what}: ${toldMs} ms for ${tookMs}`);
}

const subjectOf = (id: string) => MODELS.find((one) => one.id === id)!;

Deno.test("cellMs foretells about what cells took, what arrived being looked at afterwards", () => {
  for (const [id, name, at, tookMs] of CELLS) {
    const scenario = scenarioOf(name)!;
    const point = scenario.points.find((one) => one.id === at)!;
    assertNear(cellMs(subjectOf(id), scenario, point, PLAN), tookMs, `${id}, ${name} ${at}`);
  }
});

Deno.test("startMs foretells about what servers took to be there and warm, by their threads", () => {
  for (const [id, name, tookMs] of STARTS) {
    const scenario = name === undefined ? undefined : scenarioOf(name)!;
    assertNear(startMs(subjectOf(id), PLAN, scenario), tookMs, `${id}, ${name}`);
  }
});
