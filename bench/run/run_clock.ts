/**
 * How far a run is, and what is left out where its time is short: each scenario and point has a
 * share by how long it was expected to take, so that a busy machine leaves out some servers
 * everywhere, the baseline last, and no scenario altogether. measure.ts asks; nothing here waits.
 *
 * @module
 */

import { timesOf } from "./estimate.ts";
import type { Plan, Series } from "./plan.ts";
import { BASELINE } from "./subjects.ts";

/** The time of one run. */
export class RunClock {
  readonly #begin: number;
  /** Until each series is over, of all of them: 0 to 1. */
  readonly #shares: readonly number[];

  /** Begins now, by `now` in milliseconds. */
  constructor(
    readonly plan: Plan,
    readonly all: readonly Series[],
    readonly now: () => number = () => performance.now(),
  ) {
    this.#begin = now();
    const times = timesOf(all, plan);
    const wholeMs = times.reduce((sum, ms) => sum + ms, 0);
    let overMs = 0;
    this.#shares = times.map((ms) => (overMs += ms) / wholeMs);
  }

  /** Who is measured, in which order: where time may be short, what all ratios are over is first. */
  orderOf({ order }: Series): Series["order"] {
    if (this.plan.budgetMs === undefined) return order;
    const isBaseline = (one: Series["order"][number]) =>
      typeof one !== "string" && one.id === BASELINE;
    return [...order.filter(isBaseline), ...order.filter((one) => !isBaseline(one))];
  }

  /**
   * Whether the one at `place` of the series `index` is left out: the share of the series, and of
   * those before it, is used up. The first is left out only when all of the time is.
   */
  isOver(index: number, place: number): boolean {
    const { budgetMs } = this.plan;
    const share = place === 0 ? 1 : this.#shares[index]!;
    return budgetMs !== undefined && this.now() - this.#begin > budgetMs * share;
  }

  /** The share of the time that should be over before the one at `place` of the series `index`. */
  share(index: number, place: number): number {
    const before = this.#shares[index - 1] ?? 0;
    return before + (this.#shares[index]! - before) * place / this.all[index]!.order.length;
  }
}
