/** Who is measured at the same time, and how they wait for each other. Nothing here is measured. @module */

import { assert, assertEquals } from "@std/assert";
import { companiesOf, Company, COMPANY_MAX } from "../../bench/run/company.ts";
import { seriesMs } from "../../bench/run/estimate.ts";
import { orderOf, type Series } from "../../bench/run/plan.ts";
import { MODELS } from "../../bench/run/subjects.ts";
import { planOf } from "./smallest_plan.ts";

/** All models at the first point of the scenario of that name. */
function seriesOf(id: string): Series {
  const plan = planOf(...MODELS);
  return orderOf(plan).find(({ scenario }) => scenario.id === id)!;
}

Deno.test("companiesOf: those that sleep together, in their order and up to a limit", () => {
  const { order, scenario } = seriesOf("asleep");
  const companies = companiesOf(order, { sideBySide: true }, scenario);
  const ids = companies.map((one) => typeof one === "string" ? [one] : one.map(({ id }) => id));
  const alone = ids.filter(({ length }) => length === 1).flat();
  const quiet = order.flatMap((one) =>
    typeof one === "string" || one.id.startsWith("polling-") ? [] : [one.id]
  );
  assertEquals(ids.filter(({ length }) => length > 1).flat().length, quiet.length);
  for (const id of ["polling-0", "polling-1", "polling-10"]) assert(alone.includes(id), id);
  assertEquals(ids.flat().filter((id) => quiet.includes(id)), quiet);
  assert(ids.every(({ length }) => length <= COMPANY_MAX));
});

Deno.test("companiesOf: everybody alone where somebody asks for something, or in a first look", () => {
  const asleep = seriesOf("asleep");
  const control = seriesOf("control");
  for (const [{ order, scenario }, sideBySide] of [[asleep, false], [control, true]] as const) {
    const companies = companiesOf(order, { sideBySide }, scenario);
    assertEquals(companies.flat(), order);
    assert(companies.every((one) => typeof one === "string" || one.length === 1));
  }
});

Deno.test("a company has its window once, and each its logins", () => {
  const series = seriesOf("asleep");
  const ms = (ids: readonly string[], sideBySide: boolean) => {
    const order = MODELS.filter(({ id }) => ids.includes(id));
    return seriesMs({ ...series, order }, { ...planOf(...MODELS), seconds: 10, sideBySide });
  };
  const windowMs = 10_000 * series.scenario.lengths!;
  const saved = (...ids: string[]) => Math.round(ms(ids, false) - ms(ids, true)) / windowMs;
  assertEquals(saved("epoll"), 0);
  assertEquals(saved("epoll", "poll", "async"), 2);
  assertEquals(saved("epoll", "poll", "polling-0"), 1);
  // The pool has no thread for them, and no window.
  assertEquals(saved("epoll", "poll", "blocking-8"), 1);
});

Deno.test("Company.join: one begins when those before are there, and all open at the same time", async () => {
  const log: string[] = [];
  const company = new Company(3);
  const join = (name: string, leaves = false) =>
    company.join(async (allAreThere) => {
      log.push(`${name} begins`);
      await Promise.resolve();
      if (leaves) return name;
      log.push(`${name} is there`);
      await allAreThere();
      log.push(`${name} opens`);
      return name;
    });
  const results = await Promise.all([join("a"), join("b", true), join("c")]);
  assertEquals(log, [
    ...["a begins", "a is there", "b begins", "c begins", "c is there"],
    ...["a opens", "c opens"],
  ]);
  assertEquals(results, ["a", "b", "c"]);
});

Deno.test("Company.join: once one has failed nobody begins, and nobody is waited for", async () => {
  const log: string[] = [];
  const company = new Company(4);
  const join = (name: string, fails = false) =>
    company.join(async (allAreThere) => {
      log.push(`${name} begins`);
      if (fails) throw new Error(`${name} has failed`);
      await allAreThere();
      log.push(`${name} opens`);
    });
  const results = await Promise.allSettled([join("a"), join("b", true), join("c"), join("d")]);
  assertEquals(log, ["a begins", "b begins", "a opens"]);
  assertEquals(
    results.map((result) => result.status === "rejected" ? result.reason.message : "opened"),
    ["opened", "b has failed", "b has failed", "b has failed"],
  );
});

Deno.test("Company.join: one alone waits for nobody, however often it comes", async () => {
  const opened = await new Company(1).join(async (allAreThere) => {
    await allAreThere();
    await allAreThere();
    return true;
  });
  assert(opened);
});
