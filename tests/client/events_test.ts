/**
 * What --json says, one event a line, and that it is what happened.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventLine, EventReporter } from "../../client/cli/events.ts";
import { LineReporter } from "../../client/cli/lines.ts";
import { EXIT } from "../../client/cli/mod.ts";
import { PlainScreen } from "../../client/cli/screen.ts";
import { ConnectionError, LocalError, ProtocolError } from "../../client/mod.ts";
import { FakeConsole } from "./fake_console.ts";
import { octets, served } from "./stage.ts";

const LOUD = { quiet: false, verbose: false, trace: false, json: true };

const parse = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("events tell a transfer from start to end, progress once a second, then a sum", () => {
  const console = new FakeConsole();
  let now = 0;
  const lines = new LineReporter(new PlainScreen(console, false), LOUD, () => now);
  const reporter = new EventReporter(lines, console, () => now);
  const name = "a\n\u202e\u061c\udce9.avi";
  const report = reporter.transfer(name);
  report.start(100, 1000);
  for (let step = 1; step <= 25; step++) {
    now = 100 * step;
    report.update(36 * step);
  }
  report.finish();
  report.stop();
  const other = reporter.transfer("b");
  other.start(0, undefined);
  reporter.retry({ reason: "No reply", attempt: 2, attemptsMax: 5, waitMs: 1500 });
  other.stop();
  reporter.transfer("c").skip("already complete");
  reporter.close();
  assertEquals(parse(console.outputText), [
    { event: "start", name, offset: 100, total: 1000 },
    { event: "progress", name, octets: 460, total: 1000 },
    { event: "progress", name, octets: 820, total: 1000 },
    { event: "end", name, result: "complete", octets: 900, total: 1000, seconds: 2.5 },
    { event: "start", name: "b", offset: 0, total: null },
    { event: "retry", message: "No reply", attempt: 2, seconds: 1.5 },
    { event: "end", name: "b", result: "stopped", octets: 0, total: null, seconds: 0 },
    { event: "end", name: "c", result: "skipped", octets: 0, total: null, seconds: 0 },
    { event: "summary", files: 2, skipped: 1, stopped: 1, octets: 900, seconds: 2.5 },
  ]);
  // People read on as ever, on the other stream.
  assertMatch(console.errorText, /^a\\n.*: 900 B in 2\.5 s .*\n.*trying again.*\nc: already/);
});

Deno.test("events of errors have a kind, a code and a status", () => {
  const console = new FakeConsole();
  const reporter = new EventReporter(
    new LineReporter(new PlainScreen(console, false), LOUD),
    console,
  );
  reporter.failed(new LocalError("Cannot write"), 5);
  reporter.failed(new ProtocolError("Cannot get", { code: 550, lines: ["No"] }));
  const lost = { kind: "transient", reply: { code: 421, lines: ["Bye"] } } as const;
  reporter.failed(new ConnectionError("Lost", lost));
  reporter.failed(new ConnectionError("Lost"));
  const events = parse(console.outputText);
  assertEquals(events[0], {
    event: "error",
    kind: "LocalError",
    code: null,
    message: "Cannot write",
    status: 5,
  });
  assertEquals([events[1].code, events[1].message, events[1].status], [
    550,
    "Cannot get: 550 No",
    null,
  ]);
  assertEquals([events[2].kind, events[2].code, events[3].code], ["transient", 421, null]);
  assertEquals(console.errorText, "Cannot write\nCannot get: 550 No\nLost\nLost\n");
});

Deno.test("an event holds nothing that a terminal would obey", () => {
  const message = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join("");
  const line = eventLine({ event: "note", message });
  // deno-lint-ignore no-control-regex -- it is control characters that must be absent
  assert(!/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(line));
  assertEquals(JSON.parse(line).message, message);
});

served("get --json tells a program and leaves people their line", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeFile(`${root}/a.avi`, octets(300_000));
  const { status, output, error } = await client(["get", "--json", "a.avi", "-o", `${here}/a.avi`]);
  assertEquals(status, EXIT.ok);
  const events = parse(output);
  assertEquals(events.map(({ event }) => event), ["start", "end", "summary"]);
  assertEquals([events[1].result, events[1].octets, events[1].total], [
    "complete",
    300_000,
    300_000,
  ]);
  assertMatch(error, /^a\.avi: 293\.0 KiB in /);
});

served("ls --json and stat --json write entries", async ({ root, client }) => {
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.mkdir(`${root}/films`);
  const { status, output, error } = await client(["ls", "--json"]);
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(parse(output).map(({ event, name, kind, size }) => [event, name, kind, size]), [
    ["entry", "a", "file", 5],
    ["entry", "films", "directory", parse(output)[1].size],
  ]);
  const inside = await client(["ls", "--json", "films", "a"]);
  assertEquals(parse(inside.output).map(({ directory, name }) => [directory, name]), [[null, "a"]]);
  const told = await client(["stat", "--json", "a"]);
  assertEquals(parse(told.output).map(({ name, kind }) => [name, kind]), [["a", "file"]]);
});

served("get -v tells of the connection, get --json of every operand that fails", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "1");
  const { error } = await client(["get", "-v", "a", "-O", here]);
  assertMatch(
    error,
    /^Connecting to 127.*\.\.\.\nConnected and logged in: 220 .*\nFeatures: .*MLST.*\na: 1 B in .*\n$/,
  );
  const { output, status } = await client(["get", "--json", "x", "a", "y", "-O", here]);
  assertEquals(status, EXIT.refused);
  const events = parse(output);
  assertEquals(events.map(({ event }) => event), [
    "end",
    "error",
    "start",
    "end",
    "end",
    "error",
    "summary",
    "error",
  ]);
  assertEquals([events[1].status, events.at(-1).status], [null, EXIT.refused]);
});

served("--trace shows every line with its time, and no password", async ({ client }) => {
  const surroundings = { variables: { FTPLAB_PASSWORD: "secret" } };
  const { error } = await client(["--trace", "--user", "anonymous", "mkdir", "a"], surroundings);
  const lines = error.trimEnd().split("\n");
  for (const line of lines) assertMatch(line, /^ +\d+\.\d{3} [<>] /);
  const said = lines.map((line) => line.slice(9));
  const login = said.slice(1, 5).map((line) => line.slice(0, 6));
  assertEquals(login, ["> USER", "< 331 ", "> PASS", "< 230 "]);
  assertEquals(said[3], "> PASS ****");
  assert(said.includes("> MKD a"));
  assert(!error.includes("secret"), error);
});

served("a failure is the last event, with the exit status", async ({ here, client }) => {
  const { status, output } = await client(["get", "--json", "no", "-o", `${here}/no`]);
  assertEquals(status, EXIT.refused);
  const { event, code, status: told } = parse(output).at(-1);
  assertEquals([event, code, told], ["error", 550, EXIT.refused]);
});

served("a reader of events that goes away ends the run", async ({ root, here, client }) => {
  await Deno.writeFile(`${root}/a`, octets(1_000));
  const surroundings = { outputBytes: 10 };
  const { status } = await client(["get", "--json", "a", "-o", `${here}/a`], surroundings);
  assertEquals(status, EXIT.outputClosed);
});

served("--json is refused where the verb writes octets itself", async ({ root, client }) => {
  await Deno.writeTextFile(`${root}/a`, "1");
  const { status, error } = await client(["cat", "--json", "a"]);
  assertEquals(status, EXIT.usage);
  assertMatch(error, /^--json writes to standard output, as cat does\n$/);
});
