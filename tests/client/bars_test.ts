/**
 * What a person sees of transfers on a terminal, on one that can do nothing, and in a file.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { BARS_MAX, BarScreen } from "../../client/cli/bars.ts";
import { LineReporter, renderTrace } from "../../client/cli/lines.ts";
import { reporterFor } from "../../client/cli/reporter.ts";
import { PlainScreen } from "../../client/cli/screen.ts";
import { renderSum, renderSummary, TalliedTransfer, Tally } from "../../client/cli/tally.ts";
import { outputSink } from "../../client/cli/transfers.ts";
import { AttemptedTransfer } from "../../client/retry.ts";
import { maskSecrets } from "../../client/text.ts";
import { testWith } from "../permission.ts";
import { FakeConsole, type Surroundings } from "./fake_console.ts";

const LOUD = { quiet: false, verbose: false, trace: false, json: false };
const MIB = 2 ** 20;

/** A terminal, a clock that stands, and who speaks. */
function stage() {
  const surroundings = { errTerminal: true, columns: 60 };
  const console = new FakeConsole(surroundings);
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const screen = new BarScreen(console, now);
  const resize = (columns: number) => surroundings.columns = columns;
  return { console, clock, screen, resize, reporter: new LineReporter(screen, LOUD, now) };
}

/** The lines of the frame that was drawn last. */
function frame(console: FakeConsole): string[] {
  const drawn = console.errorText.split("\x1b[?7l").at(-1)!;
  assert(drawn.endsWith("\r\x1b[?7h"), JSON.stringify(drawn));
  return drawn.replace("\r\x1b[?7h", "").replaceAll("\x1b[K", "").split("\n");
}

Deno.test("renderSummary and renderSum are one line", () => {
  assertEquals(renderSummary("a.avi", 1_258_291, 400), "a.avi: 1.2 MiB in 0.4 s (3.0 MiB/s)");
  assertEquals(renderSummary("a\n", 0, 0), "a\\n: 0 B in 0 ms (0 B/s)");
  const tally = new Tally();
  const transfer = new TalliedTransfer("a", 0);
  transfer.start(5, 15, 0);
  transfer.update(10);
  tally.add(transfer, "complete");
  tally.add(transfer, "complete");
  assertEquals(renderSum(tally, 1000), "2 files: 20 B in 1.0 s (20 B/s)");
  tally.add(new TalliedTransfer("b", 0), "skipped");
  tally.add(new TalliedTransfer("c", 0), "stopped");
  assertEquals(
    renderSum(tally, 1000),
    "3 files (1 of them complete before), 1 not: 20 B in 1.0 s (20 B/s)",
  );
});

Deno.test("a transfer of a pipe is the last line alone, several end with a sum", () => {
  const console = new FakeConsole();
  let now = 0;
  const reporter = new LineReporter(new PlainScreen(console, false), LOUD, () => now);
  for (const name of ["a.avi", "b.avi"]) {
    const report = reporter.transfer(name);
    report.start(0, 100);
    report.update(100);
    now += 1000;
    report.finish();
    report.stop();
  }
  reporter.close();
  assertEquals(
    console.errorText,
    "a.avi: 100 B in 1.0 s (100 B/s)\nb.avi: 100 B in 1.0 s (100 B/s)\n" +
      "2 files: 200 B in 2.0 s (100 B/s)\n",
  );
});

Deno.test("a bar shows the rate of the last seconds, without what was there before", () => {
  const { console, clock, screen, reporter } = stage();
  const report = reporter.transfer("a.avi");
  clock.ms = 5_000; // the server takes its time
  report.start(MIB, 101 * MIB);
  clock.ms = 5_100;
  report.update(MIB / 10);
  screen.draw();
  assertEquals(frame(console), ["a.avi  [                   ]    1%     1.0 MiB/s  ETA  1:40"]);
  // Ten seconds at 1 MiB/s, then five at 2 MiB/s.
  for (let draw = 2; draw <= 150; draw++) {
    clock.ms = 5_000 + 100 * draw;
    report.update(Math.round(MIB * (draw <= 100 ? draw / 10 : 10 + (draw - 100) / 5)));
    screen.draw();
  }
  assertEquals(frame(console), ["a.avi  [===                ]   20%     2.0 MiB/s  ETA  0:40"]);
  report.finish();
  reporter.close();
  assert(console.errorText.endsWith("\r\x1b[Ja.avi: 20.0 MiB in 20.0 s (1.0 MiB/s)\n"));
});

Deno.test("a transfer that is broken off and started again keeps what it has moved", () => {
  const { console, clock, screen, reporter } = stage();
  const report = reporter.transfer("a");
  const whole = new AttemptedTransfer(report);
  const attempt = { number: 0, moved() {} };
  whole.start(0, 400);
  whole.update(100, attempt);
  whole.start(100, 400);
  assertEquals(whole.octets, 100);
  whole.update(200, attempt);
  clock.ms = 1000;
  screen.draw();
  assertEquals(frame(console), ["a  [========   ]   75%       300 B       300 B/s  ETA  0:00"]);
  report.finish();
  reporter.close();
  assert(console.errorText.endsWith("a: 300 B in 1.0 s (300 B/s)\n"));
});

Deno.test("a transfer that was stopped and is tried again counts once", () => {
  const { console, clock, screen, reporter } = stage();
  const report = reporter.transfer("a");
  report.start(100, 400);
  report.update(100);
  report.stop();
  clock.ms = 1000;
  // All that it has moved since it began is told once more.
  report.start(100, 400);
  report.update(200);
  clock.ms = 2000;
  screen.draw();
  assertEquals(frame(console), ["a  [========   ]   75%       300 B       100 B/s  ETA  0:01"]);
  report.update(300);
  report.finish();
  report.stop();
  const other = reporter.transfer("b");
  other.stop();
  reporter.close();
  assert(
    console.errorText.endsWith(
      "a: 300 B in 2.0 s (150 B/s)\n1 file, 1 not: 300 B in 2.0 s (150 B/s)\n",
    ),
  );
});

Deno.test("the line of a file that is complete takes the place of its bar", () => {
  const { console, screen, reporter } = stage();
  const reports = ["a", "b", "c"].map((name) => reporter.transfer(name));
  for (const report of reports) report.start(0, 100);
  screen.draw();
  reports[1]!.finish();
  assertEquals(frame(console).map((line) => line.slice(0, 7)), ["a      ", "c      ", "3 files"]);
  for (const report of reports) report.stop();
  reporter.close();
});

Deno.test("a verb that sums up itself has the last word", () => {
  const console = new FakeConsole();
  const reporter = new LineReporter(new PlainScreen(console, false), LOUD);
  for (const name of ["a", "b"]) reporter.transfer(name).skip("already complete");
  reporter.summary("All is done");
  reporter.close();
  assertEquals(console.errorText, "a: already complete\nb: already complete\nAll is done\n");
});

Deno.test("several transfers have a bar each and a total, bounded", () => {
  const { console, clock, screen, reporter } = stage();
  reporter.expect(20, 20 * MIB);
  const reports = Array.from({ length: 12 }, (_, index) => reporter.transfer(`${index}.avi`));
  for (const report of reports) report.start(0, MIB);
  clock.ms = 1000;
  for (const report of reports) report.update(MIB / 2);
  screen.draw();
  const lines = frame(console);
  assertEquals(lines.length, BARS_MAX + 1);
  assertEquals(lines[0], "0.avi          [=====      ]   50%   512.0 KiB/s  ETA  0:01");
  assertEquals(lines.at(-1), "0 of 20 files  [===        ]   30%     6.0 MiB/s  ETA  0:02");
  for (const report of reports) report.finish();
  reporter.close();
  assert(console.errorText.endsWith("12 files: 6.0 MiB in 1.0 s (6.0 MiB/s)\n"));
});

Deno.test("the total of several directories goes on from one to the next", () => {
  const { console, screen, reporter } = stage();
  reporter.expect(3, 300);
  for (const name of ["a", "b", "c"]) {
    const report = reporter.transfer(name);
    report.start(0, 100);
    report.update(name === "a" ? 0 : 100);
    if (name === "a") report.skip("already complete");
    else report.finish();
  }
  reporter.expect(2, 200);
  const reports = ["d", "e"].map((name) => reporter.transfer(name));
  for (const report of reports) report.start(0, 100);
  for (const report of reports) report.update(50);
  screen.draw();
  assertMatch(frame(console).at(-1)!, /^3 of 5 files +\[=+ +\] +80%/);
  for (const report of reports) report.stop();
  reporter.close();
});

Deno.test("a remark stands above the bars", () => {
  const { console, screen, reporter } = stage();
  const report = reporter.transfer("a");
  report.start(0, 100);
  screen.draw();
  const before = console.errorText.length;
  reporter.note("One\nremark");
  assertEquals(
    console.errorText.slice(before),
    "\r\x1b[JOne\\nremark\n\x1b[?7la  [           ]    0%         0 B         0 B/s  ETA  -:--\x1b[K\r\x1b[?7h",
  );
  report.stop();
  reporter.close();
});

Deno.test("a connection is spoken of after a second of silence, an interruption at once", () => {
  const { console, clock, screen, reporter } = stage();
  reporter.connecting("::1", 2121);
  clock.ms = 900;
  screen.draw();
  assertEquals(console.errorText, "");
  clock.ms = 1000;
  screen.draw();
  assertEquals(frame(console), ["Connecting to [::1]:2121 ..."]);
  reporter.connected({ greeting: { code: 220, lines: ["Hi"] }, features: new Map() });
  assert(console.errorText.endsWith("\r\x1b[J"));
  const report = reporter.transfer("a");
  report.start(0, 100);
  reporter.interrupting();
  assertEquals(frame(console).at(-1), "Interrupting ... (Ctrl-C again ends at once)");
  report.stop();
  reporter.close();
  assert(console.errorText.endsWith("\r\x1b[J"));
});

Deno.test("a reply that does not come is spoken of after a second, where nobody else tells", () => {
  const { console, clock, screen, reporter } = stage();
  const drawn = (ms: number) => {
    const before = console.errorText.length;
    clock.ms += ms;
    screen.draw();
    return console.errorText.length > before ? frame(console) : undefined;
  };
  const text = "Waiting for the server ...";
  reporter.trace("sent", "DELE a");
  assertEquals([drawn(900), drawn(100)], [undefined, [text]]);
  reporter.trace("received", "250 Done");
  assert(console.errorText.endsWith("\r\x1b[J"));
  // A data connection is waited for behind the reply to EPSV, and listings come behind 150.
  reporter.trace("sent", "EPSV");
  reporter.trace("received", "229 Entering (|||61000|)");
  assertEquals(drawn(1_000), [text]);
  reporter.trace("sent", "MLSD");
  reporter.trace("received", "150 Here it comes");
  assertEquals(drawn(5_000), undefined);
  const report = reporter.transfer("a");
  report.hide();
  reporter.trace("sent", "RETR a");
  assertEquals(drawn(5_000), undefined);
  report.stop();
  reporter.trace("sent", "QUIT");
  reporter.retry({ reason: "No reply", attempt: 2, attemptsMax: 5, waitMs: 1500 });
  assertEquals(drawn(5_000), undefined);
  reporter.interrupting();
  reporter.trace("sent", "ABOR");
  assertEquals(frame(console), ["Interrupting ... (Ctrl-C again ends at once)"]);
  reporter.close();
});

Deno.test("between octets that go to the terminal itself no wait is told", () => {
  for (const outTerminal of [true, false]) {
    const { console, clock, screen, reporter } = stage();
    outputSink(new FakeConsole({ outTerminal }), reporter).begin?.(undefined);
    reporter.trace("sent", "RETR b");
    clock.ms = 2_000;
    screen.draw();
    assertEquals(console.errorText === "", outTerminal);
    reporter.close();
  }
});

Deno.test("a server that says nothing of a transfer is named after a second", () => {
  const { console, clock, screen, reporter } = stage();
  const report = reporter.transfer("a.avi");
  clock.ms = 2_000;
  screen.draw();
  assertEquals(frame(console), ["a.avi         0 B  waiting 2 s"]);
  report.stop();
  reporter.close();
});

Deno.test("octets that go to the terminal itself have no bar", () => {
  const { console, clock, screen, reporter } = stage();
  const report = reporter.transfer("a");
  report.hide();
  report.start(0, 100);
  clock.ms = 5_000;
  screen.draw();
  assertEquals(console.errorText, "");
  report.stop();
  reporter.close();
});

Deno.test("a terminal that became narrower is cleared of the lines that it broke", () => {
  const { console, screen, resize, reporter } = stage();
  for (const name of ["a".repeat(70), "b"]) reporter.transfer(name).start(0, 100);
  screen.draw();
  const before = console.errorText.length;
  resize(25);
  screen.draw();
  // The first line had 59 columns and the second 59: three rows each, the cursor in the fifth or
  // later, and above it the whole of two lines.
  assertEquals(console.errorText.slice(before).split("\x1b[J")[0], "\r\x1b[6A");
  reporter.close();
});

Deno.test("-v tells what is done, a retry is told anyway, and -q nothing but remarks", () => {
  const client = { greeting: { code: 220, lines: ["Hi"] }, features: new Map([["SIZE", ""]]) };
  const again = { reason: "No reply", attempt: 2, attemptsMax: 5, waitMs: 1500 };
  const told = (telling: Partial<typeof LOUD>) => {
    const console = new FakeConsole();
    const reporter = new LineReporter(new PlainScreen(console, false), { ...LOUD, ...telling });
    reporter.connecting("h", 21);
    reporter.connected(client);
    reporter.retry(again);
    reporter.note("Kept");
    reporter.close();
    return console.errorText;
  };
  const retry = "No reply; trying again in 1.5 s, attempt 2 of 5\n";
  assertEquals(told({}), `${retry}Kept\n`);
  assertEquals(told({ quiet: true }), "Kept\n");
  assertEquals(
    told({ verbose: true }),
    `Connecting to h:21 ...\nConnected and logged in: 220 Hi\nFeatures: SIZE\n${retry}Kept\n`,
  );
});

Deno.test("renderTrace shows direction, time and line, and no secret", () => {
  assertEquals(renderTrace("sent", "RETR a\x1b.avi", 123.4), "   0.123 > RETR a\\x1b.avi");
  assertEquals(renderTrace("received", "331 PASS please", 61_000), "  61.000 < 331 PASS please");
  assertEquals(["PASS secret", "pass", "ACCT a b", "USER me", "PASSIVE x"].map(maskSecrets), [
    "PASS ****",
    "pass ****",
    "ACCT ****",
    "USER me",
    "PASSIVE x",
  ]);
});

testWith(
  ["read"],
  "reporterFor draws on terminals that can move their cursor, and nowhere else",
  async () => {
    const drawn = async (surroundings: Surroundings, telling: Partial<typeof LOUD> = {}) => {
      const console = new FakeConsole(surroundings);
      const reporter = await reporterFor(console, { ...LOUD, ...telling });
      const report = reporter.transfer("a");
      reporter.interrupting();
      report.stop();
      reporter.close();
      return console.errorText;
    };
    const text = "Interrupting ... (Ctrl-C again ends at once)";
    const terminal = { errTerminal: true };
    const seen = await drawn(terminal);
    assert(seen.startsWith(`\r\x1b[?7l${text}\x1b[K\r\x1b[?7h`) && seen.endsWith("\r\x1b[J"));
    assertEquals(await drawn({ ...terminal, variables: { TERM: "dumb" } }), `${text}\n`);
    assertEquals(await drawn({ ...terminal, outTerminal: true }, { json: true }), "");
    assertEquals(await drawn(terminal, { quiet: true }), "");
    assertEquals(await drawn({}), "");
  },
);
