/**
 * What is measured, as data: one entry per scenario. measure.ts turns an entry into a job for the
 * load process, report.ts into a column.
 *
 * @module
 */

import type { Action } from "./load/job.ts";

/** One kind of work, done by a closed loop of clients. */
export interface Scenario {
  /** The name for --scenarios. */
  readonly id: string;
  /** The head of a column: short, with the unit. */
  readonly title: string;
  /** One line that says what an operation is. */
  readonly summary: string;
  /** What a client does. */
  readonly action: Action;
  /** How many do it at the same time. */
  readonly clients: number;
  /** Which of the served files is moved; none for a login. */
  readonly file: "small" | "large" | "none";
  /** Operations a second, or octets a second in units of a million. */
  readonly unit: "operations/s" | "MB/s";
}

/** Octets of the served files, 10 KiB and 256 MiB unless a test wants less. */
export interface FileSizes {
  /** Of the file whose set-up cost matters. */
  readonly small: number;
  /** Of the file whose octets matter. */
  readonly large: number;
}

/** The sizes that every published figure is about. */
export const FILE_SIZES: FileSizes = { small: 10 << 10, large: 256 << 20 };

/** All scenarios, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "logins",
    title: "logins/s",
    summary: "connect, log in, quit, see the connection closed",
    action: "login",
    clients: 16,
    file: "none",
    unit: "operations/s",
  },
  {
    id: "small",
    title: "10 KiB gets/s",
    summary: "download 10 KiB over a data connection of its own",
    action: "download",
    clients: 16,
    file: "small",
    unit: "operations/s",
  },
  {
    id: "download",
    title: "down MB/s",
    summary: "download 256 MiB",
    action: "download",
    clients: 1,
    file: "large",
    unit: "MB/s",
  },
  {
    id: "upload",
    title: "up MB/s",
    summary: "upload 256 MiB to a new file",
    action: "upload",
    clients: 1,
    file: "large",
    unit: "MB/s",
  },
];
