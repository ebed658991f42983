/** Runs of several scenarios made one. @module */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { analyze } from "../../bench/claims/analysis.ts";
import { RunError } from "../../bench/claims/figures.ts";
import { floorOf, leastRepeats, partOf, termsOf } from "../../bench/claims/run.ts";
import { parseRun, renderMarkdown, renderTerminal } from "../../bench/report/mod.ts";
import { commandOf } from "../../bench/report/cells.ts";
import { scenarioOf } from "../../bench/scenarios/mod.ts";
import { joined } from "../../bench/run/join.ts";
import { fixtureText } from "./fixture_run.ts";

const IDLE = fixtureText({ scenarios: ["idle"], subjects: ["epoll", "poll"] });
const LOGINS = fixtureText({ scenarios: ["logins"], subjects: ["epoll", "poll", "async"] });

Deno.test("joined makes a run of parts that share no scenario, with all that they say", () => {
  const text = joined([LOGINS, IDLE]);
  assert(typeof text === "string");
  const run = parseRun(text);
  assertEquals(run.header.scenarios, ["idle", "logins"]);
  assertEquals(run.header.subjects.map(({ id }) => id), ["poll", "epoll", "async"]);
  assertEquals(run.parts.length, 2);
  assert(run.notes.some((note) => note.startsWith("A run of other scenarios")));
  for (const [part, scenario] of [[IDLE, "idle"], [LOGINS, "logins"]] as const) {
    const own = parseRun(part);
    const cells = run.cells.filter((cell) => cell.scenario === scenario);
    assertEquals(cells, own.cells);
    const ratio = (one: typeof run) => {
      const analysis = analyze(one);
      const [left, right] = ["poll", "epoll"].map((id) => {
        const { point, metric } = analysis.headline(
          analysis.scenarios.find((s) => s.id === scenario)!,
        );
        return analysis.series(analysis.row(id, scenario, point)!, metric);
      });
      return analysis.compare(left!, right!, "lower");
    };
    assertEquals(ratio(run), ratio(own));
  }
  assert(renderTerminal(run).includes("Idle sessions"));
});

Deno.test("joined refuses, with the reason, what is no run together", () => {
  const why = (...texts: string[]) => {
    const text = joined(texts);
    return typeof text === "string" ? "joined" : text.why;
  };
  assertEquals(why(IDLE, IDLE), "the scenario idle is in two of them");
  const other = LOGINS.replace('"baseline":"epoll"', '"baseline":"poll"');
  assertEquals(why(IDLE, other), "the baseline differs");
  const cut = LOGINS.trimEnd().split("\n").slice(0, -1).join("\n");
  assertEquals(why(IDLE, cut), "number 2 of them is not complete: resume it");
});

Deno.test("joined refuses parts that have different servers by one name", () => {
  const change = (own: string, other: string) => joined([IDLE, LOGINS.replace(own, other)]);
  const flags = '"multiplex","--selector","poll"';
  assert(LOGINS.includes(flags));
  assertEquals(change(flags, `${flags},"--workers","2"`), {
    why: "number 2 of them has another server by the name poll",
  });
  const peer = ["idle", "logins"].map((scenario) =>
    fixtureText({ scenarios: [scenario], subjects: ["epoll", "vsftpd"] })
  );
  const newer = peer[1]!.replace('"version":"1.2.3"', '"version":"1.2.4"');
  assertEquals(joined([peer[0]!, newer]), {
    why: "number 2 of them has another server by the name vsftpd",
  });
  // What is written about a server is not what it is.
  const told = peer[1]!.replace('"configuration":"', '"configuration":"# once more\\n');
  assert(told !== peer[1]);
  assert(typeof joined([peer[0]!, told]) === "string");
});

Deno.test("joined takes a run that was joined before as the first alone", () => {
  const small = fixtureText({ scenarios: ["small"], subjects: ["epoll", "poll"], repeats: 9 });
  const two = joined([IDLE, small]);
  assert(typeof two === "string");
  assertEquals(joined([LOGINS, two]), {
    why: "number 2 of them was joined: name it first, or join its parts",
  });
  const three = joined([two, LOGINS]);
  assert(typeof three === "string");
  const run = parseRun(three);
  assertEquals(
    ["idle", "small", "logins"].map((scenario) => termsOf(run, partOf(run, scenario)).repeats),
    [11, 9, 11],
  );
});

Deno.test("joined says which part is of another machine, or of other sources", () => {
  const elsewhere = LOGINS.replace('"processors":2', '"processors":4')
    .replace('"sources":"', '"sources":"0');
  const text = joined([IDLE, elsewhere]);
  assert(typeof text === "string");
  const run = parseRun(text);
  assertEquals(run.header.machine.processors, 2);
  assertEquals(run.parts.map(({ machine }) => machine?.processors), [undefined, 4]);
  assert(run.notes.some((note) => note.includes("It was on another machine")));
  assertMatch(renderMarkdown(run), /Part 2 \(logins\): machine \| 4 ×/);
});

Deno.test("joined keeps what each part was measured by, and the cards of the larger one", () => {
  const few = fixtureText({ scenarios: ["idle"], subjects: ["epoll"], repeats: 9 })
    .replace(/"seed":\d+/, '"seed":8').replace('"title":"', '"title":"of the smaller part, ');
  const text = joined([LOGINS, few]);
  assert(typeof text === "string");
  const run = parseRun(text);
  const [first, second] = run.parts;
  assertEquals([run.header.repeats, first!.repeats, second!.repeats], [11, undefined, 9]);
  assertEquals(second!.seed, 8);
  assertEquals(leastRepeats(run), 9);
  assert(!run.header.subjects.some(({ title }) => title.startsWith("of the smaller part")));
  const report = renderMarkdown(run);
  assertMatch(report, /Part 1: repeats \| 11, /);
  assertMatch(report, /Part 2: repeats \| 9, /);
});

Deno.test("a part has the floors that were named before it, and no others", () => {
  const floors = { cpuShare: 0.1 };
  const named = IDLE.replace('"baseline"', `"floors":${JSON.stringify(floors)},"baseline"`);
  const floorsIn = (texts: string[]) => {
    const text = joined(texts);
    assert(typeof text === "string");
    const run = parseRun(text);
    return ["idle", "logins"].map((scenario) => floorOf(run, scenario, "cpuShare"));
  };
  assertEquals(floorsIn([named, LOGINS]), [0.1, undefined]);
  assertEquals(floorsIn([LOGINS, named]), [0.1, undefined]);
  assertEquals(floorsIn([LOGINS, IDLE]), [undefined, undefined]);
  assertThrows(
    () => parseRun(IDLE.replace('"baseline"', '"floors":7,"baseline"')),
    RunError,
    "floors",
  );
});

Deno.test("commandOf repeats a part that was joined as it was measured", () => {
  const run = parseRun(LOGINS);
  const part = { ...run.parts[0]!, scenarios: ["idle"], args: ["--load", "c"], repeats: 12 };
  const epoll = run.header.subjects.find(({ id }) => id === "epoll")!;
  assertEquals(
    commandOf({ ...run, parts: [...run.parts, part] }, epoll, scenarioOf("idle")!),
    "deno task bench --models epoll --scenarios idle --load c --repeats 12 " +
      `--seconds ${run.header.seconds}`,
  );
});
