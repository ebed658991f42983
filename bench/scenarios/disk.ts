/**
 * The scenario "disk": whether a blocking file call stalls everybody.
 *
 * @module
 */

import { BUSY_CLIENTS, PROBE, PROBING_CLIENTS, single, smallDownloads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "disk",
  title: "Slow disk",
  summary: "10 KiB by 16 clients, one block read in ten takes 5 ms more, with NOOP probes at 200/s",
  question: "Does a blocking file call stall everybody?",
  tags: ["models-only"],
  points: [single("delay=5", 5)],
  headline: {
    point: "delay=5",
    metric: "probeP99",
    better: "lower",
    label: "p99 of a NOOP beside a slow disk, ms",
  },
  expected: {
    "blocking-8": "-",
    "blocking-64": "+",
    "polling-0": "=",
    "polling-1": "=",
    "polling-10": "=",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "=",
    "uring": "=",
  },
  because: "readiness does not exist for files, and async reads them synchronously, too: a loop " +
    "stands still, a thread does so alone",
  sessions: () => ({ idle: 0, busy: BUSY_CLIENTS + PROBING_CLIENTS }),
  groups: (_point, { sizes }) => [smallDownloads(sizes), PROBE],
  lengths: 10,
  quickly: { lengths: 1 },
  ownServer: "always",
  warm: ["downloads"],
  // 5 ms more for one block read in ten: a disk that is busy with something else.
  serveFlags: ["--disk-delay", "5/10"],
};
