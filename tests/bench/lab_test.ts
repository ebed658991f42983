/**
 * `deno task lab`: the register, the command line, what is shown and how wide.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Finding, type Lesson, LessonError } from "../../bench/lab/lesson.ts";
import { carryOut, LESSONS } from "../../bench/lab/mod.ts";
import {
  type Outcome,
  renderJson,
  renderList,
  renderMeasured,
  renderOpening,
  renderOutcome,
  renderSummary,
} from "../../bench/lab/show.ts";
import { Child } from "../child.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

const ROOT = new URL("../../", import.meta.url);

const FINDING: Finding = {
  measured: [{ name: "wake-ups", value: 12_345 }, { name: "wait", value: 0.5678, unit: "ms" }],
  verdict: "confirmed",
  reason: "as was to be expected",
};

function lessonOf(run: Lesson["run"], unavailable?: string): Lesson {
  return {
    name: "a-lesson",
    title: "a title",
    claim: "It is so.",
    plan: "Look.",
    rule: "confirmed when it is so",
    refutedIf: "it is not",
    code: [],
    unavailable: () => unavailable,
    run,
  };
}

function stage(signal = new AbortController().signal) {
  return { size: "small", say() {}, signal } as const;
}

Deno.test("LESSONS have names of their own, in words with hyphens, and say all they must", () => {
  assertEquals(new Set(LESSONS.map(({ name }) => name)).size, LESSONS.length);
  for (const { name, title, claim, plan, rule, refutedIf, code } of LESSONS) {
    assertMatch(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [title, claim, plan, refutedIf]) assert(text !== "", name);
    assertMatch(rule, /^confirmed when /, name);
    assert(code.length > 0, name);
  }
});

Deno.test("LESSONS say what would refute them, and an input or a kernel that does", () => {
  for (const { name, refutedIf } of LESSONS) assertMatch(refutedIf, /, (as|which is what) /, name);
});

/** How a function or a method of that name begins where it is defined. */
function definition(name: string): RegExp {
  return new RegExp(`^ *((export|async|override|protected|function) )*${name}[(<]`, "m");
}

testWith(["read"], "LESSONS point to files that exist, and to what is defined in them", () => {
  for (const { name, code } of LESSONS) {
    for (const place of code) {
      const [path, what = ""] = place.split(/: (.*)/s);
      if (path!.endsWith("/")) {
        assert(Deno.statSync(new URL(path!, ROOT)).isDirectory, `${name}: ${place}`);
        continue;
      }
      const text = Deno.readTextFileSync(new URL(path!, ROOT));
      for (const [, called] of what.matchAll(/(#?\w+)\(\)/g)) {
        assertMatch(text, definition(called!), `${name}: ${place}`);
      }
    }
  }
});

Deno.test("renderMeasured aligns figures, and breaks what does not fit", () => {
  const [count, quantity] = renderMeasured(FINDING.measured, 50);
  assertEquals(count, "wake-ups  12,345");
  assertEquals(quantity, "wait       0.568 ms");
  const words = [{ name: "a name of some length", value: "words that do not fit beside it" }];
  for (const line of renderMeasured(words, 30)) assert(line.length <= 30, line);
});

for (const width of [60, 80, 100]) {
  Deno.test(`render* keep to ${width} columns for every lesson`, () => {
    const look = { width, colour: false };
    const outcomes = LESSONS.map((lesson): Outcome => ({ ...FINDING, lesson, seconds: 1.25 }));
    const texts = outcomes.flatMap((outcome, index) => [
      renderOpening(outcome.lesson, index + 1, outcomes.length, look),
      renderOutcome(outcome, look),
    ]);
    for (const text of [...texts, renderList(LESSONS, look), renderSummary(outcomes, look)]) {
      for (const line of text.split("\n")) assert(line.length <= width, line);
      assert(!text.includes("\x1b"));
    }
  });
}

Deno.test("renderOutcome colours the verdict, and says it in words all the same", () => {
  const outcome = { ...FINDING, lesson: lessonOf(() => Promise.resolve(FINDING)), seconds: 1 };
  const text = renderOutcome(outcome, { width: 80, colour: true });
  assertStringIncludes(text, "\x1b[32mconfirmed\x1b[0m: as was to be expected");
});

Deno.test("renderJson has the eight fields of each lesson", () => {
  const lesson = lessonOf(() => Promise.resolve(FINDING));
  assertEquals(JSON.parse(renderJson([{ ...FINDING, lesson, seconds: 1.23456 }])), [{
    name: "a-lesson",
    claim: "It is so.",
    rule: "confirmed when it is so",
    refuted_if: "it is not",
    ...FINDING,
    seconds: 1.235,
  }]);
});

Deno.test("carryOut tells a finding, a failure, an absence and an interruption apart", async () => {
  const good = lessonOf(() => Promise.resolve(FINDING));
  assertEquals((await carryOut(good, stage())).verdict, "confirmed");
  const broken = lessonOf(() => Promise.reject(new LessonError("no descriptors left")));
  const failed = await carryOut(broken, stage());
  assertEquals([failed.verdict, failed.reason], ["failed", "no descriptors left"]);
  const absent = await carryOut(lessonOf(() => Promise.resolve(FINDING), "no Linux"), stage());
  assertEquals([absent.verdict, absent.reason], ["unavailable", "no Linux"]);
  const interrupt = new AbortController();
  const waiting = lessonOf(({ signal }) => {
    const { promise, reject } = Promise.withResolvers<Finding>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  const running = carryOut(waiting, stage(interrupt.signal));
  interrupt.abort();
  assertEquals((await running).verdict, "interrupted");
});

/** `lab` in a process of its own. */
function lab(...args: string[]): Child {
  return Child.main(["lab", ...args], { permissions: ["--allow-all"] });
}

testWith(NEEDS, "lab list names every lesson, lab run a wrong one what exists", async () => {
  await using list = lab("list");
  const { code, stdout } = await list.ended();
  assertEquals(code, 0);
  await using wrong = lab("run", "hello", "nothing");
  const ended = await wrong.ended();
  assertEquals(ended.code, 2);
  assertEquals(ended.stderr.trimEnd().split("\n").length, 1);
  for (const { name } of LESSONS) {
    assertMatch(stdout, new RegExp(`^${name} `, "m"));
    assertStringIncludes(ended.stderr, name);
  }
});

testWith(NEEDS, "lab run NAME prints claim, plan, measured, verdict, rules and code", async () => {
  await using run = lab("run", "level-and-edge");
  const { code, stdout } = await run.ended();
  assertEquals(code, 0);
  const labels = [...stdout.matchAll(/^(Claim|Plan|Measured|Verdict|Rule|Refuted|Code) /gm)];
  assertEquals(labels.map(([, label]) => label), [
    ...["Claim", "Plan", "Measured", "Verdict", "Rule", "Refuted", "Code"],
  ]);
});

testWith(NEEDS, "lab run NAME --json prints nothing but an array", async () => {
  await using run = lab("run", "level-and-edge", "--json");
  const { code, stdout } = await run.ended();
  assertEquals(code, 0);
  const [outcome, ...more] = JSON.parse(stdout);
  assertEquals([outcome.name, outcome.verdict, more.length], ["level-and-edge", "confirmed", 0]);
});

testWith(NEEDS, "lab says in one line that standard output takes nothing", async () => {
  for (const args of [["run", "level-and-edge"], ["run", "level-and-edge", "--json"]]) {
    const wrapper = ["sh", "-c", 'exec "$0" "$@" > /dev/full'];
    await using run = Child.main(["lab", ...args], { permissions: ["--allow-all"], wrapper });
    const { code, stderr } = await run.ended();
    assertEquals(
      [code, stderr],
      [5, "ftplab: Cannot write to standard output: no space left on device\n"],
      args.join(" "),
    );
  }
}, Deno.build.os === "linux" ? undefined : "needs /dev/full");

testWith(NEEDS, "lab ends with status 141 alone when nobody reads standard output", async () => {
  for (const args of [["list"], ["run", "level-and-edge", "--json"]]) {
    await using run = lab(...args);
    await run.stdout.cancel();
    const { code, stderr } = await run.ended();
    assertEquals([code, stderr], [141, ""], args.join(" "));
  }
});

testWith(NEEDS, "lab run of what cannot run here says why, status 1", async () => {
  await using run = lab("run", "windows-select", "--json");
  const { code, stdout, stderr } = await run.ended();
  const [{ verdict, reason }] = JSON.parse(stdout);
  assertEquals([code, verdict, stderr], [1, "unavailable", ""]);
  assertMatch(reason, /Windows/);
});

testWith(NEEDS, "lab ends an experiment on SIGINT and says what there is", async () => {
  await using run = lab("run", "level-and-edge", "hello", "select-chat");
  await run.stdout.match(/- nobody comes/);
  run.kill("SIGINT");
  const { code, stdout } = await run.ended();
  assertEquals(code, 130);
  assertMatch(stdout, /^level-and-edge +confirmed/m);
  assertMatch(stdout, /^hello +interrupted/m);
  assert(!/^select-chat/m.test(stdout));
});
