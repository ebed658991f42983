/**
 * The scenario "wakeups": what one wake-up costs, what each descriptor that it looks at adds, and
 * what each event takes that it brings. Both are varied at once: silent sessions decide how many
 * descriptors are watched, busy ones how many events come together. claims/fit.ts tells them apart.
 *
 * @module
 */

import { idle, main } from "./parts.ts";
import type { Point, Scenario } from "./scenario.ts";

/** Silent sessions. */
const WATCHED = [0, 1_000, 4_000, 10_000];

/** Clients of the closed loop: as many events as these come at once at most. */
const CLIENTS = [1, 8, 64];

const POINTS = WATCHED.flatMap((watched) =>
  CLIENTS.map((clients): Point => ({
    id: `watched=${watched},clients=${clients}`,
    x: watched,
    clients,
    quick: watched === 1_000 && clients === 8,
    peers: false,
  }))
);

/** See above. */
export const scenario: Scenario = {
  id: "wakeups",
  title: "Wake-ups",
  summary: "NOOP by 1, 8 and 64 clients in a closed loop beside 0 to 10,000 silent sessions",
  question: "What does a wake-up cost, and how many events share it?",
  tags: ["models-only", "waking"],
  models: ["multiplex", "async", "uring"],
  points: POINTS,
  headline: {
    point: "watched=10000,clients=64",
    metric: "cpuPerOperation",
    better: "lower",
    label: "CPU per request of 64 clients beside 10,000 idle sessions, us",
  },
  expected: {
    "select-wide": "-",
    "poll": "-",
    "epoll-edge": "=",
    "async": "-",
    "uring": "+",
  },
  because: "a wait by select or poll costs what is watched, but all events that it brings share it",
  sessions: ({ x, clients = 0 }) => ({ idle: x, busy: clients }),
  groups: ({ x, clients }) => [...idle(x), main({ action: "noop", clients: clients! })],
};
