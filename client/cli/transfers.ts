/**
 * What verbs that move octets share: a transfer and what is told of it, standard output as a sink.
 *
 * @module
 */

import type { Sink } from "../data.ts";
import type { Console } from "./console.ts";
import type { Reporter, TransferReport } from "./reporter.ts";

/** Runs a transfer and tells how it goes; `transfer` says whether octets had to be moved. */
export async function reported(
  reporter: Reporter,
  name: string,
  transfer: (report: TransferReport) => Promise<boolean>,
): Promise<void> {
  const report = reporter.transfer(name);
  try {
    if (await transfer(report)) report.finish();
    else report.skip("already complete");
  } finally {
    report.stop();
  }
}

/** What `check` says; a file that it refuses counts as one that is not complete. */
export async function checked<T>(
  reporter: Reporter,
  name: string,
  check: () => T | Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    reporter.transfer(name).stop();
    throw error;
  }
}

/** Standard output as a sink; `told` hears of a transfer, or what is told besides. */
export function outputSink(
  console: Console,
  told: Pick<TransferReport, "hide"> & Partial<Pick<TransferReport, "start">>,
): Sink {
  return {
    begin(size) {
      // On the terminal that shows the octets a progress line would stand between them.
      if (console.outTerminal) told.hide();
      told.start?.(0, size);
    },
    write: (chunk) => console.write(chunk),
  };
}
