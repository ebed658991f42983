/** Tests of bench/report/parse.ts: what is read of a run, and what is refused. @module */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { CellRecord, HeaderRecord } from "../../bench/record.ts";
import { parseRun, renderTerminal, RunError } from "../../bench/report/mod.ts";
import { fixtureRecords, fixtureText } from "./fixture_run.ts";

const SMALL = { scenarios: ["logins" as const], subjects: ["epoll", "poll"], repeats: 1 };

/** A header, and a cell of it. */
const [header, cell] = fixtureRecords(SMALL) as [HeaderRecord, CellRecord];

/** A line each; what is text already stays as it is. */
function lines(...records: readonly unknown[]): string {
  return records.map((record) =>
    (typeof record === "string" ? record : JSON.stringify(record)) + "\n"
  ).join("");
}

/** Each text is refused with its message. */
function assertRefused(cases: readonly (readonly [text: string, message: string])[]): void {
  for (const [text, message] of cases) {
    const error = assertThrows(() => parseRun(text), RunError);
    assertEquals(error.message, message);
  }
}

Deno.test("parseRun reads header, cells and end, and keeps the notes", () => {
  const text = fixtureText();
  const run = parseRun(text, "runs/example.jsonl");
  assertEquals(run.header.subjects.length, 16);
  assertEquals(run.cells.length + run.ceilings.length, text.split("\n").length - 3);
  assertEquals([run.end?.kind, run.file], ["end", "runs/example.jsonl"]);
  assertEquals(run.notes, ["bftpd is left out: bftpd is not installed"]);
});

Deno.test("parseRun forgives a last line that is cut off, at whatever octet, and says so", () => {
  const text = fixtureText(SMALL);
  const first = text.indexOf("\n") + 1;
  const last = text.lastIndexOf("\n", text.length - 2) + 1;
  for (let length = first; length < last; length += 97) {
    const run = parseRun(text.slice(0, length));
    const whole = text.slice(0, length).split("\n").length - 2;
    assert(run.cells.length === whole || run.cells.length === whole + 1);
    assert(run.notes.some((note) => note.includes("no end")));
    const cut = run.notes.some((note) => note.includes("cut off"));
    assertEquals(cut, run.cells.length === whole && text[length - 1] !== "\n");
    assertStringIncludes(renderTerminal(run), "no end");
  }
});

Deno.test("parseRun says in one line what is wrong, and where", () => {
  const { groups: _groups, ...bare } = cell;
  assertRefused([
    ["", "Cannot read a run from an empty file"],
    ["{", "Cannot read line 1: it is not JSON"],
    [lines(header, "{oops", cell), "Cannot read line 2: it is not JSON"],
    [lines(header, "[1]"), "Cannot read line 2: it is not a record"],
    [lines(cell), "Cannot read line 1: there is no header before it"],
    [lines(header, header), "Cannot read line 2: a second header"],
    [lines({ ...header, format: 1 }), "Cannot read line 1: format 1, this reads 2 and 3"],
    [lines({ ...header, seed: "7" }), 'Cannot read line 1: "seed" is no number'],
    [lines(header, { kind: "toString" }), 'Cannot read line 2: unknown kind "toString"'],
    [lines(header, bare), 'Cannot read line 2: "groups" is no object'],
    [lines(header, { ...cell, subject: "x\ny" }), 'Cannot read line 2: unknown subject "x\\ny"'],
    [lines(header, { ...cell, scenario: "tea" }), 'Cannot read line 2: unknown scenario "tea"'],
    [
      lines(header, { ...cell, groups: { main: { clients: 1 } } }),
      'Cannot read line 2: group "main": "unserved" is no number',
    ],
  ]);
});

/** What a page would write as it is, were it taken for a field of the report's own. */
const TILE = {
  tile: { plain: "", glyph: "", detail: "", expected: "", said: "", tone: '"><script>1</script>' },
};

Deno.test("parseRun takes nothing but text for what a report shows as text", () => {
  const place = { scenario: "logins", subject: "epoll", point: "clients=16" };
  const count = { kind: "count", ...place, operations: 1, calls: {} };
  const resume = { kind: "resume", startedAt: "", block: 1, dropped: 0, before: header.before };
  const { machine } = header;
  const ceilings = [{ scenario: "logins", note: "" }, { scenario: "logins", note: TILE }];
  assertRefused([
    [lines(header, { ...cell, failure: TILE }), 'Cannot read line 2: "failure" is no string'],
    [lines(header, { ...cell, unable: TILE }), 'Cannot read line 2: "unable" is no string'],
    [lines(header, { ...cell, unable: null }), 'Cannot read line 2: "unable" is no string'],
    [lines(header, { ...cell, command: [1] }), 'Cannot read line 2: "command[0]" is no string'],
    [lines(header, { ...count, failure: TILE }), 'Cannot read line 2: "failure" is no string'],
    [lines({ ...header, notes: ["", TILE] }), 'Cannot read line 1: "notes[1]" is no string'],
    [lines({ ...header, notes: "" }), 'Cannot read line 1: "notes" is no array'],
    [lines({ ...header, ceilings }), 'Cannot read line 1: "ceilings[1].note" is no string'],
    [
      lines({ ...header, machine: { ...machine, kernel: TILE } }),
      'Cannot read line 1: "machine.kernel" is no string',
    ],
    [
      lines({ ...header, machine: { ...machine, interruptsApart: "yes" } }),
      'Cannot read line 1: "machine.interruptsApart" is no boolean',
    ],
    [
      lines(header, { ...resume, machine: { ...machine, deno: TILE } }),
      'Cannot read line 2: "machine.deno" is no string',
    ],
    [
      lines(header, { kind: "end", after: header.before, incomplete: TILE }),
      'Cannot read line 2: "incomplete" is no string',
    ],
  ]);
});

Deno.test("parseRun takes no header whose subjects and machine a report could not read", () => {
  const [subject] = header.subjects;
  assertRefused([
    [lines({ ...header, subjects: [null] }), 'Cannot read line 1: "subjects[0]" is no object'],
    [
      lines({ ...header, subjects: [subject, { ...subject, flags: {} }] }),
      'Cannot read line 1: "subjects[1].flags" is no array',
    ],
    [lines({ ...header, machine: {} }), 'Cannot read line 1: "machine.processor" is no string'],
    [lines({ ...header, before: {} }), 'Cannot read line 1: "before.load" is no array'],
    [lines({ ...header, args: [null] }), 'Cannot read line 1: "args[0]" is no string'],
  ]);
});

Deno.test("parseRun shows nothing of a file that could steer a terminal", () => {
  assertRefused([[
    lines(header, { kind: "\x1b[2J\x7f\x9b2J" }),
    'Cannot read line 2: unknown kind "\\u001b[2J\\u007f\\u009b2J"',
  ]]);
});
