/**
 * What a scenario is: the words that scenarios.ts is written in, and that analysis.ts and report/
 * read. Types only; nothing here is measured.
 *
 * @module
 */

/** The scenarios by name. */
export type ScenarioId =
  | "control"
  | "idle"
  | "asleep"
  | "logins"
  | "burst"
  | "small"
  | "uploads"
  | "large"
  | "slow"
  | "mixed"
  | "disk";

/** A figure of a cell; analysis.ts says how each is computed. */
export type MetricId =
  /** Operations per second of the group "main". */
  | "rate"
  /** Payload, millions of octets per second. */
  | "throughput"
  /** CPU microseconds of the server per operation. */
  | "cpuPerOperation"
  /** CPU seconds of the server per 10^9 octets of payload. */
  | "cpuPerGB"
  /** The server's share of one processor, 0 to 1 and above. */
  | "cpuShare"
  /** Latency of "main", milliseconds. */
  | "p50"
  /** See p50. */
  | "p99"
  /** Latency of the group "probe", milliseconds. */
  | "probeP99"
  /** The length of the window: how long a burst took until its last client was done, seconds. */
  | "makespan";

/** Better than the baseline, worse, or no difference. */
export type Sign = "+" | "=" | "-";

/** One place at which a scenario is measured. */
export interface Point {
  /** Unique within the scenario, for example "idle=4000". */
  readonly id: string;
  /** What the x axis of a plot shows: clients, idle sessions, a fraction of capacity. */
  readonly x: number;
  /** Whether --quick measures it too. */
  readonly quick: boolean;
  /** Whether peers are measured there: ladders are a question to the models only. */
  readonly peers: boolean;
}

/** One kind of work. */
export interface Scenario {
  /** The name for --scenarios. */
  readonly id: ScenarioId;
  /** A few words. */
  readonly title: string;
  /** One line that says what an operation is and who does it. */
  readonly summary: string;
  /** The question that it answers. */
  readonly question: string;
  /** Where it is measured, in this order. */
  readonly points: readonly Point[];
  /** The point and the figure that the grid judges it by. */
  readonly headline: {
    readonly point: string;
    readonly metric: MetricId;
    readonly better: "higher" | "lower";
    /** In words, with the unit: "CPU per request at 4,000 idle sessions, us". */
    readonly label: string;
  };
  /** Against the baseline, by the id of a model variant, as the textbook has it. */
  readonly expected: Readonly<Record<string, Sign>>;
  /** Why the textbook expects that, in a sentence. */
  readonly because: string;
}
