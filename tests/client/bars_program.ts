/**
 * A program for tests of bars on a terminal: four transfers that move by a step at every key, and
 * end with "q".
 *
 * @module
 */

import { BarScreen } from "../../client/cli/bars.ts";
import { systemConsole } from "../../client/cli/console.ts";
import { LineReporter } from "../../client/cli/lines.ts";

const NAMES = [
  "a",
  "映画\u231a\u231a.avi",
  "a long name of a film that few people have seen.avi",
  "d",
];
const STEP = 100_000;
const STEPS = 10;

const console = systemConsole();
const reporter = new LineReporter(new BarScreen(console), { quiet: false });
reporter.note("What was there before");
reporter.expect(NAMES.length, NAMES.length * STEP * STEPS);
const reports = NAMES.map((name) => reporter.transfer(name));
for (const report of reports) report.start(0, STEP * STEPS);
// An echo would move the cursor.
Deno.stdin.setRaw(true, { cbreak: true });
const key = new Uint8Array(1);
for (let step = 1; await Deno.stdin.read(key) !== null && key[0] !== "q".charCodeAt(0); step++) {
  for (const report of reports) report.update(step * STEP);
}
for (const report of reports) report.finish();
reporter.close();
