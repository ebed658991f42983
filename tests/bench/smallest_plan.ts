/** The smallest plan that has everything in it, and two subjects for it. @module */

import { assert } from "@std/assert";
import { parseFlags } from "../../bench/flags.ts";
import type { Plan } from "../../bench/run/plan.ts";
import { MODELS, type Subject } from "../../bench/run/subjects.ts";

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
