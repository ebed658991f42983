/**
 * The one parser of command lines, whatever the command: what stands for what, what is refused and
 * in which words, what is meant by a slip, and how help texts are laid out.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { helpText as benchHelp } from "../../bench/flags.ts";
import { GRAMMAR, letterWith } from "../../client/cli/arguments.ts";
import {
  closest,
  type CommandLine,
  helpForVerb,
  readFlags,
  renderHelp,
  UsageError,
  wrap,
} from "../../client/cli/flags.ts";
import { HELP_FLAG } from "../../client/cli/help.ts";
import { helpText as serveHelp } from "../../models/serve/flags.ts";

const LINE = {
  command: "go",
  usage: ["go [FLAGS] WHERE", "go home"],
  about: "Goes somewhere, and says so.",
  topics: [{ title: "Places", rows: [["here", "no distance"], ["there", "some"]] }],
  flags: {
    speed: { value: "N", initial: "5", help: "how fast" },
    pass: { value: "NAME:PASSWORD", secret: true, repeats: true, help: "who goes" },
    way: { value: "NAME", otherwise: "any", help: "on which way" },
    "dry-run": { letter: "n", help: "does not go" },
    quiet: { letter: "q", help: "says nothing" },
  },
  operands: true,
  exits: [["0", "arrived"]],
  notes: ["A note."],
} as const satisfies CommandLine;

function read(...args: string[]) {
  return readFlags<keyof typeof LINE.flags>(LINE, args);
}

function refusal(...args: string[]): string {
  const { message } = assertThrows(() => {
    const flags = read(...args);
    flags.whole("speed", -10, 10);
    flags.all("pass");
    flags.oneOf("way", ["road", "rail"], undefined);
  }, UsageError);
  assertEquals(message.split("\n").length, 1);
  return message;
}

Deno.test("readFlags takes a value behind a space or =, and the last one of several", () => {
  for (const args of [["--speed", "7"], ["--speed=7"], ["--speed", "1", "--speed=7"]]) {
    assertEquals(read(...args).whole("speed", 0, 10), 7);
  }
  assertEquals(read("--way", "a=b=c").text("way"), "a=b=c");
  assertEquals(read().whole("speed", 0, 10), 5);
  assertEquals(read().text("way"), undefined);
  assertEquals(read("--pass", "a:b", "--pass=c:=d").all("pass"), ["a:b", "c:=d"]);
  assertEquals(read().all("pass"), []);
});

Deno.test("readFlags takes negative numbers behind a space", () => {
  assertEquals(read("--speed", "-1").whole("speed", -10, 10), -1);
  assertEquals(read("--speed", "-.5").number("speed", { unit: "m", low: -1, high: 1 }), -0.5);
});

Deno.test("readFlags takes switches by name and by letters, and nothing of what follows them", () => {
  const flags = read("-nq", "true");
  assertEquals([flags.has("dry-run"), flags.has("quiet"), flags.operands], [true, true, ["true"]]);
  assertEquals(read("--quiet", "false").operands, ["false"]);
  assertEquals([read("--quiet=false").has("quiet"), read("--quiet=true").has("quiet")], [
    false,
    true,
  ]);
  assertEquals(read("--", "-n", "--speed").operands, ["-n", "--speed"]);
  assertEquals(read("0012", "-", "1e3").operands, ["0012", "-", "1e3"]);
});

Deno.test("the words of flags mean what was given", () => {
  const words = read("here", "-qn", "--pass", "a:b", "--pass=-c", "--speed", "-1", "x").words();
  assertEquals(words.toSorted(), ["--dry-run", "--pass=-c", "--pass=a:b", "--quiet", "--speed=-1"]);
  const again = read(...words);
  assertEquals([again.all("pass"), again.words(), again.operands], [["a:b", "-c"], words, []]);
});

Deno.test("readFlags answers --help and -h before it complains", () => {
  for (const args of [["-h"], ["--help"], ["--bogus", "--help"], ["--speed", "x", "-qh"]]) {
    assert(read(...args).has("help"));
  }
  assert(!read("--", "--help").has("help"));
});

Deno.test("readFlags says in one line what a flag takes and what was given", () => {
  assertEquals(refusal("--speed", "x"), '--speed takes a whole number from -10 to 10, not "x"');
  for (const given of ["1.5", "11", "0x5", "1e1e1", " 5", "Infinity", "5 "]) {
    assertMatch(refusal("--speed", given), /^--speed takes .*, not "/);
  }
  assertEquals(refusal("--speed"), "--speed takes a whole number from -10 to 10");
  assertEquals(refusal("--speed", "--quiet"), "--speed takes a whole number from -10 to 10");
  assertEquals(refusal("--speed="), "--speed takes a whole number from -10 to 10");
  assertEquals(refusal("--way", "sea"), '--way takes road, rail, not "sea"');
  assertEquals(refusal("--way", "\x1b[2J\n"), '--way takes road, rail, not "\\x1b[2J\\n"');
  assertEquals(refusal("--quiet=very"), "--quiet takes no value");
  assertEquals(refusal("--pass="), "--pass takes NAME:PASSWORD");
});

Deno.test("readFlags names what was probably meant by an unknown flag", () => {
  const asks = (given: string, meant: string) =>
    assertEquals(
      refusal(given),
      `Unknown flag "${given.split("=")[0]}": did you mean --${meant}? go --help lists the flags`,
    );
  asks("--sped", "speed");
  asks("--psas=1", "pass");
  asks("--dry", "dry-run");
  asks("-speed", "speed");
  for (const given of ["--bogus", "-x", "--no-quiet", "--__proto__", "--constructor", "--a.b"]) {
    assertEquals(refusal(given), `Unknown flag "${given}": go --help lists the flags`);
  }
  assertMatch(refusal(`--${"x".repeat(10_000)}`), /^Unknown flag "--x+": go --help/);
});

Deno.test("readFlags repeats no password, wherever it was typed", () => {
  const strict = { ...LINE, operands: false };
  for (
    const args of [
      ["--pas", "ada:secret"],
      ["--psas=ada:secret"],
      ["--pass:ada:secret"],
      ["-pada:secret"],
      ["ada:secret"],
      ["--pass", "a:b", "ada:secret"],
      ["--", "ada:secret"],
    ]
  ) {
    const { message } = assertThrows(() => readFlags(strict, args), UsageError);
    assert(!message.includes("secret"), message);
  }
  const flags = read("--pass", "secret");
  assertEquals(flags.wrong("pass", "NAME:PASSWORD").message, "--pass takes NAME:PASSWORD");
});

Deno.test("closest finds slips, and nothing where nothing is near", () => {
  const names = ["serve", "client", "bench", "lab", "passive-ports", "port"];
  const pairs = { srve: "serve", clinet: "client", passive: "passive-ports", prot: "port" };
  for (const [given, meant] of Object.entries(pairs)) assertEquals(closest(given, names), meant);
  for (const given of ["dance", "", "s", "x".repeat(1_000)]) {
    assertEquals(closest(given, names), undefined, given);
  }
});

Deno.test("renderHelp lays out usage, topics, flags, exits and notes", () => {
  assertEquals(
    renderHelp(LINE),
    `Usage: deno task go [FLAGS] WHERE
       deno task go home

Goes somewhere, and says so.

Places:
  here   no distance
  there  some

Flags:
      --speed N             how fast (5)
      --pass NAME:PASSWORD  who goes
      --way NAME            on which way (any)
  -n, --dry-run             does not go
  -q, --quiet               says nothing
  -h, --help                prints this

Exit statuses:
  0  arrived

A note.`,
  );
});

Deno.test("renderHelp looks alike for every command, and fits every terminal", () => {
  const about = { usage: ["client"], about: "Fetches.", exits: [["0", "done"]] } as const;
  const client = (columns: number) => renderHelp({ ...GRAMMAR, ...about }, columns);
  for (const help of [serveHelp, benchHelp, client]) {
    for (const columns of [1_000, 80, 79, 50, 40, 1]) {
      const text = help(columns);
      const most = Math.max(40, Math.min(80, columns));
      for (const line of text.split("\n")) assert(line.length <= most, line);
      assertMatch(text, /^Usage: deno task \w+.*\n(?: {7}.*\n)*\n\S/);
      assertMatch(text, /\n\nFlags:\n {2}.*--\w/);
      assertMatch(text, /\n\nExit statuses:\n {2}0 +\w/);
    }
  }
});

Deno.test("wrap keeps to the width, and long words whole", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("a verylongword b", 5), ["a", "verylongword", "b"]);
  assertEquals(wrap("", 5), [""]);
});

Deno.test("helpForVerb leaves out what is about other verbs", () => {
  const help = "get, put: octets; ls: entries (-e)";
  assertEquals(helpForVerb(help, "put"), "octets");
  assertEquals(helpForVerb(help, "ls"), "entries");
  assertEquals(
    helpForVerb("get: with -c, again; get: - is stdout", "get"),
    "with -c, again; - is stdout",
  );
  assertEquals(helpForVerb("its port", "ls"), "its port");
});

Deno.test("letterWith is the usual letter, unless the verb has it for another flag", () => {
  const { flags } = GRAMMAR;
  const shown = ["ls", "rm", "get"].map((verb) => letterWith(verb, "recursive", flags.recursive));
  assertEquals(shown, ["R", "r", "r"]);
  assertEquals(letterWith("ls", "reverse", flags.reverse), "r");
  assertEquals(letterWith("mirror", "dry-run", flags["dry-run"]), undefined);
  assertEquals(["ls", "rm"].map((verb) => letterWith(verb, "help", HELP_FLAG)), [undefined, "h"]);
});
