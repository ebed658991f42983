/** Tests of bench/flags.ts. @module */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type BenchFlags, HELP, parseFlags } from "../../bench/flags.ts";

function understood(...args: string[]): BenchFlags {
  const parsed = parseFlags(args);
  assert(parsed.kind === "run", `not understood: ${JSON.stringify(parsed)}`);
  return parsed.flags;
}

Deno.test("parseFlags without flags measures every model in every scenario, at least 7 times", () => {
  const flags = understood();
  assertEquals(flags.models.map((subject) => subject.id), [
    "blocking",
    "polling",
    "select",
    "poll",
    "epoll",
    "epoll-edge",
    "async",
  ]);
  assertEquals(flags.scenarios.map(({ id }) => id), ["logins", "small", "download", "upload"]);
  assertEquals([flags.repeats >= 7, flags.peers, flags.json, flags.budgetMs], [
    true,
    false,
    undefined,
    undefined,
  ]);
});

Deno.test("parseFlags --quick keeps within a minute, also with repeats of one's own", () => {
  for (const flags of [understood("--quick"), understood("--quick", "--repeats", "50")]) {
    assert(flags.budgetMs! + flags.stallMs < 60_000);
  }
});

Deno.test("parseFlags --models takes ids and models, in the order of the report", () => {
  const ids = (value: string) => understood("--models", value).models.map(({ id }) => id);
  assertEquals(ids("async,blocking"), ["blocking", "async"]);
  assertEquals(ids("multiplex"), ["select", "poll", "epoll", "epoll-edge"]);
  assertEquals(ids("epoll,multiplex"), ["select", "poll", "epoll", "epoll-edge"]);
});

Deno.test("parseFlags takes numbers, a file and peers", () => {
  const flags = understood("--repeats", "3", "--seconds=0.5", "--json", "out.json", "--peers");
  assertEquals([flags.repeats, flags.measureMs, flags.json, flags.peers], [
    3,
    500,
    "out.json",
    true,
  ]);
});

Deno.test("parseFlags tells in one line what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [["--modles", "async"], /^Unknown argument "--modles"/],
    [["async"], /^Unknown argument "async"/],
    [["--models", "fork"], /^--models takes names of blocking, .*, not "fork"$/],
    [["--models="], /^--models takes one value$/],
    [["--models"], /^--models takes one value$/],
    [["--scenarios", "logins,nap"], /^--scenarios takes names of logins, .*, not "nap"$/],
    [["--repeats", "0"], /^--repeats takes a number from 1 to \d+, not "0"$/],
    [["--repeats", "1.5"], /^--repeats /],
    [["--repeats", "many"], /^--repeats /],
    [["--seconds", "0"], /^--seconds takes a number up to \d+, not "0"$/],
    [["--seconds=-1"], /^--seconds /],
    [["--seconds", "1e9"], /^--seconds /],
    [["--json"], /^--json takes one value$/],
  ];
  for (const [args, expected] of cases) {
    const parsed = parseFlags(args);
    assert(parsed.kind === "wrong", `accepted: ${args}`);
    assertMatch(parsed.message, expected);
    assertEquals(parsed.message.includes("\n"), false);
  }
});

Deno.test("HELP names every flag and fits 100 columns", () => {
  assertEquals(parseFlags(["--help"]), { kind: "help" });
  for (const flag of ["quick", "models", "scenarios", "repeats", "seconds", "peers", "json"]) {
    assert(HELP.includes(`--${flag}`));
  }
  for (const line of HELP.split("\n")) assert(line.length <= 100, line);
});
