/**
 * The scenario "control": what a request costs, and how many can be asked for before answers are late.
 *
 * @module
 */

import { BUSY_CLIENTS, main, PASSES, points } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** Of the capacity that the closed loop with as many clients found just before. */
const LOAD_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2];

/**
 * Requests per second that everybody is asked for alike: what a request costs depends on how many
 * come at a time, and a share of one's own capacity is another number for each. Who cannot keep up
 * is shown by what it served of them.
 */
const RATES = [5_000, 20_000, 60_000];

/** See above. */
export const scenario: Scenario = {
  id: "control",
  title: "Control requests",
  summary:
    "NOOP by 1, 4, 16, 64 clients in a closed loop, then by 16 in open loops: at rates that are " +
    "the same for all, and at shares of what each can do",
  question: "What does a request cost, and where is the knee?",
  tags: ["counted", "ceiling", "both-loads", "requests"],
  points: [
    ...points("clients", [1, 4, 16, 64], [16]).map((point) =>
      point.x === BUSY_CLIENTS ? { ...point, findsCapacity: true } : point
    ),
    ...points("rate", RATES, []).map((point) => ({ ...point, perSecond: point.x })),
    ...points("load", LOAD_FRACTIONS, []).map((point) => ({ ...point, ofCapacity: true })),
  ],
  passes: PASSES,
  headline: {
    point: "clients=16",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per request, 16 clients, us",
  },
  expected: {
    "blocking-8": "=",
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
  because: "with few descriptors the mechanism hardly matters; a thread per client switches " +
    "for every request, and a spinning loop calls for nothing",
  further: [
    { point: "clients=16", metric: "rate", label: "requests per second, 16 clients" },
  ],
  sessions: ({ x, ofCapacity, perSecond }) => ({
    idle: 0,
    busy: ofCapacity || perSecond !== undefined ? BUSY_CLIENTS : x,
  }),
  groups: ({ x, ofCapacity, perSecond }, { capacity }) => [
    ofCapacity
      ? main({ action: "noop", perSecond: Math.max(1, capacity! * x) })
      : perSecond !== undefined
      ? main({ action: "noop", perSecond })
      : main({ action: "noop", clients: x }),
  ],
};
