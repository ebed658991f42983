/**
 * The scenario "small": what the set-up of a transfer costs.
 *
 * @module
 */

import { BUSY_CLIENTS, idle, points, smallDownloads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "small",
  title: "Small downloads",
  summary: "10 KiB by 16 clients in a closed loop, a data connection each; beside 0 and 4,000 idle",
  question: "What does the set-up of a transfer cost?",
  tags: ["counted", "ceiling", "both-loads"],
  points: points("idle", [0, 4000], [0], [4000]),
  headline: {
    point: "idle=0",
    metric: "rate",
    better: "higher",
    label: "downloads of 10 KiB per second",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "-",
    "polling-0": "=",
    "polling-1": "-",
    "polling-10": "-",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "-",
    "uring": "+",
  },
  because: "most of a small transfer is connecting, which every loop does alike",
  further: [{
    point: "idle=4000",
    metric: "rate",
    label: "downloads of 10 KiB per second beside 4,000 idle sessions",
  }],
  sessions: ({ x }) => ({ idle: x, busy: BUSY_CLIENTS }),
  groups: ({ x }, { sizes }) => [...idle(x), smallDownloads(sizes)],
};
