/** Tests of bench/flags.ts. @module */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type BenchFlags, helpText, parseFlags, TABLE } from "../../bench/flags.ts";
import { SCENARIOS } from "../../bench/scenarios/mod.ts";
import { UsageError } from "../../client/cli/flags.ts";

function understood(...args: string[]): BenchFlags {
  const parsed = parseFlags(args);
  assert(parsed.kind === "run", `not understood: ${JSON.stringify(parsed)}`);
  return parsed.flags;
}

Deno.test("parseFlags without flags measures every model in every scenario, at least 9 times", () => {
  const flags = understood();
  assertEquals(flags.models.map((subject) => subject.id), [
    "blocking-8",
    "blocking-64",
    "polling-0",
    "polling-1",
    "polling-10",
    "select",
    "select-wide",
    "poll",
    "epoll",
    "epoll-edge",
    "async",
    "uring",
  ]);
  assertEquals(flags.scenarios.map(({ id }) => id), [
    "control",
    "idle",
    "asleep",
    "logins",
    "burst",
    "small",
    "uploads",
    "large",
    "slow",
    "mixed",
    "turns",
    "disk",
    "wakeups",
  ]);
  assertEquals(
    [flags.repeats, flags.peers, flags.count, flags.out, flags.budgetMs, flags.sizes.large],
    [11, false, false, undefined, undefined, 2 ** 30],
  );
});

Deno.test("parseFlags --quick keeps within a minute, with fewer points and scenarios", () => {
  for (const flags of [understood("--quick"), understood("--quick", "--repeats", "50")]) {
    assert(flags.budgetMs! + flags.stallMs < 60_000);
    assert(flags.scenarios.every(({ id }) => id !== "turns"));
    for (const { points } of flags.scenarios) assert(points.length > 0);
  }
  const all = (flags: BenchFlags) => flags.scenarios.flatMap(({ points }) => points).length;
  assert(all(understood("--quick")) < all(understood()));
});

Deno.test("parseFlags --models takes ids and models, in the order of the report", () => {
  const ids = (value: string) => understood("--models", value).models.map(({ id }) => id);
  assertEquals(ids("async,blocking"), ["blocking-8", "blocking-64", "async"]);
  const multiplex = ["select", "select-wide", "poll", "epoll", "epoll-edge"];
  assertEquals(ids("multiplex"), multiplex);
  assertEquals(ids("epoll,multiplex"), multiplex);
});

Deno.test("parseFlags --workers reaches every model but the pools of blocking", () => {
  for (const { id, flags } of understood("--workers", "2").models) {
    const expected = id.startsWith("blocking-") ? id.slice("blocking-".length) : "2";
    assertEquals(flags[flags.indexOf("--workers") + 1], expected, id);
  }
});

Deno.test("parseFlags --workers with several numbers makes a subject of each", () => {
  const of = (...args: string[]) =>
    understood("--workers", "1,2,4", ...args).models.map(({ id, flags }) => [
      id,
      flags[flags.indexOf("--workers") + 1],
    ]);
  assertEquals(of("--models", "epoll,blocking"), [
    ["blocking-8", "8"],
    ["blocking-8@1", "1"],
    ["blocking-64", "64"],
    ["blocking-64@1", "1"],
    ["epoll", "1"],
    ["epoll@2", "2"],
    ["epoll@4", "4"],
  ]);
  assertEquals(of("--models", "uring@4"), [["uring@4", "4"]]);
  const [pool] = understood("--workers", "1,2", "--models", "blocking-8@1").models;
  assertEquals([pool!.title, pool!.sessionsMax, pool!.flags.at(-1)], [
    "blocking (1 to 8 threads)",
    8,
    "8",
  ]);
});

Deno.test("parseFlags takes numbers, a file, peers and their folders", () => {
  const flags = understood("--repeats", "3", "--seconds=0.5", "--out", "o.jsonl", "--seed", "9");
  assertEquals([flags.repeats, flags.seconds, flags.out, flags.seed, flags.peers], [
    3,
    0.5,
    "o.jsonl",
    9,
    false,
  ]);
  const peers = understood("--peers-root", "/a", "--peers-root", "/b", "--count");
  assertEquals([peers.peers, peers.peersRoots, peers.count], [true, ["/a", "/b"], true]);
});

Deno.test("parseFlags report takes one file", () => {
  assertEquals(parseFlags(["report", "a.jsonl"]), { kind: "report", file: "a.jsonl" });
  assertEquals(parseFlags(["report", "a", "PAGE"]), { kind: "report", file: "a", page: "PAGE" });
});

Deno.test("parseFlags resume takes the file of a run, and nothing else", () => {
  assertEquals(parseFlags(["resume", "a"]), { kind: "resume", file: "a" });
});

Deno.test("parseFlags --points headline keeps what scenarios are judged by, and what it needs", () => {
  for (const scenario of understood("--points", "headline").scenarios) {
    const ids = scenario.points.map(({ id }) => id);
    const { headline, further = [], points } = SCENARIOS.find(({ id }) => id === scenario.id)!;
    for (const { point } of [headline, ...further]) assert(ids.includes(point), point);
    assertEquals(ids, points.map(({ id }) => id).filter((id) => ids.includes(id)));
    if (scenario.points.some(({ ofCapacity }) => ofCapacity)) {
      assert(scenario.points.some(({ findsCapacity }) => findsCapacity));
    }
  }
  // Memory per session is a slope over at least two points.
  const asleep = understood("--points", "headline").scenarios.find(({ id }) => id === "asleep")!;
  assert(asleep.points.length > 1);
  const all = understood("--points", "all").scenarios;
  assertEquals(all.map(({ points }) => points), understood().scenarios.map(({ points }) => points));
});

Deno.test("parseFlags compare takes two files", () => {
  assertEquals(parseFlags(["compare", "a", "b"]), { kind: "compare", files: ["a", "b"] });
});

Deno.test("parseFlags join takes the run that it makes, and two files or more", () => {
  assertEquals(parseFlags(["join", "o", "a", "b"]), { kind: "join", out: "o", files: ["a", "b"] });
  assertEquals(parseFlags(["join", "o", "a", "b", "c"]), {
    kind: "join",
    out: "o",
    files: ["a", "b", "c"],
  });
});

Deno.test("parseFlags tells in one line what is wrong", () => {
  const cases: [string[], RegExp][] = [
    [["--modles", "async"], /^Unknown flag "--modles": did you mean --models\? bench --help/],
    [["async"], /^Unknown argument "async"/],
    [["--models", "fork"], /^--models takes names of blocking-8, .*, not "fork"$/],
    [["--models="], /^--models takes A,B$/],
    [["--models"], /^--models takes A,B$/],
    [["--scenarios", "logins,nap"], /^--scenarios takes names of control, .*, not "nap"$/],
    [["--quick", "--scenarios", "turns"], /^--quick has no time for the scenario turns$/],
    [["--repeats", "0"], /^--repeats takes a whole number from 1 to \d+, not "0"$/],
    [["--repeats", "1.5"], /^--repeats /],
    [["--repeats", "many"], /^--repeats /],
    [["--seconds", "0"], /^--seconds takes seconds over 0, up to \d+, not "0"$/],
    [["--seconds=-1"], /^--seconds /],
    [["--seconds", "1e9"], /^--seconds /],
    [["--workers", "0"], /^--workers takes a whole number from 1 to \d+, or several, not "0"$/],
    [["--workers", "1,,4"], /^--workers takes .*, not "1,,4"$/],
    [["--models", "epoll@2"], /^--models takes names of /],
    [["--pin", "--workers", "2"], /^--pin keeps a server on one processor: it takes --workers 1$/],
    [["--quota", "0.1"], /^--quota takes a share from 0.2 to 1, not "0.1"$/],
    [["--quota", "2"], /^--quota takes /],
    [["--seed", "x"], /^--seed /],
    [["--seed", "-1"], /^--seed takes .*not "-1"$/],
    [["--out"], /^--out takes FILE$/],
    [["--points", "some"], /^--points takes /],
    [["resume"], /^resume takes the FILE of a run$/],
    [["resume", "a", "b"], /^resume takes the FILE of a run$/],
    [["report"], /^report takes the FILE of a run$/],
    [["report", "a", "b", "c"], /^Unknown argument "c": report takes one FILE, and a page$/],
    [["compare", "a"], /^compare takes the FILEs of two runs$/],
    [["compare", "a", "b", "c"], /^compare takes /],
    [["join"], /^join takes the name of the run that it makes and the FILEs of two or more$/],
    [["join", "o", "a"], /^join takes the name of the run that it makes and the FILEs /],
  ];
  for (const [args, expected] of cases) {
    const { message } = assertThrows(() => parseFlags(args), UsageError);
    assertMatch(message, expected);
    assertEquals(message.includes("\n"), false);
  }
});

Deno.test("helpText names every flag and fits 80 columns", () => {
  assertEquals(parseFlags(["--help"]), { kind: "help" });
  for (const name of Object.keys(TABLE)) {
    assertMatch(helpText(), new RegExp(`^ {2}--${name}\\b(?!-)`, "m"));
  }
  for (const line of helpText().split("\n")) assert(line.length <= 80, line);
});
