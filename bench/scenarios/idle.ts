/**
 * The scenario "idle": what a wait costs beside sessions that say nothing.
 *
 * @module
 */

import { BUSY_CLIENTS, idle, main, points } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "idle",
  title: "Idle sessions",
  summary: "NOOP by 16 clients in a closed loop beside 0 to 10,000 silent sessions",
  question: "Does a wait cost what is watched, or what is ready?",
  tags: ["watching"],
  points: points("idle", [0, 100, 500, 1000, 4000, 8000, 10_000], [0, 1000], [4000]),
  headline: {
    point: "idle=4000",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per request beside 4,000 idle sessions, us",
  },
  expected: {
    "polling-0": "-",
    "polling-1": "-",
    "polling-10": "-",
    "poll": "-",
    "epoll-edge": "=",
    "async": "-",
    "uring": "+",
  },
  because: "poll and polling look at every descriptor each time, epoll at the ready ones",
  further: [{
    point: "idle=4000",
    metric: "rate",
    label: "requests per second beside 4,000 idle sessions",
  }],
  sessions: ({ x }) => ({ idle: x, busy: BUSY_CLIENTS }),
  groups: ({ x }) => [...idle(x), main({ action: "noop" })],
};
