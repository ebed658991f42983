/** Tests of bench/run/quota.ts: real control groups where they can be made. @module */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { TYPESCRIPT_LOAD } from "../../bench/load/process.ts";
import { compileTwins } from "../../bench/load/twins.ts";
import type { CellRecord } from "../../bench/record.ts";
import { measure } from "../../bench/run/measure.ts";
import { processTree } from "../../bench/run/process_figures.ts";
import { hierarchiesOf, parseThrottling, Quota } from "../../bench/run/quota.ts";
import { twinsOf } from "../../bench/run/subjects.ts";
import { prepareWorkplace } from "../../bench/run/workplace.ts";
import { Child } from "../child.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { NEEDS, noCompiler, whyNoQuota } from "./needs.ts";
import { planOf } from "./smallest_plan.ts";

const MOUNTS = `proc /proc proc rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`;

Deno.test("hierarchiesOf finds those that may limit CPU, the newer kind first", () => {
  assertEquals(hierarchiesOf(MOUNTS), [
    { version: 2, folder: "/sys/fs/cgroup/unified" },
    { version: 1, folder: "/sys/fs/cgroup/cpu,cpuacct" },
  ]);
  assertEquals(hierarchiesOf("proc /proc proc rw 0 0\n"), []);
});

Deno.test("parseThrottling reads cpu.stat of both versions", () => {
  const expected = { periods: 302, throttled: 300 };
  assertEquals(parseThrottling("nr_periods 302\nnr_throttled 300\nthrottled_time 9\n"), expected);
  assertEquals(
    parseThrottling("usage_usec 1\nnr_periods 302\nnr_throttled 300\nthrottled_usec 9\n"),
    expected,
  );
});

testWith(["read", "write"], "Quota.open says in one sentence why there is none", async () => {
  const none = Quota.open(0.2, "");
  assert("unavailable" in none);
  assertEquals(none.unavailable, "no control group can limit CPU here (none is mounted)");
  const folder = await Deno.makeTempDir();
  try {
    // A folder is no hierarchy: it has no files that set a limit.
    const mounts = `cgroup2 ${folder} cgroup2 rw 0 0\ncgroup ${folder}/v1 cgroup rw,cpu 0 0\n`;
    const refused = Quota.open(0.2, mounts);
    assert("unavailable" in refused);
    assertMatch(
      refused.unavailable,
      /^no control group .* \(cgroup v2: [^;]+; cgroup v1: [^;]+\)$/,
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const none = await whyNoQuota();

testWith(
  NEEDS,
  "a quota lets a process have its part of each period",
  async () => {
    const opened = Quota.open(0.2);
    assert(!("unavailable" in opened));
    {
      await using quota = opened;
      assertEquals([quota.terms.quotaUs, quota.terms.periodUs], [1_000, 5_000]);
      await using child = new Child("sh", ["-c", "echo started; while :; do :; done"]);
      await child.stdout.match(/started/);
      quota.take(processTree(child.pid));
      const before = quota.throttling();
      // Who never sleeps uses each quota up.
      await eventually(
        "20 quotas are used up",
        () => quota.throttling().throttled >= before.throttled + 20,
      );
    }
    assertEquals(
      [...Deno.readDirSync(opened.folder.replace(/\/[^/]*$/, ""))]
        .filter(({ name }) => name === `ftplab-bench-${Deno.pid}`),
      [],
    );
  },
  none,
);

testWith(NEEDS, "a run with a quota limits twins, too", async () => {
  const folder = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const program = join(folder, "twin");
  assertEquals(await compileTwins(program), undefined);
  const opened = Quota.open(0.2);
  assert(!("unavailable" in opened));
  const quota = stack.use(opened);
  const plan = planOf(...twinsOf(program).filter(({ way }) => way === "epoll"));
  const scenarios = plan.scenarios.filter(({ id }) => id === "control");
  const { signal } = new AbortController();
  const keeping = { quota };
  const workplace = stack.use(
    await prepareWorkplace(plan.sizes, signal, TYPESCRIPT_LOAD, keeping),
  );
  const cells: CellRecord[] = [];
  await measure({ ...plan, scenarios }, workplace, {
    signal,
    progress: () => {},
    record: (record) => void (record.kind === "cell" && cells.push(record)),
  });
  assertEquals(cells.map(({ failure }) => failure), [undefined]);
  // Nobody else is in the group: it has periods while one that is in it runs.
  assert(cells[0]!.quota!.periods > 0);
}, none ?? noCompiler);
