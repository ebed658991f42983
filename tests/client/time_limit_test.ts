/**
 * Limits on waiting: none of them outlives what it limits.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { testWith } from "../permission.ts";

const MODULE = new URL("../../client/time_limit.ts", import.meta.url).href;

/** Runs `text` as a program, with `limitTime` and `repeatEvery`; what it printed. */
async function printed(text: string): Promise<string> {
  const source = `import { limitTime, repeatEvery } from ${JSON.stringify(MODULE)};\n${text}`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", `data:text/typescript,${encodeURIComponent(source)}`],
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Prints "left alone", or "held" after what no test has to wait for otherwise. */
const WATCHED = `
    addEventListener("unload", () => console.log("left alone"));
    const late = setTimeout(() => { console.log("held"); Deno.exit(1); }, 2_000);
    Deno.unrefTimer(late);`;

testWith(["run"], "limitTime holds no program alive once its limit is lifted", async () => {
  const text = `
    const lift = limitTime(3_600_000, () => {});
    lift();`;
  assertEquals(await printed(text + WATCHED), "left alone\n");
});

testWith(["run"], "limitTime keeps nothing of a limit that no timer counts", async () => {
  const text = `
    try { limitTime(Infinity, () => {}); } catch { console.log("refused"); }
    limitTime(3_600_000, () => {})();`;
  assertEquals(await printed(text + WATCHED), "refused\nleft alone\n");
});

testWith(["run"], "limitTime ends what is late, also after a time without limits", async () => {
  const text = `
    limitTime(5, () => {})();
    await new Promise((resolve) => limitTime(1, resolve));
    limitTime(3_600_000, () => {})();
    await new Promise((resolve) => limitTime(1, resolve));
    // The timer of this one is over before the next limit comes.
    limitTime(1, () => {})();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => limitTime(1, resolve));
    let ticks = 0;
    await new Promise((resolve) => {
      const leave = repeatEvery(1, () => {
        if (++ticks < 3) return;
        leave();
        resolve();
      });
    });
    console.log("all heard", ticks);`;
  assertEquals(await printed(text), "all heard 3\n");
});
