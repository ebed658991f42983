/**
 * What a scenario is: the words that each file of this folder is written in, and that run/, claims/
 * and report/ read. They know scenarios by their tags only. Types only; nothing here is measured.
 *
 * @module
 */

import type { Group } from "../load/job.ts";

/** A figure of a cell; claims/figures.ts says how each is computed. */
export type FigureId =
  /** Operations per second of the group "main". */
  | "rate"
  /** Payload, millions of octets per second. */
  | "throughput"
  /** CPU microseconds of the server per operation. */
  | "cpuPerOperation"
  /** CPU microseconds of the load, which is the other side, per operation. */
  | "loadCpuPerOperation"
  /** CPU seconds of the server per 10^9 octets of payload. */
  | "cpuPerGB"
  /** The server's share of one processor, percent: 100 and above where it uses several. */
  | "cpuShare"
  /** Latency of "main", milliseconds. */
  | "p50"
  /** See p50; from 1,000 samples. */
  | "p99"
  /** Latency of the group "probe", milliseconds; from 1,000 samples. */
  | "probeP99"
  /** How long a burst took until its last client was done, the mean of a cell's bursts, seconds. */
  | "makespan"
  /** System calls of the server per operation, all names together. */
  | "calls"
  /** Calls per operation that answered EAGAIN. */
  | "eagain"
  /** Operations per return from the waiting call. */
  | "operationsPerWakeup"
  /** The share of those returns that nothing came of, percent. */
  | "emptyWakeups"
  /** Context switches per operation because the server waited. */
  | "voluntary"
  /** Context switches per operation because it was made to wait. */
  | "involuntary"
  /** The part of the CPU time that was spent in the kernel, percent. */
  | "systemShare"
  /** Octets that passed through a buffer of the server per octet moved. */
  | "copies"
  /** Jain's index of the group "main". */
  | "fairness"
  /** MiB, proportional set size of the process tree. */
  | "memory"
  /** Threads of the process tree. */
  | "threads"
  /** Milliseconds from the start of the process to the first greeting. */
  | "start";

/** Better than the baseline, worse, or equivalent to it. */
export type Sign = "+" | "=" | "-";

/** What else is done with a scenario. */
export type Tag =
  /** Its calls per operation are counted from outside, in a pass of its own. */
  | "counted"
  /** A closed loop of small operations, where the load may be the limit: its ceiling is measured. */
  | "ceiling"
  /** At its headline both loads measure the baseline in every block: they should agree. */
  | "both-loads"
  /** It compares models by something that peers cannot be told to do. */
  | "models-only"
  /**
   * Its points are numbers of silent sessions, x, with nobody else: memory is a line over them, and
   * is read right after they have logged in.
   */
  | "sessions"
  /** Requests that cost little but the waiting: the plots of latency, calls and knee. */
  | "requests"
  /** What a wait costs beside silent sessions: the plot of what is watched. */
  | "watching"
  /** What is watched and how many events come at once are both varied: the plot of wake-ups. */
  | "waking"
  /** Large transfers, at the points "down" and "up": the plot of copies. */
  | "copies"
  /** What a step of a transfer moves is varied: the plot of turns. */
  | "turns"
  /** Clients of a burst, one by one: the plot of the line. */
  | "queue";

/** Kinds of work that a fresh server is warmed with. */
export type Work = "requests" | "logins" | "downloads" | "uploads";

/** One place at which a scenario is measured. */
export interface Point {
  /** Unique within the scenario, for example "idle=4000". */
  readonly id: string;
  /** What the x axis of a plot shows: clients, idle sessions, a fraction of capacity. */
  readonly x: number;
  /** Busy clients, where `x` is something else. */
  readonly clients?: number;
  /** Whether --quick measures it too. */
  readonly quick: boolean;
  /** Whether peers are measured there: ladders are a question to the models only. */
  readonly peers: boolean;
  /** A closed loop whose rate is the capacity of the open loops after it. */
  readonly findsCapacity?: boolean;
  /** An open loop at `x` of that capacity. */
  readonly ofCapacity?: boolean;
  /** An open loop of so many operations a second, whatever the server can do. */
  readonly perSecond?: number;
  /** Flags of `serve` that differ from point to point: each has a server of its own. */
  readonly serveFlags?: readonly string[];
  /** Files are there already: a server that keeps them cannot take part. */
  readonly replaces?: boolean;
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

/** What a job depends on besides the scenario. */
export interface Surroundings {
  /** Where the server listens. */
  readonly host: string;
  /** See host. */
  readonly port: number;
  /** The folder served. */
  readonly root: string;
  /** Of the files in it. */
  readonly sizes: FileSizes;
  /** Length of a steady window, seconds. */
  readonly seconds: number;
  /** Probes that a window has at least, and is as long as they take. */
  readonly probes: number;
  /** A server that finishes nothing for so long has failed, milliseconds. */
  readonly stallMs: number;
  /**
   * A folder in `root` for the uploads of this measurement alone, where small ones stay until the
   * block is over; without it they come to INCOMING of parts.ts and are removed.
   */
  readonly incoming?: string;
  /** Requests per second that the server answered to the closed loop of this block, if known. */
  readonly capacity?: number;
}

/** A figure in which peers are compared besides the headline. */
export interface Contest {
  /** The point. */
  readonly point: string;
  /** The figure. */
  readonly metric: FigureId;
  /** In words, with the unit. */
  readonly label: string;
}

/** One kind of work. */
export interface Scenario {
  /** The name for --scenarios. */
  readonly id: string;
  /** A few words. */
  readonly title: string;
  /** One line that says what an operation is and who does it. */
  readonly summary: string;
  /** The question that it answers. */
  readonly question: string;
  /** What else is done with it. */
  readonly tags: readonly Tag[];
  /** Names of the models and variants that it is about; all when missing. */
  readonly models?: readonly string[];
  /** Where it is measured, in this order. */
  readonly points: readonly Point[];
  /** The point and the figure that the grid judges it by. */
  readonly headline: Contest & { readonly better: "higher" | "lower" };
  /** Figures in which peers are compared, too. */
  readonly further?: readonly Contest[];
  /** Against the baseline, by the id of a model variant, as the textbook has it. */
  readonly expected: Readonly<Record<string, Sign>>;
  /** Why the textbook expects that, in a sentence. */
  readonly because: string;
  /** Clients that the server has at a time: what a limit is compared with. */
  sessions(point: Point): { readonly idle: number; readonly busy: number };
  /** Who does what at `point`; a group "probe" has a process of its own. */
  groups(point: Point, around: Surroundings): readonly Group[];
  /** How long the window is open, in lengths of the steady one; 1 when missing. */
  readonly lengths?: number;
  /** How often the window is opened for one measurement, by what is over at once; 1 when missing. */
  readonly rounds?: number;
  /**
   * In how many passes the points are measured that it is judged by, everybody with a window in
   * each; 1 when missing, or with --quick. What a machine does for seconds is then everybody's.
   */
  readonly passes?: number;
  /** What --quick has in place of the same of the full run. */
  readonly quickly?: Pick<Scenario, "lengths" | "rounds">;
  /** Of a window that closes when all have ended: the longest that it may be, milliseconds. */
  limitMs?(around: Surroundings): number;
  /** Nobody asks anything: those that sleep meanwhile are measured at the same time. */
  readonly sideBySide?: boolean;
  /** Silence is a result, and no failure: there is no limit but the window's end. */
  readonly silent?: boolean;
  /** Transfers of the same kind that are measured for nothing before each window. */
  warmTransfer?(point: Point, around: Surroundings): Group;
  /** What was not over at the end is no fair ground for what comes next: the server is ended. */
  readonly cutOffEnds?: boolean;
  /** It has a server of its own: "always", or where it holds enough sessions for a slope. */
  readonly ownServer?: "always" | "for-memory";
  /** What that server is warmed with; every work when missing. */
  readonly warm?: readonly Work[];
  /** Flags of `serve` that it needs besides the model's. */
  readonly serveFlags?: readonly string[];
}
