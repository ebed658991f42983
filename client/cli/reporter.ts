/**
 * What a person or a program hears while a verb works, on standard error: bars, sums, remarks.
 *
 * Verbs speak to the interface; run.ts makes the one that fits the terminal and the flags.
 *
 * @module
 */

import type { Console } from "./console.ts";
import { Progress } from "./progress.ts";
import { printable } from "../mod.ts";

/** Who tells what happens. Names and texts may hold anything: they become printable here. */
export interface Reporter {
  /** A transfer of `name` is about to begin; several may run at once. */
  transfer(name: string): TransferReport;
  /** One line worth reading, such as what was kept of a broken transfer. */
  note(text: string): void;
  /** Nothing more will be told; what is drawn is cleared. */
  close(): void;
}

/** One transfer, from its beginning to `finish`, `skip` or `stop`; `stop` may follow either. */
export interface TransferReport {
  /** It begins at octet `offset` of a file of `total` octets, as far as that is known. */
  start(offset: number, total: number | undefined): void;
  /** So many octets have been moved, without the offset. */
  update(octets: number): void;
  /** It is complete. */
  finish(): void;
  /** Nothing had to be moved, for this reason: "already complete". */
  skip(reason: string): void;
  /** It failed or was interrupted; the error is told by whoever threw it. */
  stop(): void;
}

/** What the flags say of the telling. */
export interface ReporterOptions {
  /** Nothing but errors and what was lost. */
  readonly quiet: boolean;
}

/** The reporter for a command line. */
export function reporterFor(console: Console, { quiet }: ReporterOptions): Reporter {
  return {
    transfer(name) {
      if (quiet) return SILENT;
      const progress = new Progress(console, name);
      return {
        start: (offset, total) => progress.start(offset, total),
        update: (octets) => progress.update(octets),
        finish: () => progress.finish(),
        skip(reason) {
          progress.stop();
          console.writeError(`${printable(name)}: ${reason}\n`);
        },
        stop: () => progress.stop(),
      };
    },
    note: (text) => console.writeError(`${printable(text)}\n`),
    close() {},
  };
}

const SILENT: TransferReport = {
  start() {},
  update() {},
  finish() {},
  skip() {},
  stop() {},
};
