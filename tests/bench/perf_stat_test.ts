/** System calls counted from outside: bench/run/perf_stat.ts beside a program of known calls. @module */

import { assert, assertEquals } from "@std/assert";
import { CALLS as TOLD_APART, PerfStat } from "../../bench/run/perf_stat.ts";
import { SYMBOLS } from "../../models/libc/symbols.ts";
import { Child } from "../child.ts";
import { absent } from "../peers/program.ts";
import { missing, testWith } from "../permission.ts";
import { withProgram } from "./environment.ts";
import { NEEDS } from "./needs.ts";

/** How often a program calls getpid(2) when it is told, and once before and after. */
const CALLS = 1_000;

const CALLING = `
import os, sys
def go(count):
  sys.stdin.readline()
  for _ in range(count): os.getpid()
  print(count, flush=True)
go(1)
go(${CALLS})
go(1)
`;

/** What functions of the C library call, where that has another name; null: nothing. */
const CALLED: Readonly<Record<string, string | null>> = {
  __errno_location: null,
  eventfd: "eventfd2",
  inet_ntop: null,
  inet_pton: null,
  nanosleep: "clock_nanosleep",
  open: "openat",
  recv: "recvfrom",
  send: "sendto",
  sendfile: "sendfile64",
};

Deno.test("every call that models make is told apart", () => {
  const calls = Object.keys(SYMBOLS).flatMap((name) =>
    CALLED[name] === null ? [] : CALLED[name] ?? name
  );
  assertEquals(calls.filter((name) => !TOLD_APART.includes(name)), []);
});

/** Why perf cannot count here: it is missing, or may not trace. */
function whyNot(): string | undefined {
  if (missing(NEEDS).length > 0) return undefined;
  try {
    const args = ["stat", "-e", "raw_syscalls:sys_enter", "true"];
    const { success } = new Deno.Command("perf", { args, stdout: "null", stderr: "null" })
      .outputSync();
    return success ? undefined : "perf may not trace";
  } catch {
    return "perf is missing";
  }
}

testWith(
  NEEDS,
  "perf counts every call between two moments, at its first use, too",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await using child = new Child("python3", ["-c", CALLING], { input: true });
      await child.type("go");
      await child.stdout.match(/^1\n/);
      const perf = await PerfStat.attach([child.pid], folder);
      assert(!("unavailable" in perf));
      await using counting = perf;
      assertEquals(await counting.begin(), undefined);
      await child.type("go");
      await child.stdout.match(/^1000\n/m);
      const counted = await counting.end();
      assert(!("unavailable" in counted));
      assertEquals(counted.calls.getpid, CALLS);
      await child.type("go");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  whyNot() ?? absent("python3"),
);

testWith(NEEDS, "perf that cannot attach says so, and is not waited for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const perf = await PerfStat.attach([0x7fff_fffe], folder);
    assert(!("unavailable" in perf));
    await using counting = perf;
    assert((await counting.begin())!.unavailable.startsWith("perf ended by itself"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, whyNot());

testWith(NEEDS, "perf that does not answer is ended, and is said to be late", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await withProgram(folder, "perf", "exec sleep 60", async () => {
      const perf = await PerfStat.attach([Deno.pid], folder, 50);
      assert(!("unavailable" in perf));
      await using counting = perf;
      assertEquals(await counting.begin(), { unavailable: "perf did not answer within 0.05 s" });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
