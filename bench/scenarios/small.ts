/**
 * The scenario "small": what the set-up of a transfer costs.
 *
 * @module
 */

import { BUSY_CLIENTS, idle, PASSES, points, smallDownloads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "small",
  title: "Small downloads",
  summary: "10 KiB by 16 clients in a closed loop, a data connection each; beside 0 and 4,000 idle",
  question: "What does the set-up of a transfer cost?",
  tags: ["counted", "ceiling", "both-loads"],
  points: points("idle", [0, 4000], [0], [4000]),
  passes: PASSES,
  headline: {
    point: "idle=0",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per download of 10 KiB, us",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "-",
    "polling-0": "-",
    "polling-1": "=",
    "polling-10": "=",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "-",
    "uring": "+",
  },
  because:
    "most of a small transfer is connecting, which every loop does alike; a thread per client " +
    "switches in between, and a spinning loop calls for nothing",
  further: [
    { point: "idle=0", metric: "rate", label: "downloads of 10 KiB per second" },
    {
      point: "idle=4000",
      metric: "cpuPerOperation",
      label: "CPU per download of 10 KiB beside 4,000 idle sessions, us",
    },
    {
      point: "idle=4000",
      metric: "rate",
      label: "downloads of 10 KiB per second beside 4,000 idle sessions",
    },
  ],
  sessions: ({ x }) => ({ idle: x, busy: BUSY_CLIENTS }),
  groups: ({ x }, { sizes }) => [...idle(x), smallDownloads(sizes)],
};
