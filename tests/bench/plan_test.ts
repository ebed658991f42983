/** Who is measured where, in which order, and for how long. Nothing here is measured. @module */

import { assert, assertEquals } from "@std/assert";
import { parseFlags } from "../../bench/flags.ts";
import { orderOf, pointsFor } from "../../bench/run/plan.ts";
import { RunClock } from "../../bench/run/run_clock.ts";
import { twinsOf } from "../../bench/run/subjects.ts";
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
