/**
 * `deno task lab`: claims of the textbook as experiments on this machine. LESSONS is the course in
 * its order; `main` reads the command line, has the experiments done one after the other, and
 * prints what show.ts makes of them.
 *
 * @module
 */

import {
  closest,
  type CommandLine,
  outputColumns,
  print,
  readFlags,
  renderHelp,
  UsageError,
} from "../../client/cli/flags.ts";
import { lesson as allDescriptors } from "./all_descriptors.ts";
import { lesson as blockedCostsNothing } from "./blocked_costs_nothing.ts";
import { lesson as boundedPool } from "./bounded_pool.ts";
import { lesson as completions } from "./completions.ts";
import { lesson as concurrentTransfers } from "./concurrent_transfers.ts";
import { lesson as connectedNotAccepted } from "./connected_not_accepted.ts";
import { lesson as copies } from "./copies.ts";
import { lesson as dupStillTold } from "./dup_still_told.ts";
import { lesson as echoMultiplexed } from "./echo_multiplexed.ts";
import { lesson as edgeEagain } from "./edge_eagain.ts";
import { lesson as emfileSpins } from "./emfile_spins.ts";
import { lesson as eventQueue } from "./event_queue.ts";
import { lesson as fileBlocks } from "./file_blocks.ts";
import { lesson as fourModels } from "./four_models.ts";
import { lesson as hello } from "./hello.ts";
import { lesson as lateByHalf } from "./late_by_half.ts";
import { lesson as levelAndEdge } from "./level_and_edge.ts";
import { lesson as looksEvery4Seconds } from "./looks_every_4_seconds.ts";
import { lesson as lostEdge } from "./lost_edge.ts";
import { lesson as lowestDescriptor } from "./lowest_descriptor.ts";
import { lesson as lyingLoad } from "./lying_load.ts";
import { lesson as nagle } from "./nagle.ts";
import { lesson as orderOfCalls } from "./order_of_calls.ts";
import { lesson as readinessHint } from "./readiness_hint.ts";
import { lesson as regularFile } from "./regular_file.ts";
import { lesson as reuseport } from "./reuseport.ts";
import { lesson as selectChat } from "./select_chat.ts";
import { lesson as selectLimit } from "./select_limit.ts";
import { lesson as spinning } from "./spinning.ts";
import { lesson as switchingThreads } from "./switching_threads.ts";
import { lesson as tenThousand } from "./ten_thousand.ts";
import { lesson as threadPerConnection } from "./thread_per_connection.ts";
import { lesson as thunderingHerd } from "./thundering_herd.ts";
import { lesson as waitingInLine } from "./waiting_in_line.ts";
import { lesson as watchedOrReady } from "./watched_or_ready.ts";
import { lesson as windowsSelect } from "./windows_select.ts";
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
  windowsSelect,
  levelAndEdge,
  edgeEagain,
  lostEdge,
  readinessHint,
  dupStillTold,
  regularFile,
  fourModels,
  fileBlocks,
  allDescriptors,
  watchedOrReady,
  orderOfCalls,
  withoutIdleClients,
  tenThousand,
  eventQueue,
  emfileSpins,
  thunderingHerd,
  reuseport,
  nagle,
  copies,
  completions,
  concurrentTransfers,
  lyingLoad,
];

const LINE: CommandLine<"json"> = {
  command: "lab",
  usage: ["lab list", "lab run NAME... [--json]", "lab all [--json]"],
  about: "Claims of the textbook as experiments: list names the lessons, run does those named, " +
    "all does every one and ends with a table.",
  flags: {
    json: {
      help:
        "prints an array of {name, claim, rule, refuted_if, measured, verdict, reason, seconds} and " +
        "nothing else",
    },
  },
  operands: true,
  exits: [
    ["0", "done, whatever the verdicts are"],
    [
      "1",
      "an experiment could not be carried out; all leaves out those that cannot run on this " +
      "machine, and says why",
    ],
    ["2", "a wrong command line"],
    ["5", "standard output could not be written"],
    ["130", "interrupted with Ctrl-C, which ends the experiment and shows what there is"],
    ["141", "nobody reads standard output any more"],
  ],
};

/** Exit statuses. */
const DONE = 0, FAILED = 1, INTERRUPTED = 130;

/** Columns of a file, and the most and fewest that a terminal is used for. */
const WIDTH = 80, WIDTH_MAX = 100, WIDTH_MIN = 40;

/**
 * How long an experiment may take to release what it holds after Ctrl-C, milliseconds: a server
 * that looks every 4 seconds notices that it shall end when it looks.
 */
const RELEASE_MS = 5_000;

/**
 * Runs one command line; the exit status.
 *
 * @throws {UsageError} in one line.
 */
export async function main(args: readonly string[]): Promise<number> {
  const wishes = parse(args);
  const look = lookOfOutput();
  if ("text" in wishes) {
    print(wishes.text(look));
    return DONE;
  }
  const { lessons, json, all } = wishes;
  const say = json ? () => {} : print;
  const interrupt = new AbortController();
  // The second Ctrl-C finds no listener any more, so it ends the process.
  const onInterrupt = () => {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  const outcomes = await carryOutAll(lessons, interrupt.signal, look, say);
  Deno.removeSignalListener("SIGINT", onInterrupt);
  if (json) print(renderJson(outcomes));
  else if (outcomes.length > 1) print(renderSummary(outcomes, look));
  if (interrupt.signal.aborted) return INTERRUPTED;
  const lacks = (verdict: Outcome["verdict"]) => outcomes.some((one) => one.verdict === verdict);
  return lacks("failed") || (!all && lacks("unavailable")) ? FAILED : DONE;
}

type Wishes =
  | { readonly text: (look: Look) => string }
  | { readonly lessons: readonly Lesson[]; readonly json: boolean; readonly all: boolean };

function parse(args: readonly string[]): Wishes {
  const flags = readFlags(LINE, args);
  if (flags.has("help")) return { text: ({ width }) => renderHelp(LINE, width) };
  const [verb, ...names] = flags.operands;
  const json = flags.has("json");
  const all = verb === "all" || (verb === "run" && names.length === 1 && names[0] === "all");
  if (verb === "list" && names.length === 0) return { text: (look) => renderList(LESSONS, look) };
  if (all && (verb === "run" || names.length === 0)) return { lessons: LESSONS, json, all };
  if (verb !== "run" || names.length === 0) {
    throw new UsageError("Say lab list, lab run NAME... or lab all; lab --help tells more");
  }
  const lessons = names.map((name) => {
    const lesson = LESSONS.find((lesson) => lesson.name === name);
    if (lesson !== undefined) return lesson;
    const known = LESSONS.map(({ name }) => name);
    const meant = closest(name, known);
    const question = meant === undefined
      ? `there are ${known.join(", ")}`
      : `did you mean ${meant}?`;
    throw new UsageError(`No lesson is called "${name}"; ${question}`);
  });
  return { lessons: [...new Set(lessons)], json, all };
}

function lookOfOutput(): Look {
  if (!Deno.stdout.isTerminal()) return { width: WIDTH, colour: false };
  const columns = outputColumns() ?? WIDTH;
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, columns));
  return { width, colour: !Deno.noColor };
}

async function carryOutAll(
  lessons: readonly Lesson[],
  signal: AbortSignal,
  look: Look,
  show: (text: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, lesson] of lessons.entries()) {
    if (signal.aborted) break;
    show(renderOpening(lesson, index + 1, lessons.length, look));
    const say = (line: string) => show(renderProgress(line, look));
    const outcome = await carryOut(lesson, { size: "full", say, signal });
    outcomes.push(outcome);
    show(renderOutcome(outcome, look) + "\n");
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
