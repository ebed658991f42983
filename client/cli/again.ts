/**
 * Transfers of get and put that go on after what passes by itself, over a new connection where the
 * old one is gone, and that tell what a transfer left which did not.
 *
 * get.ts and put.ts run each file through it.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { LocalError } from "../errors.ts";
import type {
  Downloaded,
  DownloadFileOptions,
  UploadAttempts,
  UploadFileOptions,
} from "../local/options.ts";
import type { OnKept, OptionHints } from "../local/part.ts";
import { RateLimit } from "../rate.ts";
import { AttemptedTransfer, RETRIES_DEFAULT, type RetryAttempt, withRetries } from "../retry.ts";
import type { Request } from "./arguments.ts";
import { formatSize } from "./format.ts";
import type { TransferReport } from "./reporter.ts";
import type { Task } from "./task.ts";

/** What one attempt is told. */
export type FileOptions = DownloadFileOptions & UploadFileOptions;

/** What a refusal says of the flag that would do it all the same. */
export const HINTS: OptionHints = {
  force: "--force begins again",
  direct: "--direct does it in place",
};

/** All transfers of one command line share its rate. */
const RATES = new WeakMap<Request, RateLimit>();

/**
 * Runs `transfer` with what the flags say, and again from where it broke off (--retries).
 *
 * Later attempts go on with what an earlier one has moved, and begin again where they cannot: what
 * they find was left by the first one, or is what the first one would have replaced.
 *
 * @returns Whether octets had to be moved.
 */
export async function again(
  task: Task,
  verb: "get" | "put",
  report: TransferReport,
  transfer: (client: Client, options: FileOptions) => Promise<Downloaded>,
): Promise<boolean> {
  const { request: { options: flags }, reporter, signal } = task;
  const isContinued = flags.has("continue");
  const isDirect = flags.has("direct");
  const left: { kept?: Parameters<OnKept> | undefined } = {};
  const whole = new AttemptedTransfer(report);
  const attempts: UploadAttempts = {};
  try {
    const { wasComplete } = await withTaskRetries(task, async (client, attempt) => {
      let isBegun = false;
      const transferred = transfer(client, {
        ...rateOf(task.request),
        signal,
        resume: isContinued || whole.octets > 0 && !isDirect,
        force: flags.has("force") || !isContinued,
        direct: isDirect,
        hints: HINTS,
        noClobber: flags.has("no-clobber"),
        keepTime: true,
        attempts,
        onStart(offset, total) {
          isBegun = true;
          left.kept = undefined;
          whole.start(offset, total);
        },
        onProgress: (octets) => whole.update(octets, attempt),
        onKept: (...kept) => left.kept = kept,
      });
      const done = await transferred.catch((error) => {
        // What cannot be gone on with is not worth telling of; what was only not reached is.
        if (!isBegun && error instanceof LocalError) left.kept = undefined;
        throw error;
      });
      // A failure has stopped it, and all that was lost with the connection was the reply.
      if (done.wasComplete && attempt.number > 0) whole.start(done.offset, done.offset);
      return done;
    }, () => report.stop());
    return !wasComplete;
  } catch (error) {
    report.stop();
    if (left.kept !== undefined) reporter.note(keptText(verb, ...left.kept));
    throw error;
  }
}

/** Runs `work`, and again after what passes by itself (--retries), telling so behind `onRetry`. */
export function withTaskRetries<T>(
  task: Task,
  work: (client: Client, attempt: RetryAttempt) => Promise<T>,
  onRetry: () => void = () => {},
): Promise<T> {
  return withRetries(() => task.connected(), {
    retries: retriesOf(task.request),
    signal: task.signal,
    onRetry(...failure) {
      onRetry();
      tellRetry(task, ...failure);
    },
  }, work);
}

/** What a broken transfer left, and how to go on with it when that is possible. */
export function keptText(
  verb: "get" | "put",
  ...[path, octets, resumable]: Parameters<OnKept>
): string {
  const what = octets === undefined ? "what had arrived" : formatSize(octets);
  const where = verb === "put" ? `"${path}" on the server` : `"${path}"`;
  return `Kept ${what} in ${where}${resumable ? `, ${verb} --continue goes on from there` : ""}`;
}

/** How often --retries says that a failure that passes is forgiven. */
export function retriesOf({ retries = RETRIES_DEFAULT }: Request): number {
  return retries;
}

/** Tells of a failure that is forgiven, as `withRetries` hears of it. */
export function tellRetry(
  { reporter, request }: Task,
  error: Error,
  failure: number,
  waitMs: number,
): void {
  reporter.retry({
    reason: error.message,
    attempt: failure + 1,
    attemptsMax: retriesOf(request) + 1,
    waitMs,
  });
}

/** The limit that --limit-rate sets. */
export function rateOf(request: Request): { readonly rate?: RateLimit } {
  if (request.limitRate === undefined) return {};
  const rate = RATES.get(request) ?? new RateLimit(request.limitRate);
  RATES.set(request, rate);
  return { rate };
}
