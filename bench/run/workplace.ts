/**
 * What a run works with: the folders, the served files, and the processes of the load. fill.ts
 * prepares one for measure.ts and count.ts.
 *
 * @module
 */

import { join } from "@std/path";
import { createContentFile } from "../load/content.ts";
import { goingFirst, LoadProcess, type LoadProgram, TYPESCRIPT_LOAD } from "../load/process.ts";
import type { FileSizes } from "../scenarios/mod.ts";
import { FILES, INCOMING } from "../scenarios/parts.ts";
import { pin, type Pins } from "./pins.ts";
import type { Quota } from "./quota.ts";
import type { Folders } from "./server_process.ts";
import type { Loads } from "./window.ts";

/** The folders that servers and load share, and the load itself: one for all cells. */
export interface Workplace extends AsyncDisposable, Loads {
  /**
   * The load of the server that is the one of `place`, from 0, of those that are measured at the same
   * time: for the first the load itself, for others more of its kind, started when they are wanted.
   */
  loadAt(place: number): Promise<LoadProcess>;
  /** What is served, and where peers keep their state. */
  readonly folders: Folders;
  /** Whose processors are whose, where that is kept. */
  readonly pins?: Pins;
  /** The load that is not the run's, where both are to measure. */
  readonly other?: LoadProcess;
}

/**
 * Makes the served files and starts the load, by `program`; an abort of `signal` ends the load at
 * once. Probes are few, and go before all others on a processor where the load can: else they wait
 * for their turn while server and load are busy, and are as late as those let them be.
 */
export async function prepareWorkplace(
  sizes: FileSizes,
  signal: AbortSignal,
  program: LoadProgram = TYPESCRIPT_LOAD,
  { quota, pins, other: otherProgram }: {
    readonly quota?: Quota | undefined;
    readonly pins?: Pins | undefined;
    readonly other?: LoadProgram | undefined;
  } = {},
): Promise<Workplace> {
  const work = await Deno.makeTempDir({ prefix: "ftplab-bench-" });
  const root = join(work, "root");
  const state = join(work, "state");
  for (const folder of [root, state, join(root, INCOMING)]) await Deno.mkdir(folder);
  // A server that changes users has to reach the files, and to write in one folder only.
  for (const folder of [work, root, state]) await Deno.chmod(folder, 0o755);
  await Deno.chmod(join(root, INCOMING), 0o777);
  for (const [name, file] of Object.entries(FILES)) {
    await createContentFile(join(root, file), sizes[name as keyof FileSizes]);
  }
  const [load, probes] = [new LoadProcess(program), new LoadProcess(goingFirst(program))];
  const other = otherProgram === undefined ? {} : { other: new LoadProcess(otherProgram) };
  if (pins !== undefined) {
    await pin([load.pid], pins.load);
    if (other.other !== undefined) await pin([other.other.pid], pins.load);
    await pin([probes.pid], pins.probes);
  }
  const loads = [load];
  const kill = () => Promise.all([...loads, probes, other.other].map((one) => one?.kill()));
  const killLoad = () => void kill();
  signal.addEventListener("abort", killLoad);
  return {
    folders: { root, state },
    load,
    probes,
    async loadAt(place) {
      while (loads.length <= place) {
        const more = new LoadProcess(program);
        loads.push(more);
        if (pins !== undefined) await pin([more.pid], pins.load);
      }
      return loads[place]!;
    },
    ...(quota === undefined ? {} : { quota }),
    ...(pins === undefined ? {} : { pins }),
    ...other,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", killLoad);
      await kill();
      await Deno.remove(work, { recursive: true });
    },
  };
}
