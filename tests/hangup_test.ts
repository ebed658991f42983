/**
 * What becomes of a command whose terminal goes away (SIGHUP): behind nohup(1) it goes on, and on a
 * terminal a benchmark ends in order.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { NEEDS as BENCH_NEEDS } from "./bench/needs.ts";
import { Child } from "./child.ts";
import { ScriptedServer } from "./client/scripted_server.ts";
import { NEEDS, withFolders } from "./client/stage.ts";
import { eventually } from "./eventually.ts";
import { absent } from "./peers/program.ts";
import { type Need, SERVER_NEEDS, testWith } from "./permission.ts";
import { login, Root } from "./served.ts";
import { noTerminal, Terminal, TERMINAL_NEEDS } from "./tmux.ts";

const ALL = ["--allow-all"];
const wrapper = ["nohup"];
const skip = absent("nohup");

testWith(
  [...NEEDS, "run"],
  "get behind nohup goes on when the terminal goes away",
  () =>
    withFolders(async (_, here) => {
      const [halfway, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const send = (data: Deno.Conn, text: string) => data.write(new TextEncoder().encode(text));
      await using server = new ScriptedServer({
        answers: {
          SIZE: "213 10",
          RETR: async (_, session) => {
            const data = await session.data();
            await session.say("150 Here it comes");
            await send(data, "01234");
            halfway.resolve();
            await goOn.promise;
            await send(data, "56789");
            session.closeData();
            await session.say("226 Done");
          },
        },
      });
      const args = ["client", "--port", `${server.address.port}`, "get", "-q", "a"];
      await using child = Child.main(args, { permissions: ALL, wrapper, cwd: here });
      await halfway.promise;
      child.kill("SIGHUP");
      goOn.resolve();
      const { code, stderr } = await child.ended();
      assertEquals([code, stderr], [0, ""]);
      assertEquals(await Deno.readTextFile(`${here}/a`), "0123456789");
    }),
  skip,
);

const MAIN = fromFileUrl(new URL("../main.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../deno.json", import.meta.url));

const SERVES: readonly Need[] = [...SERVER_NEEDS, "run"];

/** `serve` behind nohup, by itself and as a task, which is a process of its own before it. */
const STARTS: Readonly<Record<string, (flags: readonly string[]) => Child>> = {
  "serve": (flags) => Child.serve(flags, { wrapper }),
  "deno task serve": (flags) => {
    const task = [Deno.execPath(), "task", "--quiet", "--config", CONFIG, "serve"];
    return new Child("nohup", [...task, ...flags]);
  },
};

for (const [name, start] of Object.entries(STARTS)) {
  testWith(SERVES, `${name} behind nohup goes on when the terminal goes away`, async () => {
    using root = new Root();
    await using server = start(["--port", "0", "--root", root.path]);
    const endpoint = await server.serving();
    server.kill("SIGHUP");
    const client = await login(endpoint);
    server.kill("SIGINT");
    await client.reply(421);
    client.close();
    assertEquals((await server.ended()).code, 0);
  }, skip);
}

/** How long a run of SHORT may take to its next cells: a guard, each needs a second. */
const CELLS_MS_MAX = 60_000;

/** Many cells of one model. */
const SHORT = ["--quick", "--models", "epoll", "--scenarios", "control", "--repeats", "500"];

/** Waits until the run in `file` has so many cells. */
function measured(file: string, cells: number): Promise<void> {
  return eventually(`${cells} cells are measured`, async () => {
    const text = await Deno.readTextFile(file).catch(() => "");
    return text.matchAll(/^\{"kind":"cell"/gm).toArray().length >= cells;
  }, CELLS_MS_MAX);
}

/** The last record of a run. */
async function lastRecord(file: string): Promise<string> {
  return (await Deno.readTextFile(file)).trimEnd().split("\n").at(-1)!;
}

const END = '{"kind":"end"';

testWith(
  BENCH_NEEDS,
  "bench behind nohup goes on when the terminal goes away",
  () =>
    withFolders(async (_, here) => {
      const file = `${here}/run.jsonl`;
      const args = ["bench", ...SHORT, "--out", file];
      await using child = Child.main(args, { permissions: ALL, wrapper });
      await measured(file, 1);
      child.kill("SIGHUP");
      await measured(file, 3);
      child.kill("SIGTERM");
      assertEquals((await child.ended()).code, 130);
      assertStringIncludes(await lastRecord(file), END);
    }),
  skip,
);

testWith(
  [...BENCH_NEEDS, ...TERMINAL_NEEDS],
  "bench keeps what was measured when its terminal goes away",
  () =>
    withFolders(async (_, here) => {
      const file = `${here}/run.jsonl`;
      const run = ["--quiet", "--no-prompt", ...ALL, "--config", CONFIG, MAIN];
      const bench = ["bench", ...SHORT, "--out", file];
      {
        await using _terminal = await Terminal.open({
          command: [Deno.execPath(), "run", ...run, ...bench],
          cwd: here,
        });
        await measured(file, 1);
      }
      const isThere = () => Deno.stat(`${here}/run.md`).then(() => true, () => false);
      await eventually("the run is reported", isThere);
      const end = await lastRecord(file);
      assertStringIncludes(end, END);
      assertStringIncludes(end, "it was interrupted");
    }),
  noTerminal(),
);
