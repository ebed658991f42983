/** Tests of bench/claims/together.ts, on the fixture's measurements. @module */

import { assert, assertEquals } from "@std/assert";
import { FIGURES, mergeLatencies } from "../../bench/claims/figures.ts";
import type { CellRecord } from "../../bench/record.ts";
import { together } from "../../bench/claims/together.ts";
import { parseFlags } from "../../bench/flags.ts";
import { fixtureRecords } from "./fixture_run.ts";

const BURST = fixtureRecords({ scenarios: ["burst"], subjects: ["epoll"], faultless: true })
  .find((record) => record.kind === "cell") as CellRecord;

Deno.test("together adds up what was counted and merges what was timed", () => {
  const main = BURST.groups.main!;
  const cut = { ...main, operations: main.operations - 5, unfinished: 5 };
  const second: CellRecord = {
    ...BURST,
    seconds: 3 * BURST.seconds,
    groups: { main: cut },
    steal: 0.04,
    errors: { reset: 2 },
  };
  const both = together([{ ...BURST, steal: 0 }, second]);
  assertEquals([both.rounds, both.seconds], [2, 4 * BURST.seconds]);
  assertEquals([both.errors, both.steal.toFixed(3)], [{ reset: 2 }, "0.030"]);
  const { operations, unfinished, clients, timeline, latency } = both.groups.main!;
  assertEquals(
    [clients, operations, unfinished, timeline],
    [main.clients, 2 * main.operations - 5, 5, main.timeline],
  );
  // A percentile of all, not a mean of two.
  assertEquals(latency!.count, 2 * main.latency!.count);
  assertEquals(mergeLatencies([latency!])!.totalCount, latency!.count);
  assertEquals(both.server!.cpu, 2 * BURST.server!.cpu);
  assertEquals(both.server!.calls!.sendto, 2 * BURST.server!.calls!.sendto!);
  const cell = { ...BURST, ...both };
  assertEquals(FIGURES.makespan.of(cell), 2 * BURST.seconds);
  const perLogin = 2 * BURST.server!.cpu / operations * 1e6;
  assertEquals(FIGURES.cpuPerOperation.of(cell), perLogin);
});

Deno.test("together says nothing of all that one of them does not know", () => {
  const { voluntary: _voluntary, ...server } = BURST.server!;
  const both = together([{ ...BURST, server }, BURST]);
  assertEquals([both.server!.voluntary, both.server!.involuntary! > 0], [undefined, true]);
  const { server: _server, ...failed } = BURST;
  assertEquals(together([BURST, failed]).server, undefined);
  assertEquals(together([BURST]), BURST);
});

Deno.test("a burst comes 20 times in a full run, and once in a first look", () => {
  const rounds = (...args: string[]) => {
    const parsed = parseFlags(args);
    assert(parsed.kind === "run");
    return parsed.flags.scenarios.find(({ id }) => id === "burst")!.rounds;
  };
  assertEquals([rounds(), rounds("--quick")], [20, 1]);
});
