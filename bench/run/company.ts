/**
 * Servers that are measured at the same time, where nobody asks anything of any of them: one after
 * the other is started and gets its sessions, and when all have them all windows open. measure.ts
 * makes one for each measurement; one alone is a company, too.
 *
 * @module
 */

import type { Scenario } from "../scenarios/mod.ts";
import type { Extra, Plan, Series } from "./plan.ts";
import type { Subject } from "./subjects.ts";

/** Servers that are measured at the same time: each has a load of its own, and up to 4,000 clients. */
export const COMPANY_MAX = 8;

/** Whether `subject` leaves the processors alone while nobody asks anything of it. */
function isQuiet(subject: Subject | Extra): subject is Subject {
  return typeof subject !== "string" && !(subject.kind === "model" && subject.restless);
}

/** Who of `order` is measured when, by who is first in it: alone, or with others. */
export function companiesOf(
  order: Series["order"],
  { sideBySide }: Pick<Plan, "sideBySide">,
  scenario: Scenario,
): (Extra | readonly Subject[])[] {
  const companies: (Extra | Subject[])[] = [];
  let open: Subject[] = [];
  for (const one of order) {
    if (typeof one === "string") companies.push(one);
    else if (!sideBySide || !scenario.sideBySide || !isQuiet(one)) companies.push([one]);
    else {
      if (open.length % COMPANY_MAX === 0) companies.push(open = []);
      open.push(one);
    }
  }
  return companies;
}

/** Those who are measured at the same time. */
export class Company {
  #missing: number;
  #turn: Promise<void> = Promise.resolve();
  /** What the first that failed has thrown. */
  #failed: { readonly error: unknown } | undefined;
  readonly #complete = Promise.withResolvers<void>();

  constructor(size: number) {
    this.#missing = size;
  }

  /**
   * Does `work` as one of them, which calls `allAreThere` when its sessions are: it is fulfilled
   * when all of them have called it, or have ended. Until one has, the next does not begin.
   *
   * @throws what `work` has thrown, or that of another: once one has failed nobody begins.
   */
  async join<T>(work: (allAreThere: () => Promise<void>) => Promise<T>): Promise<T> {
    const turn = this.#turn;
    const { promise, resolve: handOn } = Promise.withResolvers<void>();
    this.#turn = promise;
    let isThere = false;
    const arrive = () => {
      if (!isThere && --this.#missing === 0) this.#complete.resolve();
      isThere = true;
      handOn();
      return this.#complete.promise;
    };
    await turn;
    try {
      if (this.#failed !== undefined) throw this.#failed.error;
      return await work(arrive);
    } catch (error) {
      this.#failed ??= { error };
      throw error;
    } finally {
      void arrive();
    }
  }
}
