/**
 * Ctrl-C while something works: what the first does, what a second, and that one which comes by two
 * ways is one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { interruptible, SAME_INTERRUPT_MS } from "../../client/cli/interrupts.ts";
import { FakeConsole } from "./fake_console.ts";

Deno.test("interruptible takes signals at once for one, and a later one for the second", async () => {
  const console = new FakeConsole();
  const abort = new AbortController();
  let [begun, dropped] = [0, 0];
  const interruption = {
    abort,
    endsBySignal: true,
    begins: () => begun++,
    drop: () => dropped++,
  };
  await interruptible(console, interruption, async () => {
    console.interrupt();
    console.interrupt();
    assertEquals([abort.signal.aborted, begun, dropped], [true, 1, 0]);
    await new Promise((resume) => setTimeout(resume, SAME_INTERRUPT_MS));
    console.interrupt();
    assertEquals([begun, dropped], [1, 1]);
  });
  assertEquals(console.listening, false);
});
