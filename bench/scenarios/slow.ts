/**
 * The scenario "slow": whether slow clients hold up fast ones.
 *
 * @module
 */

import { downloads, single, smallDownloads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** How fast slow readers read. */
const BYTES_PER_SECOND = 8_192;

/** Clients beside them that do not. */
const FAST_CLIENTS = 4;

/** See above. */
export const scenario: Scenario = {
  id: "slow",
  title: "Slow readers",
  summary: "64 clients read at 8 KiB/s while 4 others download 10 KiB in a closed loop",
  question: "Do slow clients hold up fast ones?",
  tags: [],
  points: [single("readers=64", 64)],
  headline: {
    point: "readers=64",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per download of 4 clients beside 64 slow readers, us",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "-",
    "polling-0": "-",
    "polling-1": "-",
    "polling-10": "-",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "-",
    "uring": "=",
  },
  because: "a bounded pool has no thread left; a loop only visits the slow ones that can go on, " +
    "and polling visits all of them",
  further: [{
    point: "readers=64",
    metric: "rate",
    label: "downloads per second of 4 clients beside 64 slow readers",
  }],
  sessions: ({ x }) => ({ idle: 0, busy: x + FAST_CLIENTS }),
  groups: ({ x }, { sizes }) => [
    { ...downloads("slow", x, "large", sizes), readRate: BYTES_PER_SECOND },
    smallDownloads(sizes, FAST_CLIENTS),
  ],
  lengths: 10,
  quickly: { lengths: 2 },
  silent: true,
};
