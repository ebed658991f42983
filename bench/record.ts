/**
 * What a run leaves behind: JSON lines, one record each. The first is the header, then a cell per
 * measurement in the order in which they were taken, at the end what the machine did afterwards.
 * measure.ts makes them, fill.ts writes each as soon as it is there, so that an interrupted run
 * loses nothing; report/ and claims/ read them. Plain data, nothing here runs.
 *
 * Units are last in names: `Ms` milliseconds, `Us` microseconds, `Bytes` octets; times without a
 * unit are seconds.
 *
 * @module
 */

import type { GroupResult } from "./load/job.ts";

export type { GroupResult, Latency } from "./load/job.ts";

/** One line of the file. */
export type RunRecord =
  | HeaderRecord
  | CellRecord
  | CeilingRecord
  | AgreementRecord
  | CountRecord
  | EndRecord
  | ResumeRecord;

/** The first line. */
export interface HeaderRecord {
  /** Tells it from the others. */
  readonly kind: "run";
  /** Goes up when a reader would have to change; 2 is read, too: its ceilings are in the header. */
  readonly format: 2 | 3;
  /** The arguments of `deno task bench`. */
  readonly args: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** What it was measured on. */
  readonly machine: Machine;
  /** What the machine did before anything of this ran. */
  readonly before: Idleness;
  /** Blocks, in each of which every cell is measured once. */
  readonly repeats: number;
  /** Length of a steady window; a scenario may use a multiple. */
  readonly seconds: number;
  /** What the order of the cells followed from. */
  readonly seed: number;
  /** Ids of scenarios/mod.ts, in the order of the report. */
  readonly scenarios: readonly string[];
  /** Their points, in the same order; since runs can be resumed. */
  readonly points?: readonly (readonly string[])[];
  /** A digest of all sources that bear on figures; since runs can be resumed. */
  readonly sources?: string;
  /** Who is measured, in the order of the report: models first. */
  readonly subjects: readonly SubjectCard[];
  /** The id of the subject that ratios are over: multiplex (epoll, level), if it takes part. */
  readonly baseline: string;
  /** Format 2: what the load could do before the run. */
  readonly ceilings?: readonly Ceiling[];
  /** Which load was used; missing: the one in TypeScript. */
  readonly load?: "typescript" | "c";
  /** A part of a processor that each server had, where it had not all of them. */
  readonly quota?: QuotaTerms;
  /**
   * What was named before the run: two subjects that both use less, in the figure's unit, are as good
   * as each other. By figure; missing, also in a run of an earlier edition: none.
   */
  readonly floors?: Floors;
  /** Processors that were kept for one each; missing: everybody was wherever the kernel put it. */
  readonly pinned?: { readonly server: number; readonly load: number; readonly probes: number };
  /** Subjects left out and why, and the like; a sentence each. */
  readonly notes: readonly string[];
}

/** Amounts below which a difference is nothing to anybody, by the id of a figure, in its unit. */
export type Floors = Readonly<Record<string, number>>;

/** A CPU quota of a control group: so much of each period, all threads together. */
export interface QuotaTerms {
  /** Microseconds. */
  readonly quotaUs: number;
  /** Microseconds. */
  readonly periodUs: number;
  /** Of control groups. */
  readonly version: 1 | 2;
}

/** What the machine is. */
export interface Machine {
  /** The first processor's model. */
  readonly processor: string;
  /** Processors that the system schedules on. */
  readonly processors: number;
  /** GiB. */
  readonly memory: number;
  /** Name, release and architecture. */
  readonly kernel: string;
  /**
   * Time in interrupts is no part of what processes used (CONFIG_IRQ_TIME_ACCOUNTING). Missing: it
   * is that of whoever was interrupted, or an earlier edition did not look.
   */
  readonly interruptsApart?: boolean;
  /** The runtime's version. */
  readonly deno: string;
}

/** How busy the machine is while nothing of this benchmark runs. */
export interface Idleness {
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** The share of all processors' time that was used, 0 to 1. */
  readonly busy: number;
}

/** Whom the report speaks of. */
export interface SubjectCard {
  /** As cells refer to it. */
  readonly id: string;
  /** As tables show it. */
  readonly title: string;
  /** This project's own, somebody else's, or the least that waits alike, in C. */
  readonly kind: "model" | "peer" | "twin";
  /** For a model the flags of `serve` that make it what it is: all that differs between two. */
  readonly flags: readonly string[];
  /** For a twin the id of the model that waits alike. */
  readonly twinOf?: string;
  /** For a twin over io_uring how many techniques are on, where it is a rung of the ladder. */
  readonly rung?: number;
  /** For a peer its version and its configuration file. */
  readonly version?: string;
  /** See version. */
  readonly configuration?: string;
}

/** The load against a trivial responder: no server can be measured to be faster than this. */
export interface Ceiling {
  /** The scenario whose load it is, for example "control". */
  readonly scenario: string;
  /** Operations a second; missing when it could not be measured. */
  readonly rate?: number;
  /** CPU microseconds of the load process per operation. */
  readonly loadCpuUs?: number;
  /** What it was measured against, or why not. */
  readonly note: string;
}

/** The ceiling of one block, measured back to back with the cells that it is over. */
export interface CeilingRecord extends Ceiling {
  /** Tells it from the others. */
  readonly kind: "ceiling";
  /** The id of the point within the scenario. */
  readonly point: string;
  /** The repeat, from 0. */
  readonly block: number;
}

/** What the server used inside the window: the difference of two samples. */
export interface ServerWork {
  /**
   * CPU seconds, user and system, of the whole process tree: live processes by their own clocks,
   * ended threads included, reaped children in ticks.
   */
  readonly cpu: number;
  /** Seconds by which `cpu` may be wrong; since format 3. */
  readonly cpuResolution?: number;
  /** The part of `cpu` that was system time, 0 to 1. */
  readonly systemShare: number;
  /** Context switches: it waited. Missing when threads ended meanwhile: theirs are not known. */
  readonly voluntary?: number;
  /** Context switches: it was made to wait. See voluntary. */
  readonly involuntary?: number;
  /** At the end of the window. */
  readonly threads: number;
  /** At the end of the window. */
  readonly processes: number;
  /** Proportional set size (smaps_rollup) of the tree at the end of the window. */
  readonly memoryBytes: number;
  /**
   * Of silent sessions, when the window opens, right after they have logged in: the part of it that
   * no file stands behind. The rest is the program's code, of which each server has the less the
   * more of them are alive. An earlier edition has all of it.
   */
  readonly restBytes?: number;
  /**
   * At the same moment the kernel's own memory, less what it was before they came: unreclaimable
   * slabs, stacks of threads, page tables (/proc/meminfo) and TCP buffers (/proc/net/sockstat) of
   * the whole machine. Both ends of a connection are in it, and what everybody else did meanwhile.
   * An earlier edition has all of it: a slope over numbers of sessions is the same.
   */
  readonly kernelBytes?: number;
  /** Models only: from the counters of all workers, calls by name. */
  readonly calls?: Readonly<Record<string, number>>;
  /** Models only: calls that answered EAGAIN. */
  readonly eagain?: number;
  /** Models only: returns from the waiting call, and those that nothing came of. */
  readonly wakeups?: number;
  /** See wakeups. */
  readonly emptyWakeups?: number;
  /** Models only: octets that passed through user space, and all octets in and out. */
  readonly octetsCopied?: number;
  /** See octetsCopied. */
  readonly octetsMoved?: number;
}

/** One measurement: one subject at one point of one scenario, once. */
export interface CellRecord {
  /** Tells it from the others. */
  readonly kind: "cell";
  /** The id of the subject. */
  readonly subject: string;
  /** The id of the scenario. */
  readonly scenario: string;
  /** The id of the point within the scenario, for example "idle=4000". */
  readonly point: string;
  /** The repeat, from 0; cells of one block are compared with each other. */
  readonly block: number;
  /**
   * From 0, where everybody is measured in several passes, one window each in a new order: the cell
   * of the block is all of them together. Missing: there is one.
   */
  readonly pass?: number;
  /** 0, or how often it was measured again in this pass since something disturbed it. */
  readonly attempt?: number;
  /** The command that started the server. */
  readonly command: readonly string[];
  /** What the server said it was. */
  readonly introduction: string;
  /** Milliseconds from the start of the process to the first greeting. */
  readonly startMs?: number;
  /** How its server was warmed before anything was measured. */
  readonly warmUp?: WarmUpRecord;
  /** How long the window was open; all of them together, where there were several. */
  readonly seconds: number;
  /** Windows that the cell is the sum of; missing: one. */
  readonly rounds?: number;
  /** What the clients did, by group: "main", and where the scenario has them "probe", "up", ... */
  readonly groups: Readonly<Record<string, GroupResult>>;
  /** What the server used; missing when the cell failed. */
  readonly server?: ServerWork;
  /** CPU seconds of the load process per second: towards 1 the load is what was measured. */
  readonly loadCpuShare: number;
  /** With a quota: periods of the window, and those in which the server had used it up. */
  readonly quota?: { readonly periods: number; readonly throttled: number };
  /** Share of all processors' time that the hypervisor gave to others, 0 to 1. */
  readonly steal: number;
  /** Share of all processors' time used by neither server nor load nor this program. */
  readonly others: number;
  /** Errors by what they were, warm-up included. */
  readonly errors: Readonly<Record<string, number>>;
  /** Why the subject cannot do this, as it declares or as it answered: no failure, a limit. */
  readonly unable?: string;
  /** Why there is no figure. */
  readonly failure?: string;
}

/** The part of a cell that says what was found. */
export type Outcome = Pick<
  CellRecord,
  | "seconds"
  | "rounds"
  | "groups"
  | "server"
  | "loadCpuShare"
  | "quota"
  | "steal"
  | "others"
  | "errors"
>;

/** What a cell of the same place and block says when the other load measures it. */
export interface AgreementRecord extends Omit<CellRecord, "kind"> {
  /** Tells it from the others. */
  readonly kind: "agreement";
  /** The load that is not the run's. */
  readonly load: "typescript" | "c";
}

/** System calls of a server and all its descendants, counted from outside in a pass of its own. */
export interface CountRecord {
  /** Tells it from the others. */
  readonly kind: "count";
  /** The id of the subject. */
  readonly subject: string;
  /** The id of the scenario. */
  readonly scenario: string;
  /** The id of the point within the scenario. */
  readonly point: string;
  /** Operations of the group "main" that ended meanwhile. */
  readonly operations: number;
  /** By the kernel's names; what is not told apart is under "others". */
  readonly calls: Readonly<Record<string, number>>;
  /** Why there are none. */
  readonly failure?: string;
}

/**
 * The run was interrupted, and goes on from here: blocks before this are whole. With `args`: here
 * begins another run, of other scenarios, that was joined to this one.
 */
export interface ResumeRecord {
  /** Tells it from the others. */
  readonly kind: "resume";
  /** When this part began: ISO 8601, UTC. */
  readonly startedAt: string;
  /** What the machine did before this part. */
  readonly before: Idleness;
  /** The block that it begins with, from 0. */
  readonly block: number;
  /** Measurements of that block that were dropped, since a block is measured in one go. */
  readonly dropped: number;
  /** The last line of the part before was cut off, and was dropped, too. */
  readonly cutOff?: boolean;
  /** A run of its own that was joined, of other scenarios: the arguments of its command. */
  readonly args?: readonly string[];
  /** Which scenarios those are. */
  readonly scenarios?: readonly string[];
  /** What it was measured on, where that is not what the header says. */
  readonly machine?: HeaderRecord["machine"];
  /** The digest of its sources, where that is not what the header says. */
  readonly sources?: string;
  /** Its blocks, where they are not as many as the header says. */
  readonly repeats?: number;
  /** Length of its steady windows, where that is not what the header says. */
  readonly seconds?: number;
  /** What the order of its cells followed from. */
  readonly seed?: number;
  /** What was named before it; missing, whatever the header says: none. */
  readonly floors?: Floors;
}

/** How a server was warmed. */
export interface WarmUpRecord {
  /** How long that took. */
  readonly seconds: number;
  /** Kinds of work that never were level; missing: nobody looked. */
  readonly unlevel?: readonly string[];
  /** What is level; missing, where somebody looked: what an earlier edition took for it. */
  readonly level?: LevelTerms;
}

/** As many rounds as before took at most so much less CPU time per operation, as a share. */
export interface LevelTerms {
  /** Rounds that are compared with as many before them. */
  readonly rounds: number;
  /** Less than this does not count. */
  readonly share: number;
  /** After so many it is measured as it is. */
  readonly roundsMax: number;
}

/** The last line of a part, and of the run; missing when it was killed. */
export interface EndRecord {
  /** Tells it from the others. */
  readonly kind: "end";
  /** What the machine did when nothing of this ran any more. */
  readonly after: Idleness;
  /** Why cells of the plan are missing, if any are. */
  readonly incomplete?: string;
}
