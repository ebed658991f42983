/**
 * The scenario "asleep": what it costs to do nothing.
 *
 * @module
 */

import { idle, points } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "asleep",
  title: "Asleep",
  summary: "0 to 4,000 silent sessions, nobody says anything",
  question: "What does it cost to do nothing?",
  tags: ["sessions"],
  points: points("idle", [0, 500, 4000], [500], [0, 4000]),
  headline: {
    point: "idle=500",
    metric: "cpuShare",
    better: "lower",
    label: "share of a processor used beside 500 silent sessions",
  },
  expected: {
    "polling-0": "-",
    "polling-1": "-",
    "polling-10": "-",
    "select": "=",
    "poll": "=",
    "epoll-edge": "=",
    "async": "=",
    "uring": "=",
  },
  because: "a blocked thread costs no CPU; only polling goes on asking",
  sessions: ({ x }) => ({ idle: x, busy: 0 }),
  groups: ({ x }) => idle(x),
  // 30 s: what wakes up every few seconds is to be seen, too.
  lengths: 60,
  quickly: { lengths: 2 },
  silent: true,
  sideBySide: true,
  // Its memory is to be that of sessions, and of nothing that was done before.
  ownServer: "for-memory",
  warm: ["requests"],
};
