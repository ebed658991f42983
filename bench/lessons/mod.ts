/**
 * `deno task lab`: claims of the textbook as experiments on this machine. LESSONS is the course in
 * its order; `main` reads the command line, has the experiments done one after the other, and
 * prints what show.ts makes of them.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { lesson as blockedCostsNothing } from "./blocked_costs_nothing.ts";
import { lesson as boundedPool } from "./bounded_pool.ts";
import { lesson as completions } from "./completions.ts";
import { lesson as concurrentTransfers } from "./concurrent_transfers.ts";
import { lesson as connectedNotAccepted } from "./connected_not_accepted.ts";
import { lesson as copies } from "./copies.ts";
import { lesson as echoMultiplexed } from "./echo_multiplexed.ts";
import { lesson as edgeEagain } from "./edge_eagain.ts";
import { lesson as eventQueue } from "./event_queue.ts";
import { lesson as hello } from "./hello.ts";
import { lesson as lateByHalf } from "./late_by_half.ts";
import { lesson as levelAndEdge } from "./level_and_edge.ts";
import { lesson as looksEvery4Seconds } from "./looks_every_4_seconds.ts";
import { lesson as lowestDescriptor } from "./lowest_descriptor.ts";
import { lesson as lyingLoad } from "./lying_load.ts";
import { lesson as selectChat } from "./select_chat.ts";
import { lesson as selectLimit } from "./select_limit.ts";
import { lesson as spinning } from "./spinning.ts";
import { lesson as switchingThreads } from "./switching_threads.ts";
import { lesson as threadPerConnection } from "./thread_per_connection.ts";
import { lesson as waitingInLine } from "./waiting_in_line.ts";
import { lesson as watchedOrReady } from "./watched_or_ready.ts";
import { lesson as withoutIdleClients } from "./without_idle_clients.ts";
import { type Lesson, LessonError, type Stage } from "./lesson.ts";
import {
  type Look,
  type Outcome,
  renderJson,
  renderList,
  renderOpening,
  renderOutcome,
  renderProgress,
  renderSummary,
  wrap,
} from "./show.ts";

/** From one thread that waits to many connections that do not. */
export const LESSONS: readonly Lesson[] = [
  hello,
  blockedCostsNothing,
  waitingInLine,
  connectedNotAccepted,
  boundedPool,
  threadPerConnection,
  switchingThreads,
  looksEvery4Seconds,
  spinning,
  lateByHalf,
  lowestDescriptor,
  selectChat,
  echoMultiplexed,
  selectLimit,
  levelAndEdge,
  edgeEagain,
  watchedOrReady,
  withoutIdleClients,
  eventQueue,
  copies,
  completions,
  concurrentTransfers,
  lyingLoad,
];

const USAGE_LINES = `Claims of the textbook as experiments

Usage: deno task lab list
       deno task lab run NAME... [--json]
       deno task lab all [--json]
`;

const HELP = [
  "list names the lessons, run does those named, all does every one and ends with a table. --json " +
  "prints an array of {name, claim, rule, measured, verdict, reason, seconds} and nothing else.",
  'Exit status: 0 whatever the verdicts are, 1 when an experiment could not be carried out ("all" ' +
  "leaves out those that cannot run on this machine, and says why), 2 for a wrong command line, " +
  "130 after Ctrl-C, which ends the experiment and shows what there is.",
];

/** Exit statuses. */
const DONE = 0, FAILED = 1, USAGE = 2, INTERRUPTED = 130;

/** Columns of a file, and the most and fewest that a terminal is used for. */
const WIDTH = 80, WIDTH_MAX = 100, WIDTH_MIN = 40;

/**
 * How long an experiment may take to release what it holds after Ctrl-C, milliseconds: a server
 * that looks every 4 seconds notices that it shall end when it looks.
 */
const RELEASE_MS = 5_000;

/** Runs one command line; the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const wishes = parse(args);
  if ("wrong" in wishes) {
    console.error(`ftplab: ${wishes.wrong}`);
    return USAGE;
  }
  const look = lookOfOutput();
  if ("text" in wishes) {
    console.log(wishes.text(look));
    return DONE;
  }
  const { lessons, json, all } = wishes;
  const print = json ? () => {} : (text: string) => console.log(text);
  const interrupt = new AbortController();
  // The second Ctrl-C finds no listener any more, so it ends the process.
  const onInterrupt = () => {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  const outcomes = await carryOutAll(lessons, interrupt.signal, look, print);
  Deno.removeSignalListener("SIGINT", onInterrupt);
  if (json) console.log(renderJson(outcomes));
  else if (outcomes.length > 1) console.log(renderSummary(outcomes, look));
  if (interrupt.signal.aborted) return INTERRUPTED;
  const lacks = (verdict: Outcome["verdict"]) => outcomes.some((one) => one.verdict === verdict);
  return lacks("failed") || (!all && lacks("unavailable")) ? FAILED : DONE;
}

type Wishes =
  | { readonly wrong: string }
  | { readonly text: (look: Look) => string }
  | { readonly lessons: readonly Lesson[]; readonly json: boolean; readonly all: boolean };

function parse(args: readonly string[]): Wishes {
  let stray: string | undefined;
  const { _: words, json, help } = parseArgs(args, {
    boolean: ["json", "help"],
    unknown: (arg) => {
      if (arg.startsWith("-")) stray ??= arg;
      return !arg.startsWith("-");
    },
  });
  if (stray !== undefined) return { wrong: `Unknown flag "${stray}", see deno task lab --help` };
  if (help === true) {
    const wrapped = (look: Look) => HELP.map((text) => wrap(text, look.width).join("\n"));
    return { text: (look) => [USAGE_LINES, ...wrapped(look)].join("\n") };
  }
  const [verb, ...names] = words.map(String);
  const all = verb === "all" || (verb === "run" && names.length === 1 && names[0] === "all");
  if (verb === "list" && names.length === 0) return { text: (look) => renderList(LESSONS, look) };
  if (all && (verb === "run" || names.length === 0)) {
    return { lessons: LESSONS, json: json === true, all };
  }
  if (verb !== "run" || names.length === 0) {
    return { wrong: "Say lab list, lab run NAME... or lab all; see deno task lab --help" };
  }
  const unknown = names.find((name) => !LESSONS.some((lesson) => lesson.name === name));
  if (unknown !== undefined) {
    const known = LESSONS.map(({ name }) => name).join(", ");
    return { wrong: `No lesson is called "${unknown}"; there are ${known}` };
  }
  const lessons = names.map((name) => LESSONS.find((lesson) => lesson.name === name)!);
  return { lessons: [...new Set(lessons)], json: json === true, all };
}

function lookOfOutput(): Look {
  if (!Deno.stdout.isTerminal()) return { width: WIDTH, colour: false };
  const { columns } = Deno.consoleSize();
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, columns));
  return { width, colour: !Deno.noColor };
}

async function carryOutAll(
  lessons: readonly Lesson[],
  signal: AbortSignal,
  look: Look,
  print: (text: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, lesson] of lessons.entries()) {
    if (signal.aborted) break;
    print(renderOpening(lesson, index + 1, lessons.length, look));
    const say = (line: string) => print(renderProgress(line, look));
    const outcome = await carryOut(lesson, { size: "full", say, signal });
    outcomes.push(outcome);
    print(renderOutcome(outcome, look) + "\n");
  }
  return outcomes;
}

/** Has one experiment done; an abort of the stage's signal ends it. */
export async function carryOut(lesson: Lesson, stage: Stage): Promise<Outcome> {
  const begun = performance.now();
  const outcome = (verdict: Outcome["verdict"], reason: string): Outcome => {
    const seconds = (performance.now() - begun) / 1e3;
    return { lesson, verdict, reason, seconds, measured: [] };
  };
  const why = lesson.unavailable?.();
  if (why !== undefined) return outcome("unavailable", why);
  try {
    const running = lesson.run(stage);
    running.catch(() => {}); // it may fail after it was given up
    const finding = await Promise.race([running, given(stage.signal)]);
    return { ...outcome(finding.verdict, finding.reason), measured: finding.measured };
  } catch (error) {
    if (stage.signal.aborted) return outcome("interrupted", "ended by Ctrl-C");
    if (error instanceof LessonError) return outcome("failed", error.message);
    throw error;
  }
}

/** Rejects when an experiment that was interrupted has had its time to release what it holds. */
function given(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => {
    setTimeout(() => reject(signal.reason), RELEASE_MS);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  return promise;
}
