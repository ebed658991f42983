/**
 * The scenario "large": what a copy costs.
 *
 * @module
 */

import type { Group } from "../load/job.ts";
import { downloads, PASSES, single, uploads } from "./parts.ts";
import type { Point, Scenario, Surroundings } from "./scenario.ts";

/** How long a transfer may last, in lengths of a stall. */
const STALLS_MAX = 2;

function transfer({ id }: Point, file: "medium" | "large", around: Surroundings): Group {
  const group = id === "up"
    ? uploads("main", 1, file, around)
    : downloads("main", 1, file, around.sizes);
  return { ...group, once: true };
}

/** See above. */
export const scenario: Scenario = {
  id: "large",
  title: "Large transfers",
  summary: "1 GiB down and 1 GiB up, one client",
  question: "What does a copy cost?",
  tags: ["copies"],
  points: [
    single("down", 0),
    { id: "up", x: 1, quick: false, peers: true },
  ],
  passes: PASSES,
  headline: {
    point: "down",
    metric: "cpuPerGB",
    better: "lower",
    label: "CPU seconds per GB downloaded",
  },
  expected: {
    "blocking-8": "=",
    "blocking-64": "=",
    "polling-0": "-",
    "polling-1": "=",
    "polling-10": "=",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "-",
    "uring": "=",
  },
  because: "the FFI models send without a copy through user space, the runtime's sockets copy " +
    "twice, and a spinning loop calls for nothing",
  further: [
    { point: "down", metric: "throughput", label: "MB/s downloaded" },
    { point: "up", metric: "throughput", label: "MB/s uploaded" },
    { point: "up", metric: "cpuPerGB", label: "CPU seconds per GB uploaded" },
  ],
  sessions: () => ({ idle: 0, busy: 1 }),
  groups: (point, around) => [transfer(point, "large", around)],
  limitMs: ({ stallMs }) => STALLS_MAX * stallMs,
  // A smaller one of the same kind first: memory, caches, code.
  warmTransfer: (point, around) => transfer(point, "medium", around),
  cutOffEnds: true,
};
