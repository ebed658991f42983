/**
 * Picks who speaks while a verb works: bars, lines or silence for people on standard error, and with
 * --json events for a program on standard output besides.
 *
 * @module
 */

import type { Console } from "./console.ts";
import { LineReporter } from "./lines.ts";
import { PlainScreen, type Screen } from "./screen.ts";
import type { Reporter, Telling } from "./telling.ts";

export type { Reporter, Retry, Telling, TransferReport } from "./telling.ts";

/** The reporter for a command line. */
export async function reporterFor(console: Console, telling: Telling): Promise<Reporter> {
  const reporter = new LineReporter(await screenFor(console, telling), telling);
  if (!telling.json) return reporter;
  const { EventReporter } = await import("./events.ts");
  return new EventReporter(reporter, console);
}

async function screenFor(console: Console, { quiet, json = false }: Telling): Promise<Screen> {
  // Between events on the same terminal nothing can be redrawn.
  const isFree = console.errTerminal && !(json && console.outTerminal);
  const isDumb = console.environment("TERM") === "dumb";
  if (quiet || !isFree || isDumb) return new PlainScreen(console, isFree && !quiet);
  const { BarScreen } = await import("./bars.ts");
  return new BarScreen(console);
}
