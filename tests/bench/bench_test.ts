/**
 * `deno task bench` as a command line: what it writes, what Ctrl-C leaves, how it says no. One
 * model and short windows; nothing is said of how fast it was.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Child, isThere, killIfThere } from "../child.ts";
import { eventually } from "../eventually.ts";
import { absent } from "../peers/program.ts";
import { testWith } from "../permission.ts";
import { allowedList, processorsIn } from "../../bench/run/pins.ts";
import { processTree } from "../../bench/run/process_figures.ts";
import { fixtureText } from "./fixture_run.ts";
import { NEEDS, whyNoPins, whyNoQuota } from "./needs.ts";

const ALL = ["--allow-all"];

/** A folder that is gone afterwards. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function bench(...args: string[]): Child {
  return Child.main(["bench", ...args], { permissions: ALL });
}

/** The same with its temporary files below `folder`; the shell that begins it does `first`. */
function benchIn(folder: string, args: readonly string[], first = ""): Child {
  const wrapper = ["sh", "-c", `${first} export TMPDIR=${folder}; exec "$0" "$@"`];
  return Child.main(["bench", ...args], { permissions: ALL, wrapper });
}

/** How long a run of SHORT may take to its next cells: a guard, each needs a second. */
const CELLS_MS_MAX = 60_000;

/** Waits until `file`, which `child` writes, has so many records of that kind. */
async function written(file: string, wanted: number, child: Child, kind = "cell"): Promise<void> {
  let said: string | undefined;
  child.ended().then(({ stderr }) => said = stderr);
  const line = new RegExp(`^\\{"kind":"${kind}"`, "gm");
  await eventually(`${wanted} records "${kind}" are written`, async () => {
    const text = await Deno.readTextFile(file).catch(() => "");
    if (text.matchAll(line).toArray().length >= wanted) return true;
    assert(said === undefined, `It ended before it had ${wanted} records "${kind}": ${said}`);
    return false;
  }, CELLS_MS_MAX);
}

function recordsIn(text: string): { readonly kind: string }[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** A run that never took place. */
const SMALL = { scenarios: ["logins"], subjects: ["epoll", "poll"], repeats: 1 };
const SMALL_RUN = fixtureText(SMALL);

const SHORT = ["--quick", "--models", "epoll", "--scenarios", "control,logins"];

testWith(NEEDS, "bench writes the raw run and both reports, and draws them again", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "new", "run.jsonl");
    await using first = bench(...SHORT, "--seconds", "0.02", "--out", file);
    const { code, stdout } = await first.ended();
    assertEquals(code, 0);
    const text = await Deno.readTextFile(file);
    const kinds = recordsIn(text).map(({ kind }) => kind);
    assertEquals(kinds.toSorted(), ["ceiling", "ceiling", "cell", "cell", "end", "run"]);
    assertEquals([kinds.at(0), kinds.at(-1)], ["run", "end"]);
    assertStringIncludes(stdout, "multiplex (epoll, level)");
    // Neither this machine's folders nor those of the run are anybody's business.
    for (const private_ of [Deno.execPath(), folder, "ftplab-bench-"]) {
      const cells = text.slice(text.indexOf("\n"));
      assert(!cells.includes(private_), private_);
    }

    const packed = join(folder, "packed.jsonl.gz");
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(packed, new Uint8Array(await new Response(stream).arrayBuffer()));
    for (const again of [file, packed]) {
      await using second = bench("report", again);
      assertEquals((await second.ended()).code, 0);
    }
    for (const ending of [".html", ".md"]) {
      const drawn = async (name: string) =>
        (await Deno.readTextFile(join(folder, name + ending))).replaceAll(/\S*jsonl\S*/g, "FILE");
      const [one, other] = [await drawn("new/run"), await drawn("packed")];
      assert(one.length > 1_000);
      assertEquals(other, one);
    }
  });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  testWith(NEEDS, `bench keeps what was measured, and ends its servers, at ${signal}`, async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "run.jsonl");
      await using child = bench(...SHORT, "--repeats", "500", "--out", file);
      await written(file, 2, child);
      const started = processTree(child.pid);
      child.kill(signal);
      const { code, stdout } = await child.ended();
      // One that was parked would stay so for ever.
      assertEquals(started.filter(isThere), []);
      assertEquals(code, 130);
      const records = recordsIn(await Deno.readTextFile(file));
      assertEquals(records.at(-1)!.kind, "end");
      assertStringIncludes(JSON.stringify(records.at(-1)), "it was interrupted");
      assertStringIncludes(stdout, "it was interrupted");
      assert((await Deno.readTextFile(join(folder, "run.html"))).length > 1_000);
    });
  });
}

testWith(NEEDS, "bench says that it was interrupted while it counted calls", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    const args = ["--quick", "--models", "epoll,poll", "--scenarios", "control", "--count"];
    await using child = bench(...args, "--seconds", "0.02", "--out", file);
    // One server ends and another starts: the load, which an interrupt ends, has nothing to do.
    await written(file, 1, child, "count");
    child.kill("SIGTERM");
    assertEquals((await child.ended()).code, 130);
    const records = recordsIn(await Deno.readTextFile(file));
    assertEquals(records.filter(({ kind }) => kind === "count").length, 1);
    assertStringIncludes(JSON.stringify(records.at(-1)), '"incomplete":"it was interrupted"');
  });
});

testWith(NEEDS, "bench ends when its load has ended, and keeps what was measured", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    await using child = bench(...SHORT, "--repeats", "500", "--out", file);
    await written(file, 2, child);
    const started = processTree(child.pid);
    const loads = started.filter((pid) =>
      Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("load/main.ts")
    );
    for (const pid of loads) Deno.kill(pid, "SIGKILL");
    const { code, stdout } = await child.ended();
    assertEquals([loads.length > 0, code], [true, 1]);
    assertEquals(started.filter(isThere), []);
    assertStringIncludes(stdout, "The run is not complete: The load process has ended by SIGKILL.");
    // No cell failed for want of it: `bench resume` measures those that are missing.
    const records = recordsIn(await Deno.readTextFile(file));
    assert(records.every((record) => !("failure" in record)));
  });
});

testWith(NEEDS, "bench --quota and --pin hold servers", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    const short = [...SHORT, "--seconds", "0.02", "--out", file];
    await using child = bench(...short, "--pin", "--quota", "0.2");
    const { code, stdout, stderr } = await child.ended();
    assertEquals(code, 0, stderr);
    const text = await Deno.readTextFile(file);
    const cell = JSON.parse(text.split("\n").find((line) => line.startsWith('{"kind":"cell"'))!);
    const header = JSON.parse(text.split("\n")[0]!);
    assertEquals([header.quota.quotaUs, header.quota.periodUs], [1_000, 5_000]);
    assert(cell.quota.periods > 0);
    assertStringIncludes(stdout, "1 ms of every 5 ms");
    assertMatch(stdout, /server on \d+, load on \d+/);
    assert(header.pinned.server !== header.pinned.load);
  });
}, await whyNoPins() ?? await whyNoQuota());

testWith(NEEDS, "bench says in one line that --pin has one processor only", async () => {
  await inFolder(async (folder) => {
    const args = ["bench", ...SHORT, "--pin", "--out", join(folder, "run.jsonl")];
    const [one] = processorsIn(allowedList());
    const wrapper = ["taskset", "--cpu-list", `${one}`];
    await using child = Child.main(args, { permissions: ALL, wrapper });
    const { code, stdout, stderr } = await child.ended();
    const why = `it takes two processors, and this process may use "${one}"`;
    assertEquals([code, stdout, stderr], [2, "", `ftplab: Cannot use --pin: ${why}\n`]);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
}, absent("taskset"));

testWith(NEEDS, "bench says in one line that there is no --quota here", async () => {
  await inFolder(async (folder) => {
    await using child = bench(...SHORT, "--quota", "0.2", "--out", join(folder, "run.jsonl"));
    const { code, stderr } = await child.ended();
    assertEquals(code, 2, stderr);
    assertMatch(stderr, /^ftplab: Cannot use --quota: [^\n]+\n$/);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
}, await whyNoQuota() === undefined ? "there is one" : undefined);

testWith(NEEDS, "bench writes nothing where nobody can be measured", async () => {
  await inFolder(async (folder) => {
    const quick = ["--quick", "--models", "epoll", "--out", join(folder, "run.jsonl")];
    const missing = "it needs --allow-ffi";
    const cases: [string[], string][] = [
      [quick, `Cannot measure here: ${missing}`],
      [
        [...quick, "--dry-run"],
        `Nobody is left to measure: multiplex (epoll, level) is left out: ${missing}`,
      ],
    ];
    // Without that the kernel's calls are not to be had, as on another system.
    const permissions = NEEDS.filter((need) => need !== "ffi").map((need) => `--allow-${need}`);
    for (const [args, message] of cases) {
      await using child = Child.main(["bench", ...args], { permissions });
      const { code, stdout, stderr } = await child.ended();
      assertEquals([code, stdout, stderr], [2, "", `ftplab: ${message}\n`]);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

testWith(NEEDS, "bench says in one line that its files have no room, and leaves none", async () => {
  await inFolder(async (folder) => {
    const args = [...SHORT, "--out", join(folder, "run.jsonl")];
    const temporary = join(folder, "temporary");
    await Deno.mkdir(temporary);
    // 64 MiB, in blocks of 512 octets: the largest is larger.
    await using child = benchIn(temporary, args, 'trap "" XFSZ; ulimit -f 131072;');
    const { code, stdout, stderr } = await child.ended();
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^ftplab: Cannot go on with "[^"\n]+": File too large [^\n]+\n$/);
    assertEquals([...Deno.readDirSync(temporary)], []);
  });
});

testWith(NEEDS, "bench join makes one run of two, and reports it", async () => {
  await inFolder(async (folder) => {
    const parts = await Promise.all(["logins", "small"].map(async (scenario) => {
      const file = join(folder, `${scenario}.jsonl`);
      const options = { scenarios: [scenario], subjects: ["epoll", "poll"], faultless: true };
      await Deno.writeTextFile(file, fixtureText(options));
      return file;
    }));
    const out = join(folder, "both.jsonl");
    await using child = bench("join", out, ...parts);
    const { code, stdout, stderr } = await child.ended();
    assertEquals([code, stderr], [0, ""]);
    const [header] = recordsIn(await Deno.readTextFile(out)) as { scenarios?: string[] }[];
    assertEquals(header!.scenarios, ["logins", "small"]);
    assertStringIncludes(stdout, `Raw run: ${out}\n`);
    assert((await Deno.readTextFile(join(folder, "both.md"))).length > 1_000);
  });
});

testWith(NEEDS, "bench resume goes on after Ctrl-C, and after a kill amid a line", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    const args = [...SHORT, "--seconds", "0.02", "--repeats", "4"];
    await using first = bench(...args, "--out", file);
    await written(file, 3, first);
    first.kill("SIGINT");
    assertEquals((await first.ended()).code, 130);

    // Nobody removes what it leaves when it is killed, but that is in the folder.
    await using second = benchIn(folder, ["resume", file]);
    await written(file, 5, second);
    const started = processTree(second.pid);
    second.kill("SIGKILL");
    await second.ended();
    for (const pid of started) killIfThere(pid);
    await Deno.writeTextFile(file, '{"kind":"cell","subj', { append: true });

    await using third = bench("resume", file);
    const { code, stdout, stderr } = await third.ended();
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "The last line was cut off, and is dropped");
    assertStringIncludes(stdout, "went on at");
    const records = recordsIn(await Deno.readTextFile(file));
    const kinds = records.map(({ kind }) => kind);
    assertEquals([kinds[0], kinds.at(-1)], ["run", "end"]);
    assertEquals(kinds.filter((kind) => kind === "resume").length, 2);
    // Each block is whole, was measured in one go, and is there once.
    const blocks = records.flatMap((record) =>
      record.kind === "cell" || record.kind === "ceiling"
        ? [(record as { readonly block?: number }).block]
        : []
    );
    assertEquals(blocks, [0, 1, 2, 3].flatMap((block) => [block, block, block, block]));

    await using fourth = bench("resume", file);
    const refused = await fourth.ended();
    assertEquals(refused.code, 2);
    assertMatch(refused.stderr, /^ftplab: Cannot resume "[^"]+": it is complete\n$/);
  });
});

testWith(
  NEEDS,
  "bench resume refuses another machine and another version in one line",
  async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "run.jsonl");
      await using first = bench(...SHORT, "--seconds", "0.02", "--repeats", "9", "--out", file);
      await written(file, 1, first);
      first.kill("SIGINT");
      await first.ended();
      const text = await Deno.readTextFile(file);
      const cases: [string, string, RegExp][] = [
        ['"processors":', '"processors":9', /the machine differs \(processors was 9\d+\)/],
        ['"sources":"', '"sources":"x', /the version differs/],
      ];
      for (const [own, other, reason] of cases) {
        const changed = text.replace(own, other);
        await Deno.writeTextFile(file, changed);
        await using child = bench("resume", file);
        const { code, stderr } = await child.ended();
        assertEquals(code, 2);
        assertMatch(stderr, /^ftplab: Cannot resume "[^\n]+\n$/);
        assertMatch(stderr, reason);
        // Nothing is lost by it.
        assertEquals(await Deno.readTextFile(file), changed);
      }
    });
  },
);

testWith(NEEDS, "bench --dry-run tells cells and time, and starts nothing", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    await using child = bench("--points", "headline", "--dry-run", "--out", file);
    const { code, stdout } = await child.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /^\d+ cells in 11 blocks of \d+, about \d+ (h|min) /);
    for (const id of ["control", "disk"]) {
      assertMatch(stdout, new RegExp(`^  ${id}: \\d+ cells`, "m"));
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

testWith(NEEDS, "bench ends with status 141 alone when nobody reads standard output", async () => {
  await using child = bench("--quick", "--models", "epoll", "--dry-run");
  await child.stdout.cancel();
  const { code, stderr } = await child.ended();
  assertEquals([code, stderr], [141, ""]);
});

testWith(NEEDS, "bench says no in one line", async () => {
  await inFolder(async (folder) => {
    const [broken, run, page] = ["broken.jsonl", "run.jsonl", "page.md"]
      .map((name) => join(folder, name)) as [string, string, string];
    const [other, fresh] = [join(folder, "other.jsonl"), join(folder, "fresh.jsonl")];
    await Deno.writeTextFile(broken, "no run\n");
    await Deno.writeTextFile(run, SMALL_RUN);
    await Deno.writeTextFile(page, "no marks\n");
    await Deno.writeTextFile(other, fixtureText({ ...SMALL, scenarios: ["small"] }));
    const nobody = ["--quick", "--models", "blocking-8", "--scenarios", "wakeups"];
    const cases: [number, string[], RegExp][] = [
      [2, ["--fast"], /"--fast"/],
      [1, ["report", join(folder, "missing.jsonl")], /No file ".*missing.jsonl"/],
      [1, ["report", broken], /Cannot read ".*broken.jsonl": /],
      [1, ["report", run, join(folder, "pgae.md")], /No file ".*pgae.md"/],
      [1, ["report", run, page], /Cannot read ".*page.md": it has no marks for the tables of /],
      [1, ["--quick", "--out", "/dev/null/run.jsonl"], /Cannot write "\/dev\/null\/run.jsonl": /],
      [2, ["--quick", "--out", broken], /"[^"]*broken.jsonl" is there already: bench resume /],
      [2, [...nobody, "--out", fresh], /Nobody takes part in any of the scenarios/],
      [2, ["join", fresh, run, run], /Cannot join: the scenario logins is in two of them/],
      [1, ["join", page, run, other], /Cannot write "[^"]*page.md": /],
    ];
    for (const [status, args, message] of cases) {
      await using child = bench(...args);
      const { code, stdout, stderr } = await child.ended();
      assertEquals([code, stdout], [status, ""], args.join(" "));
      assertMatch(stderr, /^ftplab: [^\n]+\n$/);
      assertMatch(stderr, message);
    }
    const kept = await Promise.all([broken, run, page].map((path) => Deno.readTextFile(path)));
    assertEquals(kept, ["no run\n", SMALL_RUN, "no marks\n"]);
    assertEquals(await Deno.stat(fresh).catch(({ name }) => name), "NotFound");
  });
});

testWith(NEEDS, "bench says in one line that standard output takes nothing", async () => {
  await inFolder(async (folder) => {
    const run = join(folder, "run.jsonl");
    await Deno.writeTextFile(run, SMALL_RUN);
    for (const args of [["report", run], ["compare", run, run], ["--quick", "--dry-run"]]) {
      const wrapper = ["sh", "-c", 'exec "$0" "$@" > /dev/full'];
      await using child = Child.main(["bench", ...args], { permissions: ALL, wrapper });
      const { code, stderr } = await child.ended();
      assertEquals(
        [code, stderr],
        [5, "ftplab: Cannot write to standard output: no space left on device\n"],
        args.join(" "),
      );
    }
  });
});
