/**
 * The scenario "logins": what a session costs to set up.
 *
 * @module
 */

import { BUSY_CLIENTS, main, PASSES, points } from "./parts.ts";
import type { Scenario } from "./scenario.ts";

/** See above. */
export const scenario: Scenario = {
  id: "logins",
  title: "Logins",
  summary: "connect, log in, quit, see the connection closed: 16 clients in a closed loop",
  question: "What does a session cost to set up?",
  tags: ["counted", "ceiling"],
  points: points("clients", [16], [16]),
  passes: PASSES,
  headline: {
    point: "clients=16",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per login, us",
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
  because: "accepting is one call whatever waited for it; a thread per client switches for every " +
    "login, and a spinning loop calls for nothing",
  further: [
    { point: "clients=16", metric: "rate", label: "logins per second" },
    {
      point: "clients=16",
      metric: "start",
      label: "from the start of the process to the first greeting, ms",
    },
  ],
  sessions: () => ({ idle: 0, busy: BUSY_CLIENTS }),
  groups: () => [main({ action: "login" })],
};
