/**
 * The scenario "mixed": how late a small answer is behind bulk.
 *
 * @module
 */

import { BUSY_CLIENTS, downloads, PROBE, PROBING_CLIENTS, single, uploads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "mixed",
  title: "Mixed bulk",
  summary: "8 downloads and 8 uploads of 64 MiB, with NOOP probes at 200/s",
  question: "How late is a small answer behind bulk?",
  tags: [],
  points: [single("bulk=16", 16)],
  headline: {
    point: "bulk=16",
    metric: "probeP99",
    better: "lower",
    label: "p99 of a NOOP beside 16 bulk transfers, ms",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "+",
    "polling-0": "=",
    "polling-1": "=",
    "polling-10": "-",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "+",
    "uring": "=",
  },
  because: "a thread of its own answers while others copy; a loop answers between two copies",
  sessions: () => ({ idle: 0, busy: BUSY_CLIENTS + PROBING_CLIENTS }),
  groups: ({ x }, around) => [
    downloads("main", x / 2, "medium", around.sizes),
    uploads("up", x / 2, "medium", around),
    PROBE,
  ],
  lengths: 10,
  quickly: { lengths: 4 },
};
