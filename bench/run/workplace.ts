/**
 * What a run works with: the folders, the served files, and the processes of the load. fill.ts
 * prepares one for measure.ts and count.ts.
 *
 * @module
 */

import { join } from "@std/path";
import { createContentFile } from "../load/content.ts";
import { goingFirst, LoadProcess, type LoadProgram, TYPESCRIPT_LOAD } from "../load/process.ts";
import { existingAccount } from "../peers/machine.ts";
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
   *
   * @throws the reason of the run's signal when that is aborted.
   */
  loadAt(place: number): Promise<LoadProcess>;
  /** A new folder for the uploads of one measurement alone, as a path in the root. */
  folderForUploads(): { readonly incoming: string };
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
 *
 * @throws what the system refuses, or the reason of `signal`: nothing of it is left behind then.
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
  await using undo = new AsyncDisposableStack();
  const work = await Deno.makeTempDir({ prefix: "ftplab-bench-" });
  undo.defer(() => Deno.remove(work, { recursive: true }));
  const folders = await makeFolders(work);
  for (const [name, file] of Object.entries(FILES)) {
    await createContentFile(join(folders.root, file), sizes[name as keyof FileSizes]);
  }
  const started: LoadProcess[] = [];
  const kill = () => Promise.all(started.map((one) => one.kill()));
  const killLoad = () => void kill();
  signal.addEventListener("abort", killLoad);
  undo.defer(async () => {
    signal.removeEventListener("abort", killLoad);
    await kill();
  });
  const start = async (one: LoadProgram, processor: number | undefined) => {
    // An abort that has been tells nobody any more.
    signal.throwIfAborted();
    const load = new LoadProcess(one);
    started.push(load);
    if (processor !== undefined) await pin([load.pid], processor);
    return load;
  };
  const load = await start(program, pins?.load);
  const probes = await start(goingFirst(program), pins?.probes);
  const other = otherProgram && await start(otherProgram, pins?.load);
  const loads = [load];
  let folderCount = 0;
  const everything = undo.move();
  return {
    folders,
    load,
    probes,
    async loadAt(place) {
      while (loads.length <= place) loads.push(await start(program, pins?.load));
      return loads[place]!;
    },
    folderForUploads() {
      const incoming = `${INCOMING}/${folderCount++}`;
      makeOpenFolder(join(folders.root, incoming), work);
      return { incoming };
    },
    ...(quota === undefined ? {} : { quota }),
    ...(pins === undefined ? {} : { pins }),
    ...(other === undefined ? {} : { other }),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/**
 * Makes what servers share below `work`, a folder of its owner alone. Peers that root starts change
 * to an account of their own: its group, and nobody else, gets through `work`, reads what is served
 * and writes below `incoming`, where each may remove what is its own (chmod(2), S_ISVTX).
 */
export async function makeFolders(work: string): Promise<Folders> {
  const folders = { root: join(work, "root"), state: join(work, "state") };
  const incoming = join(folders.root, INCOMING);
  for (const folder of [folders.root, folders.state, incoming]) {
    await Deno.mkdir(folder);
    await Deno.chmod(folder, folder === incoming ? 0o1777 : 0o755);
  }
  if (Deno.uid() === 0) await openToPeers(work);
  return folders;
}

async function openToPeers(work: string): Promise<void> {
  try {
    const { gid } = await existingAccount();
    await Deno.chown(work, null, gid);
    await Deno.chmod(work, 0o710);
  } catch (error) {
    // There is no such account, or nothing can be given to it: no peer can change to it, either.
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Makes the folder `path`, in which every user may write. It gets its mode in `work`, where nobody
 * can put a link in its place, and is moved then.
 */
function makeOpenFolder(path: string, work: string): void {
  const made = Deno.makeTempDirSync({ dir: work, prefix: "made-" });
  Deno.chmodSync(made, 0o777);
  Deno.renameSync(made, path);
}
