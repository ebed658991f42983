/** Tests of bench/run/pins.ts: real processes on real processors, where there are two. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { choosePins, pin, processorsIn } from "../../bench/run/pins.ts";
import { Child } from "../child.ts";
import { testWith } from "../permission.ts";
import { NEEDS, whyNoPins } from "./needs.ts";

const allowed = (pid: number | "self") =>
  /^Cpus_allowed_list:\s+(\S+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]!;

Deno.test("processorsIn reads the kernel's lists", () => {
  assertEquals(processorsIn("0-2,5\n"), [0, 1, 2, 5]);
  assertEquals(processorsIn("3"), [3]);
  assertEquals(processorsIn(""), []);
});

testWith(NEEDS, "choosePins says why it cannot keep server and load apart", async () => {
  const one = await choosePins("Cpus_allowed_list:\t3\n");
  assert("unavailable" in one);
  assertEquals(one.unavailable, 'it takes two processors, and this process may use "3"');
});

testWith(NEEDS, "choosePins keeps server and load apart", async () => {
  const mine = allowed("self");
  const pins = await choosePins();
  assert(!("unavailable" in pins));
  assert(pins.server !== pins.load && pins.server !== pins.probes);
  // Who measures stays where it was.
  assertEquals(allowed("self"), mine);
  await using child = new Child("sh", ["-c", "echo started; exec sleep 10"]);
  await child.stdout.match(/started/);
  assertEquals(await pin([child.pid, 2 ** 22 + 1], pins.load), undefined);
  assertEquals(allowed(child.pid), `${pins.load}`);
  assertStringIncludes((await pin([child.pid], "9999"))!, "taskset");
}, await whyNoPins());
