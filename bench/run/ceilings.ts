/**
 * What the load itself can do: the same jobs against a responder in C that does nothing but answer
 * (load/twin/, over epoll). No server can be measured to be faster than that, and one that comes near it
 * was not measured, but the load. mod.ts calls it before a run.
 *
 * @module
 */

import { join } from "@std/path";
import { startTwin } from "../load/twins.ts";
import { FILES, jobOf, type Surroundings } from "../scenarios/jobs.ts";
import type { Plan, Workplace } from "./measure.ts";
import type { Ceiling } from "../record.ts";

/** Scenarios that are a closed loop of small operations, where the load may be the limit. */
const LIMITED = ["control", "logins", "small", "uploads"];

/** Where the responder listens: an address that no server of the run has. */
const HOST = "127.0.2.1";

/** Windows per scenario, the best of which counts: a ceiling is what can be reached. */
const TRIES = 3;

/** Measures the ceilings that the scenarios of `plan` have. */
export async function measureCeilings(plan: Plan, workplace: Workplace): Promise<Ceiling[]> {
  const scenarios = plan.scenarios.filter(({ id }) => LIMITED.includes(id));
  if (scenarios.length === 0) return [];
  const { root } = workplace.folders;
  const responder = await startTwin("epoll", HOST, join(root, FILES.small));
  if ("unavailable" in responder) {
    return scenarios.map(({ id }) => ({ scenario: id, note: responder.unavailable }));
  }
  try {
    const { port } = responder;
    const { sizes, seconds, stallMs } = plan;
    const around: Surroundings = { host: HOST, port, root, sizes, seconds, stallMs };
    const ceilings: Ceiling[] = [];
    for (const scenario of scenarios) {
      const point = scenario.points.find(({ id }) => id === scenario.headline.point)!;
      let best: Ceiling = { scenario: scenario.id, note: "the load failed against the responder" };
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const result = await workplace.load.run(jobOf(scenario, point, around));
        const operations = result.groups.main?.operations ?? 0;
        if (result.failure !== undefined || operations === 0) continue;
        const rate = operations / result.seconds;
        if (rate <= (best.rate ?? 0)) continue;
        const loadCpuUs = result.cpu / operations * 1e6;
        best = {
          scenario: scenario.id,
          rate,
          loadCpuUs,
          note: "the twin over epoll, in C, one thread",
        };
      }
      ceilings.push(best);
    }
    return ceilings;
  } finally {
    await responder.stop();
  }
}
