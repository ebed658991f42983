/**
 * Many files at once: the verb mirror, and directories for get -r and put -r.
 *
 * Loaded when it is asked for: no other verb needs what it needs.
 *
 * @module
 */

import {
  describeAction,
  type MirrorOptions,
  type MirrorPace,
  type MirrorPlan,
  type MirrorSummary,
  planMirror,
  refusalOf,
  runMirror,
} from "../mirror/mod.ts";
import { ClientPool } from "../pool.ts";
import { encodeText, printable } from "../text.ts";
import { rateOf, retriesOf, tellRetry } from "./again.ts";
import { sourceName } from "./checks.ts";
import { SomeFailed } from "./exit.ts";
import { formatElapsed, formatSize } from "./format.ts";
import type { Task } from "./task.ts";

/** Makes a tree like another, down or with -R up. */
export async function mirror(task: Task): Promise<void> {
  const { include, exclude, options } = task.request;
  await copyTree(task, {
    ...endsOf(task),
    include,
    exclude,
    remove: options.has("delete"),
    by: options.has("newer")
      ? "newer"
      : options.has("size-only")
      ? "size"
      : options.has("checksum")
      ? "content"
      : "time",
  });
}

/**
 * Copies a directory with all that is in it; what is the same already is left alone.
 *
 * @throws {SomeFailed} when a line of each that failed has been told.
 */
export async function copyTree(task: Task, options: MirrorOptions): Promise<void> {
  const { reporter, request, signal } = task;
  await using pool = new ClientPool({
    connect: () => task.connect(),
    size: request.parallel,
    first: await task.connected(),
    signal,
    onFewer: (size, error) =>
      reporter.note(`Going on with ${counted(size, "connection")}: ${error.message}`),
  });
  const pace: MirrorPace = {
    ...rateOf(request),
    retries: retriesOf(request),
    signal,
    onRetry: (...failure) => tellRetry(task, ...failure),
  };
  const plan = await planMirror(pool, options, pace);
  for (const fault of plan.faults) reporter.failed(fault);
  const dry = request.options.has("dry-run");
  const { failed, error } = dry
    ? await tellPlan(task, plan)
    : await carryOut(task, pool, plan, pace);
  const first = plan.faults[0] ?? error;
  if (first !== undefined) throw new SomeFailed(`${failed} failed`, first);
}

/** What failed, with what could not be looked at. */
type Failures = Pick<MirrorSummary, "failed" | "error">;

async function carryOut(
  { reporter, request }: Task,
  pool: ClientPool,
  plan: MirrorPlan,
  pace: MirrorPace,
): Promise<Failures> {
  for (const action of plan.actions) {
    if (action.kind !== "skip" || request.telling.quiet) continue;
    reporter.note(`Left out "${action.path}": it is ${action.reason}`);
  }
  const sizes = plan.actions.flatMap((action) => action.kind === "copy" ? [action.node.size] : []);
  reporter.expect(sizes.length, sizes.reduce<number | undefined>(plus, 0));
  const done = await runMirror(pool, plan, {
    transfer: (path) => reporter.transfer(path),
    onDone: (action) => {
      if (action.kind !== "copy") reporter.detail(describeAction(action, plan.direction));
    },
    onFailure: (_, error) => reporter.failed(error),
  }, pace);
  const summary = { ...done, failed: done.failed + plan.faults.length };
  reporter.summary(describeSummary(summary, plan.direction));
  if (summary.withheld > 0) {
    const count = counted(summary.withheld, "name");
    reporter.note(`Removed none of ${count}: nothing is removed when something else failed`);
  }
  return summary;
}

/** A sum of which one part is not known is not known. */
function plus(sum: number | undefined, size: number | undefined): number | undefined {
  return sum === undefined || size === undefined ? undefined : sum + size;
}

/** lftp's rules: without a target it is the source's own name; below a target that ends in "/". */
function endsOf({ request }: Task): Pick<MirrorOptions, "direction" | "remote" | "local"> {
  const [source = "", given] = request.operands;
  const name = sourceName(request) ?? "";
  const isAbove = given !== undefined && given !== "/" && given.endsWith("/");
  const target = given === undefined ? name : isAbove ? given + name : given;
  return request.options.has("reverse")
    ? { direction: "up", local: source || ".", remote: target }
    : { direction: "down", remote: source, local: target || "." };
}

/** On standard output, a line each: what a run would do now. */
async function tellPlan({ console }: Task, plan: MirrorPlan): Promise<Failures> {
  const oneLine = (text: string) => text.replace(/[\r\n]/g, printable);
  const show = console.outTerminal ? printable : oneLine;
  const refusals = plan.actions.filter((action) => action.kind === "refuse").map(refusalOf);
  const failed = plan.faults.length + refusals.length;
  const lines = plan.actions.flatMap((action) => {
    const isRemoval = action.kind === "removeFile" || action.kind === "removeDirectory";
    if (action.kind === "keep" || isRemoval && failed > 0) return [];
    return [`${show(describeAction(action, plan.direction))}\n`];
  });
  await console.write(encodeText(lines.join("")));
  const [error] = refusals;
  return error === undefined ? { failed } : { failed, error };
}

/** `Got 3 files, 1.2 MiB in 0.4 s; 10 kept, 1 removed, 2 failed`. */
function describeSummary(summary: MirrorSummary, direction: "down" | "up"): string {
  const { copied, octets, kept, removed, skipped, failed, elapsedMs } = summary;
  const moved = `${direction === "down" ? "Got" : "Put"} ${counted(copied, "file")}, ` +
    `${formatSize(octets)} in ${formatElapsed(elapsedMs)}`;
  const rest = [[kept, "kept"], [removed, "removed"], [skipped, "left out"], [failed, "failed"]]
    .filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  return rest.length === 0 ? moved : `${moved}; ${rest.join(", ")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
