/**
 * The scenario "turns": how late a small answer is by how much of a file a step of bulk moves. It
 * is what fairness is a question of, asked of several ways of waiting at the same five sizes.
 *
 * @module
 */

import { BUSY_CLIENTS, downloads, PROBE, PROBING_CLIENTS } from "./parts.ts";
import type { Point, Scenario } from "./scenario.ts";

/** Octets of a step: from a few packets to all that a socket can hold. */
const TURN_BYTES = [16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/** See above. */
export const scenario: Scenario = {
  id: "turns",
  title: "Bytes per turn",
  summary: "16 downloads of 64 MiB, 16 KiB to 4 MiB of them at a time, with NOOP probes at 200/s",
  question: "How late is a small answer, by how much a turn moves?",
  tags: ["models-only", "turns"],
  // One of each kind: how a loop is told what is ready changes nothing of what it does then.
  models: ["blocking-64", "epoll", "async", "uring"],
  points: TURN_BYTES.map((bytes): Point => ({
    id: `bytes=${bytes}`,
    x: bytes,
    quick: false,
    peers: false,
    serveFlags: ["--turn-bytes", String(bytes)],
  })),
  headline: {
    point: "bytes=1048576",
    metric: "probeP99",
    better: "lower",
    label: "p99 of a NOOP beside 16 downloads of 1 MiB a turn, ms",
  },
  expected: { "blocking-64": "+", "async": "=", "uring": "=" },
  because:
    "a loop answers between two steps, whoever tells it what is ready; a thread does so alone",
  sessions: () => ({ idle: 0, busy: BUSY_CLIENTS + PROBING_CLIENTS }),
  groups: (_point, { sizes }) => [downloads("main", BUSY_CLIENTS, "medium", sizes), PROBE],
  lengths: 4,
  ownServer: "always",
  warm: ["requests", "downloads"],
};
