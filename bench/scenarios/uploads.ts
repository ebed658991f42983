/**
 * The scenario "uploads": what it costs to take a file, and to replace one.
 *
 * @module
 */

import { BUSY_CLIENTS, PASSES, single, uploads } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "uploads",
  title: "Small uploads",
  summary:
    "10 KiB by 16 clients in a closed loop, a data connection each; under a new name every time, " +
    "and over a file that is there",
  question: "What does it cost to take a file, and to replace one?",
  tags: ["counted", "ceiling"],
  points: [
    single("names=new", 0),
    { id: "names=old", x: 1, quick: false, peers: true, replaces: true },
  ],
  passes: PASSES,
  headline: {
    point: "names=new",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per upload of 10 KiB, us",
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
    "uring": "=",
  },
  because:
    "most of a small upload is connecting and the file system's work, which every loop does " +
    "alike; a thread per client switches in between, a spinning loop calls for nothing, and async " +
    "copies",
  further: [
    { point: "names=new", metric: "rate", label: "uploads of 10 KiB per second" },
    {
      point: "names=old",
      metric: "cpuPerOperation",
      label: "CPU per upload of 10 KiB over a file that is there, us",
    },
    {
      point: "names=old",
      metric: "rate",
      label: "uploads of 10 KiB per second over files that are there",
    },
  ],
  sessions: () => ({ idle: 0, busy: BUSY_CLIENTS }),
  groups: ({ replaces = false }, around) => [
    { ...uploads("main", BUSY_CLIENTS, "small", around), ...(replaces ? { replaces } : {}) },
  ],
};
