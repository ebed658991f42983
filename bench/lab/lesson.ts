/**
 * The contract of a lesson: a claim of the textbook as an experiment with a verdict.
 *
 * mod.ts lists the lessons and prints them in the order claim, plan, measured, verdict, rule, what
 * would refute it, code; a lesson only experiments. Each stands in a file of its own that reads
 * like a page of a textbook, and uses the project's own models, selectors and sockets.
 *
 * @module
 */

/** What a lesson concludes. */
export type Verdict =
  /** The rule held on this machine. */
  | "confirmed"
  /** It did not. */
  | "refuted"
  /** The figures do not decide it here: too noisy, too small, or something is missing. */
  | "inconclusive";

/** One figure of an experiment. */
export interface Measured {
  /** What it is: "wake-ups while nobody accepted, level". */
  readonly name: string;
  /** A count or a quantity, or words. */
  readonly value: number | string;
  /** "us", "%", "calls", ...; none for a count or words. */
  readonly unit?: string;
}

/** What an experiment found. */
export interface Finding {
  /** In the order in which they are shown. */
  readonly measured: readonly Measured[];
  /** By the lesson's rule. */
  readonly verdict: Verdict;
  /** The rule applied to the numbers: "1,204 wake-ups against 1". */
  readonly reason: string;
}

/** What an experiment gets. */
export interface Stage {
  /** "small" in the test suite: as few rounds as still show the counters; at most a second or so. */
  readonly size: "full" | "small";
  /** Shows a line while the experiment goes on: what is happening now. */
  say(line: string): void;
  /** Aborted by Ctrl-C: the experiment ends soon and releases all it holds. */
  readonly signal: AbortSignal;
}

/** One claim and its experiment, of at most 20 s. */
export interface Lesson {
  /** For `lab run NAME`: words with hyphens. */
  readonly name: string;
  /** A few words for `lab list`. */
  readonly title: string;
  /** The textbook's sentence. */
  readonly claim: string;
  /** What is about to be done, and why that shows it. */
  readonly plan: string;
  /** The rule of the verdict, in words: "confirmed when ..."; in code the module's `verdictOf`. */
  readonly rule: string;
  /**
   * What would refute the claim, in one sentence without its "if": the outcome, and an input or a
   * kernel that has it. A rule for which nothing can be said here is no experiment.
   */
  readonly refutedIf: string;
  /** Files of this project to look at, with what is to be seen there. */
  readonly code: readonly string[];
  /** Why it cannot run here, in one sentence, or undefined when it can. */
  unavailable?(): string | undefined;
  /** Experiments. Throws only for bugs and for what a user can mend (LessonError). */
  run(stage: Stage): Promise<Finding>;
}

/** What prevents an experiment, in one line for the user. */
export class LessonError extends Error {
  /** As `Error.name`. */
  override name = "LessonError";
}
