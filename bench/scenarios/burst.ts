/**
 * The scenario "burst": what happens when everybody comes at the same time.
 *
 * @module
 */

import { main, points } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** Who is not done then has lost two SYNs, milliseconds: 1 + 2 s. */
const BURST_MS_MAX = 4_000;

/** One burst is an accident of how its connections fell together. */
const BURSTS = 20;

/** See above. */
export const scenario: Scenario = {
  id: "burst",
  title: "Burst",
  summary: "300 and 2,000 clients connect, log in and quit at once, 20 times",
  question: "What happens when everybody comes at the same time?",
  tags: ["queue"],
  points: points("burst", [300, 2000], [300], [2000]),
  headline: {
    point: "burst=300",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per login when 300 come at once, us",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "-",
    "polling-0": "=",
    "polling-1": "=",
    "polling-10": "=",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "-",
    "uring": "=",
  },
  because:
    "a loop takes many at a time, whatever told it of them; a pool switches threads for each",
  further: [
    {
      point: "burst=300",
      metric: "makespan",
      label: "until the last of 300 was done, s",
    },
    {
      point: "burst=2000",
      metric: "cpuPerOperation",
      label: "CPU per login when 2,000 come at once, us",
    },
    {
      point: "burst=2000",
      metric: "makespan",
      label: "until the last of 2,000 was done, s",
    },
  ],
  sessions: ({ x }) => ({ idle: 0, busy: x }),
  groups: ({ x }) => [main({ action: "login", clients: x, once: true, timeline: true })],
  rounds: BURSTS,
  quickly: { rounds: 1 },
  limitMs: () => BURST_MS_MAX,
  silent: true,
  cutOffEnds: true,
};
