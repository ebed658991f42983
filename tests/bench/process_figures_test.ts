/** What is read of processes, of the kernel and of perf. @module */

import { assert, assertEquals } from "@std/assert";
import { parseCounts } from "../../bench/run/perf_stat.ts";
import { readMachine, whyNotHere, whyTooMany } from "../../bench/run/machine.ts";
import {
  kernelBytes,
  OWN,
  processTree,
  processWork,
  readMemoryBytes,
  readProcessFigures,
  readProcessorTicks,
} from "../../bench/run/process_figures.ts";
import { Child } from "../child.ts";
import { absent } from "../peers/program.ts";
import { testWith } from "../permission.ts";
import { NEEDS } from "./needs.ts";

Deno.test("whyTooMany compares sessions with the limit of descriptors", () => {
  const limits =
    "Max processes  9 9 processes\nMax open files            1024       4096   files\n";
  assertEquals(whyTooMany(700, limits), undefined);
  assertEquals(
    whyTooMany(1_000, limits),
    "1000 sessions need more than the 1024 descriptors that a process may have here (RLIMIT_NOFILE)",
  );
});

testWith(NEEDS, "whyNotHere says that nothing is told of processes", () => {
  assertEquals(whyNotHere(), undefined);
  const why = whyNotHere("/no such folder");
  assert(why !== undefined && why.includes("/no such folder/self/limits"), why);
});

testWith(NEEDS, "readMachine says whether time in interrupts is accounted apart", () => {
  const stat = Deno.readTextFileSync("/proc/stat");
  const irq = Number(/^cpu +(?:\d+ ){5}(\d+)/m.exec(stat)![1]);
  assertEquals(readMachine().interruptsApart ?? false, irq > 0);
});

Deno.test("processWork tells to which resolution reaped children are known, and no switches", () => {
  const look = (cpu: number, reapedTicks: number, ...threads: [string, number][]) => ({
    cpu,
    reapedTicks,
    userTicks: 0,
    systemTicks: 0,
    switches: new Map(threads.map(([id, voluntary]) => [id, { voluntary, involuntary: 1 }])),
    threads: threads.length,
    processes: 3,
  });
  const before = look(1, 50, ["7/7", 10], ["7/8", 5]);
  const steady = processWork(before, look(1.5, 50, ["7/7", 14], ["7/8", 5], ["7/9", 2]));
  assertEquals([steady.cpu, steady.cpuResolution], [0.5, 1e-9]);
  assertEquals(steady.switches, { voluntary: 6, involuntary: 1 });
  const reaped = processWork(before, look(1.5, 60, ["7/7", 14], ["7/8", 5]));
  assertEquals([reaped.cpuResolution, reaped.switches], [0.03, undefined]);
  assertEquals(processWork(before, look(1.5, 50, ["7/7", 14])).switches, undefined);
  // What cannot be stays as it is, for the report to say so.
  assertEquals(processWork(before, look(0.5, 50, ["7/7", 10], ["7/8", 5])).cpu, -0.5);
});

testWith(NEEDS, "readProcessFigures counts a process and what it started", async () => {
  await using child = new Child("sh", ["-c", "sleep 10 & echo started; wait"]);
  await child.stdout.match(/started/);
  const tree = processTree(child.pid);
  assertEquals([tree.length, tree[0]], [2, child.pid]);
  const figures = readProcessFigures(child.pid);
  assertEquals([figures.processes, figures.threads], [2, 2]);
  assert(figures.cpu > 0 && readMemoryBytes(child.pid) > 0);
  Deno.kill(tree[1]!);
});

testWith(
  NEEDS,
  "what a server has of its own does not hang on who else runs its program",
  async () => {
    // A copy, which nobody else on this machine runs.
    const folder = await Deno.makeTempDir();
    const shell = `${folder}/sh`;
    await Deno.copyFile(await Deno.realPath("/bin/sh"), shell);
    // It says so twice: what the first time takes is there when it says so again.
    const run = () =>
      new Child(shell, ["-c", "echo started; echo started; read line"], { input: true });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const child = stack.use(run());
    await child.stdout.match(/started\nstarted/);
    const look = () => [readMemoryBytes(child.pid), readMemoryBytes(child.pid, OWN)] as const;
    const [alone, ownAlone] = look();
    {
      await using other = run();
      await other.stdout.match(/started\nstarted/);
      const [together, own] = look();
      assertEquals(own, ownAlone);
      assert(together < alone && own < together, `${alone}, then ${together}; its own ${own}`);
    }
  },
  absent("sh"),
);

testWith(NEEDS, "readProcessFigures of a process that has ended is nothing, not an error", () => {
  const { cpu, threads } = readProcessFigures(2 ** 22 + 1);
  assertEquals([cpu, threads, readMemoryBytes(2 ** 22 + 1)], [0, 0, 0]);
});

Deno.test("readProcessorTicks has for work what idle time leaves of what passed", () => {
  const stat = (user: number, idle: number, wait: number, stolen: number) =>
    `cpu  ${user} 0 0 ${idle} ${wait} 0 0 ${stolen} 0 0\ncpu0 1 0 0 0\ncpu1 1 0 0 0\nintr 5\n`;
  const before = readProcessorTicks(stat(10, 100, 5, 3), 2_000);
  // A second of two processors; of the work in it no tick was there to see any.
  const after = readProcessorTicks(stat(10, 190, 8, 7), 3_000);
  assertEquals(
    [after.total - before.total, after.stolen - before.stolen, after.busy - before.busy],
    [200, 4, 200 - 90 - 3 - 4],
  );
});

Deno.test("kernelBytes adds up slabs, stacks, page tables and buffers", () => {
  const meminfo = "Slab: 99 kB\nSUnreclaim:  4 kB\nKernelStack: 2 kB\nPageTables: 1 kB\n";
  const sockstat =
    "sockets: used 8\nTCP: inuse 5 orphan 0 tw 4 alloc 5 mem 3\nUDP: inuse 0 mem 9\n";
  assertEquals(kernelBytes(meminfo, sockstat, 4096), 7 * 1024 + 3 * 4096);
  assertEquals(kernelBytes(meminfo, sockstat, 65_536), 7 * 1024 + 3 * 65_536);
});

Deno.test("parseCounts reads perf's figures, and what is not told apart", () => {
  const csv = `# started on Thu Jan  1 00:00:00 1970

100,,raw_syscalls:sys_enter,1,100.00,,
40,,syscalls:sys_enter_recvfrom,1,100.00,,
0,,syscalls:sys_enter_bind,1,100.00,,
<not counted>,,syscalls:sys_enter_brk,0,0.00,,
50,,syscalls:sys_enter_sendto,1,100.00,,
`;
  assertEquals(parseCounts(csv), { recvfrom: 40, sendto: 50, others: 10 });
});
