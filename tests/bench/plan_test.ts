/** Who is measured where, in which order, and for how long. Nothing here is measured. @module */

import { assert, assertEquals } from "@std/assert";
import { parseFlags } from "../../bench/flags.ts";
import { cellCount, orderOf, pointsFor } from "../../bench/run/plan.ts";
import { RunClock } from "../../bench/run/run_clock.ts";
import { twinsOf } from "../../bench/run/subjects.ts";
import { jobsOf } from "../../bench/scenarios/jobs.ts";
import { SCENARIOS } from "../../bench/scenarios/mod.ts";
import { PASSES } from "../../bench/scenarios/parts.ts";
import { BLOCKING, EPOLL, planOf } from "./smallest_plan.ts";

Deno.test("RunClock gives each scenario its share of a time that is short, the baseline first", () => {
  const plan = { ...planOf(BLOCKING, EPOLL), budgetMs: 1_000 };
  const all = orderOf(plan);
  let now = 5_000;
  const clock = new RunClock(plan, all, () => now);
  for (const series of all) assertEquals(clock.orderOf(series)[0], EPOLL);
  const open = (place: number) => all.filter((_, index) => !clock.isOver(index, place)).length;
  assertEquals([open(0), open(1)], [all.length, all.length]);
  now += 500;
  // Of those whose share is used up only the baseline is measured yet.
  assert(open(1) > 0 && open(1) < all.length);
  assertEquals(open(0), all.length);
  now += 501;
  assertEquals([open(0), open(1)], [0, 0]);
  const shares = all.map((_, index) => clock.share(index, 1));
  assertEquals(shares, shares.toSorted((left, right) => left - right));
  assert(shares[0]! > 0 && shares.at(-1)! < 1);
  const unlimited = new RunClock(planOf(BLOCKING, EPOLL), all, () => now += 1e9);
  assertEquals([unlimited.isOver(0, 1), unlimited.orderOf(all[0]!)], [false, all[0]!.order]);
});

Deno.test("orderOf has everybody back to back at each point, in an order drawn anew", () => {
  const plan = { ...planOf(EPOLL, BLOCKING), repeats: 20 };
  const all = orderOf(plan);
  assertEquals(orderOf(plan), all);
  const orders = new Set<string>();
  for (const { order, scenario } of all) {
    const ids = order.map((one) => typeof one === "string" ? one : one.id);
    const subjects = scenario.models === undefined ? ["blocking-8", "epoll"] : ["epoll"];
    const wanted = scenario.tags.includes("ceiling") ? [...subjects, "ceiling"] : subjects;
    assertEquals(ids.toSorted(), wanted.toSorted());
    orders.add(ids.join());
  }
  // Of two, of two with a ceiling, and of one alone.
  assertEquals(orders.size, 2 + 6 + 1);
  // A scenario stays together in its block, and its last point says so.
  for (let block = 0; block < 20; block++) {
    const own = all.filter((series) => series.block === block);
    const runs = own.filter(({ scenario }, index) => scenario !== own[index - 1]?.scenario);
    assertEquals(runs.length, plan.scenarios.length);
    assertEquals(own.filter(({ last }) => last).length, plan.scenarios.length);
  }
  const first = (seed: number) => orderOf({ ...plan, seed }).map(({ scenario }) => scenario.id);
  assert(first(2).join() !== first(3).join());
});

Deno.test("orderOf has a point that is judged in its passes, extras in the first alone", () => {
  const plan = { ...planOf(EPOLL, BLOCKING), passes: true };
  const control = orderOf(plan).filter(({ scenario }) => scenario.id === "control");
  const idsOf = (order: typeof control[number]["order"]) =>
    order.map((one) => typeof one === "string" ? one : one.id).toSorted();
  assertEquals(control.map(({ pass, last }) => [pass, last]), [
    ...Array.from({ length: PASSES - 1 }, (_, pass) => [pass, false]),
    [PASSES - 1, true],
  ]);
  assertEquals(control.map(({ order }) => idsOf(order)), [
    ["blocking-8", "ceiling", "epoll"],
    ...Array.from({ length: PASSES - 1 }, () => ["blocking-8", "epoll"]),
  ]);
  const cells = orderOf(plan).flatMap(({ order }) => order).filter((one) => one !== "ceiling");
  assertEquals(cellCount(plan), cells.length);
  const ladder = SCENARIOS.filter(({ id }) => id === "control");
  const whole = orderOf({ ...plan, scenarios: ladder });
  const passesAt = (id: string) => whole.filter(({ point }) => point.id === id).length;
  assertEquals(["clients=1", "clients=16", "rate=5000"].map(passesAt), [1, PASSES, 1]);
});

Deno.test("an operation may take all of any window, and one that never ends is a stall", () => {
  const parsed = parseFlags([]);
  assert(parsed.kind === "run");
  const { seconds, probes, stallMs, sizes } = parsed.flags;
  const around = { host: "", port: 0, root: "", seconds, probes, stallMs, sizes, capacity: 1 };
  for (const scenario of SCENARIOS) {
    for (const point of scenario.points) {
      const { load } = jobsOf(scenario, point, around);
      const name = `${scenario.id} ${point.id}`;
      assert(load.stallMs === 0 || load.stallMs >= load.measureMs - 1, name);
      if (scenario.id === "large") assert(load.stallMs < load.measureMs, name);
    }
  }
});

Deno.test("windows of what waits are 5 s long, asleep 30 s, and a first look's stay short", () => {
  const windowsMs = (...args: string[]) => {
    const parsed = parseFlags(args);
    assert(parsed.kind === "run");
    const { scenarios, seconds, probes, stallMs, sizes } = parsed.flags;
    const around = { host: "", port: 0, root: "", seconds, probes, stallMs, sizes, capacity: 1 };
    // Where all begin together the window is over when they have ended.
    const steady = scenarios.filter(({ limitMs }) => limitMs === undefined);
    return Object.fromEntries(steady.map((scenario) => [
      scenario.id,
      Math.round(jobsOf(scenario, scenario.points[0]!, around).load.measureMs),
    ]));
  };
  const full = windowsMs();
  assertEquals([full.control, full.slow, full.asleep], [500, 5_000, 30_000]);
  // Of 1,000 probes the last is due after 5 s, and has its period.
  for (const id of ["mixed", "turns", "disk"]) assertEquals(full[id], 5_005, id);
  assertEquals(windowsMs("--seconds", "1").asleep, 60_000);
  assert(Object.values(windowsMs("--quick")).every((ms) => ms <= 200));
});

Deno.test("pointsFor spares peers the ladders", () => {
  const parsed = parseFlags([]);
  assert(parsed.kind === "run");
  const control = parsed.flags.scenarios.find(({ id }) => id === "control")!;
  const located = { version: "1", prepare: () => Promise.reject(new Error("not started")) };
  const peer = { kind: "peer", id: "p", title: "p", sessionsMax: 1, located } as const;
  assertEquals(pointsFor(EPOLL, control), control.points);
  assertEquals(pointsFor(peer, control).map(({ id }) => id), ["clients=16"]);
});

Deno.test("a twin takes part where its dialogue suffices", () => {
  const parsed = parseFlags([]);
  assert(parsed.kind === "run");
  const [twin] = twinsOf("no program");
  const places = parsed.flags.scenarios.flatMap((scenario) =>
    pointsFor(twin!, scenario).length > 0 ? [scenario.id] : []
  );
  assertEquals(places, ["control", "idle", "asleep", "logins", "burst", "small"]);
});
