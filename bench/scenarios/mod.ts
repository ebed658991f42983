/**
 * What is measured, as data: scenarios, each with its points, the one figure that it is judged by
 * and what the textbook lets one expect of it. jobs.ts turns a point into a job for the load
 * process; analysis.ts and report/ turn the results into the grid and the plots.
 *
 * @module
 */

import type { Point, Scenario } from "./scenario.ts";

export type { MetricId, Point, Scenario, ScenarioId, Sign } from "./scenario.ts";

/** Points for --quick are for peers, too. */
function points(
  name: string,
  all: readonly number[],
  quick: readonly number[],
  peers: readonly number[] = [],
): Point[] {
  return all.map((x) => {
    const first = quick.includes(x);
    return { id: `${name}=${x}`, x, quick: first, peers: first || peers.includes(x) };
  });
}

/** A point that everybody is measured at. */
function single(id: string, x: number): Point {
  return { id, x, quick: true, peers: true };
}

/** Clients of the closed loops. */
export const BUSY_CLIENTS = 16;

/** The point of "uploads" at which the names exist. */
export const REPLACING = "names=old";

/** Of the capacity that the closed loop with as many clients found just before. */
const LOAD_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2];

/** All scenarios, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "control",
    title: "Control requests",
    summary: "NOOP by 1, 4, 16, 64 clients in a closed loop, then by 16 in an open loop",
    question: "What does a request cost, and where is the knee?",
    points: [
      ...points("clients", [1, 4, 16, 64], [16]),
      ...points("load", LOAD_FRACTIONS, []),
    ],
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
    },
    because: "with few descriptors the mechanism hardly matters; a thread per client switches " +
      "for every request, and a spinning loop calls for nothing",
  },
  {
    id: "idle",
    title: "Idle sessions",
    summary: "NOOP by 16 clients in a closed loop beside 0 to 8,000 silent sessions",
    question: "Does a wait cost what is watched, or what is ready?",
    points: points("idle", [0, 100, 500, 1000, 4000, 8000], [0, 1000], [4000]),
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
    },
    because: "poll and polling look at every descriptor each time, epoll at the ready ones",
  },
  {
    id: "asleep",
    title: "Asleep",
    summary: "0 to 4,000 silent sessions, nobody says anything",
    question: "What does it cost to do nothing?",
    points: points("idle", [0, 500, 1000, 4000], [500]),
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
    },
    because: "a blocked thread costs no CPU; only polling goes on asking",
  },
  {
    id: "logins",
    title: "Logins",
    summary: "connect, log in, quit, see the connection closed: 16 clients in a closed loop",
    question: "What does a session cost to set up?",
    points: points("clients", [16], [16]),
    headline: {
      point: "clients=16",
      metric: "rate",
      better: "higher",
      label: "logins per second",
    },
    expected: {
      "blocking-8": "-",
      "blocking-64": "-",
      "polling-0": "=",
      "polling-1": "-",
      "polling-10": "-",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "-",
    },
    because: "accepting is one call whatever waited for it; sleeping polls late",
  },
  {
    id: "burst",
    title: "Burst",
    summary: "300 and 2,000 clients connect, log in and quit at once",
    question: "What happens when everybody comes at the same time?",
    points: points("burst", [300, 2000], [300], [2000]),
    headline: {
      point: "burst=300",
      metric: "makespan",
      better: "lower",
      label: "until the last of 300 was done, s",
    },
    expected: {
      "blocking-8": "-",
      "blocking-64": "-",
      "polling-0": "=",
      "polling-1": "=",
      "polling-10": "-",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "-",
    },
    because:
      "a bounded pool makes clients wait in line, and one that grows starts threads meanwhile",
  },
  {
    id: "small",
    title: "Small downloads",
    summary:
      "10 KiB by 16 clients in a closed loop, a data connection each; beside 0 and 4,000 idle",
    question: "What does the set-up of a transfer cost?",
    points: points("idle", [0, 4000], [0], [4000]),
    headline: {
      point: "idle=0",
      metric: "rate",
      better: "higher",
      label: "downloads of 10 KiB per second",
    },
    expected: {
      "blocking-8": "-",
      "blocking-64": "-",
      "polling-0": "=",
      "polling-1": "-",
      "polling-10": "-",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "-",
    },
    because: "most of a small transfer is connecting, which every loop does alike",
  },
  {
    id: "uploads",
    title: "Small uploads",
    summary:
      "10 KiB by 16 clients in a closed loop, a data connection each; under a new name every time, " +
      "and over a file that is there",
    question: "What does it cost to take a file, and to replace one?",
    points: [
      single("names=new", 0),
      { id: REPLACING, x: 1, quick: false, peers: true },
    ],
    headline: {
      point: "names=new",
      metric: "rate",
      better: "higher",
      label: "uploads of 10 KiB per second",
    },
    expected: {
      "blocking-8": "-",
      "blocking-64": "-",
      "polling-0": "=",
      "polling-1": "-",
      "polling-10": "-",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "-",
    },
    because:
      "most of a small upload is connecting and the file system's work, in which no way of " +
      "waiting takes part",
  },
  {
    id: "large",
    title: "Large transfers",
    summary: "1 GiB down and 1 GiB up, one client",
    question: "What does a copy cost?",
    points: [
      single("down", 0),
      { id: "up", x: 1, quick: false, peers: true },
    ],
    headline: {
      point: "down",
      metric: "cpuPerGB",
      better: "lower",
      label: "CPU seconds per GB downloaded",
    },
    expected: {
      "blocking-8": "=",
      "blocking-64": "=",
      "polling-0": "-",
      "polling-1": "=",
      "polling-10": "=",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "-",
    },
    because:
      "the FFI models send without a copy through user space, the runtime's sockets copy twice",
  },
  {
    id: "slow",
    title: "Slow readers",
    summary: "64 clients read at 8 KiB/s while 4 others download 10 KiB in a closed loop",
    question: "Do slow clients hold up fast ones?",
    points: [single("readers=64", 64)],
    headline: {
      point: "readers=64",
      metric: "p99",
      better: "lower",
      label: "p99 of a fast client's download, ms",
    },
    expected: {
      "blocking-8": "-",
      "blocking-64": "-",
      "polling-0": "=",
      "polling-1": "-",
      "polling-10": "-",
      "select": "=",
      "poll": "=",
      "epoll-edge": "=",
      "async": "=",
    },
    because: "a bounded pool has no thread left; a loop only visits the slow ones",
  },
  {
    id: "mixed",
    title: "Mixed bulk",
    summary: "8 downloads and 8 uploads of 64 MiB, with NOOP probes at 50/s",
    question: "How late is a small answer behind bulk?",
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
    },
    because: "a thread of its own answers while others copy; a loop answers between two copies",
  },
  {
    id: "disk",
    title: "Slow disk",
    summary:
      "10 KiB by 16 clients, one block read in ten takes 5 ms more, with NOOP probes at 50/s",
    question: "Does a blocking file call stall everybody?",
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
      "async": "+",
    },
    because: "readiness does not exist for files: the loop stands still, a thread does so alone",
  },
];

/** The scenario of that name. */
export function scenarioOf(id: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.id === id);
}

/** Octets of the served files, unless a test wants less. */
export interface FileSizes {
  /** Of the file whose set-up cost matters: 10 KiB. */
  readonly small: number;
  /** Of the files of mixed bulk: 64 MiB. */
  readonly medium: number;
  /** Of the file whose octets matter: 1 GiB. */
  readonly large: number;
}

/** The sizes that every published figure is about. */
export const FILE_SIZES: FileSizes = { small: 10 << 10, medium: 64 << 20, large: 2 ** 30 };
