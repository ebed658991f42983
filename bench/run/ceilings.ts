/**
 * What the load itself can do: the same jobs against a responder in C that does nothing but answer
 * (load/twin/, over epoll). Of a server that comes near it the load was measured, and not the server;
 * one that is faster shows that this was no ceiling, and is listed as a fault. measure.ts asks in every
 * block, back to back with the cells.
 *
 * @module
 */

import { join } from "@std/path";
import type { LoadProcess } from "../load/process.ts";
import { startTwin, type Twin } from "../load/twins.ts";
import type { CeilingRecord } from "../record.ts";
import { jobsOf } from "../scenarios/jobs.ts";
import type { Point, Scenario, Surroundings } from "../scenarios/mod.ts";
import { FILES } from "../scenarios/parts.ts";

/** Where the responder listens: an address that no server of the run has. */
const HOST = "127.0.2.1";

/** Windows of a block, the best of which counts: a ceiling is what can be reached. */
export const CEILING_WINDOWS = 2;

/** Whether the load may be the limit at `point`, the one that the scenario is judged by. */
export function hasCeiling({ tags, headline }: Scenario, point: Point): boolean {
  return tags.includes("ceiling") && headline.point === point.id;
}

/** The responder of a run. */
export class Ceilings implements AsyncDisposable {
  private constructor(
    readonly responder: Twin | { readonly unavailable: string },
    readonly load: LoadProcess,
    readonly around: Omit<Surroundings, "host" | "port">,
  ) {}

  /** Starts the responder; where there is none, each measurement says why. */
  static async start(
    load: LoadProcess,
    around: Omit<Surroundings, "host" | "port">,
  ): Promise<Ceilings> {
    const responder = await startTwin("epoll", HOST, join(around.root, FILES.small));
    return new Ceilings(responder, load, around);
  }

  /** The ceiling of `point` in that block. */
  async measure(scenario: Scenario, point: Point, block: number): Promise<CeilingRecord> {
    const { responder, load } = this;
    const place = { kind: "ceiling", scenario: scenario.id, point: point.id, block } as const;
    if ("unavailable" in responder) return { ...place, note: responder.unavailable };
    const job = jobsOf(scenario, point, { ...this.around, host: HOST, port: responder.port }).load;
    let best: CeilingRecord = { ...place, note: "the load failed against the responder" };
    for (let attempt = 0; attempt < CEILING_WINDOWS; attempt++) {
      const result = await load.run(job);
      const operations = result.groups.main?.operations ?? 0;
      if (result.failure !== undefined || operations === 0) continue;
      const rate = operations / result.seconds;
      if (rate <= (best.rate ?? 0)) continue;
      const loadCpuUs = result.cpu / operations * 1e6;
      best = { ...place, rate, loadCpuUs, note: "the twin over epoll, in C, one thread" };
    }
    return best;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!("unavailable" in this.responder)) await this.responder.stop();
  }
}
