/**
 * What a sweep for old partial files costs on a disk, by the entries that it looks at, and where
 * there is no sweep at all.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DiskVolume } from "../../../models/files/disk.ts";
import { Sweep } from "../../../models/files/sweep.ts";
import { FileCalls, Libc } from "../../../models/libc/mod.ts";
import { models } from "../../../models/mod.ts";
import { SERVER_NEEDS, testWith } from "../../permission.ts";
import { OPTIONS } from "../options.ts";
import { MemoryGround } from "./grounds.ts";

const NAMES = 500, DAY_MS = 86_400_000;

/** A volume that tells which names are looked at, and may keep to itself what they are. */
class WatchedVolume extends DiskVolume {
  readonly looked: string[] = [];
  saysKinds = true;

  override look(...args: Parameters<DiskVolume["look"]>): number {
    this.looked.push(args[1]);
    return super.look(...args);
  }

  override nextNames(...[reading, names, kinds]: Parameters<DiskVolume["nextNames"]>): number {
    const count = super.nextNames(reading, names, kinds);
    if (!this.saysKinds) kinds?.fill(undefined);
    return count;
  }
}

testWith(["read", "write", "ffi"], "Sweep looks at partial files alone on a disk", () => {
  const root = Deno.makeTempDirSync();
  const kernel = new Libc();
  try {
    for (let count = 0; count < NAMES; count++) Deno.writeTextFileSync(`${root}/${count}`, "");
    Deno.mkdirSync(`${root}/folder/.below.ftplab-part`, { recursive: true });
    Deno.symlinkSync("folder", `${root}/.link.ftplab-part`);
    const volume = new WatchedVolume(kernel, new FileCalls(kernel.calls), root);
    for (const saysKinds of [true, false]) {
      for (const folder of ["", "/folder"]) {
        Deno.writeTextFileSync(`${root}${folder}/.old.ftplab-part`, "");
      }
      Deno.utimeSync(`${root}/.old.ftplab-part`, 0, 0);
      Deno.utimeSync(`${root}/folder/.old.ftplab-part`, 0, 0);
      Object.assign(volume, { saysKinds, looked: [] });
      const sweep = new Sweep(volume, undefined, () => 0);
      let removed = 0;
      for (let steps = 0, ended = false; !ended && steps < 9; steps++) {
        const swept = sweep.step(1, 10 * DAY_MS);
        removed += swept.removed;
        ended = swept.ended;
      }
      sweep.close();
      assertEquals(removed, 2);
      assertEquals([...Deno.readDirSync(`${root}/folder`)].map(({ name }) => name), [
        ".below.ftplab-part",
      ]);
      if (saysKinds) assertEquals([...new Set(volume.looked)], [".old.ftplab-part"]);
      else assert(volume.looked.length > NAMES); // a file system that tells no kinds (readdir(3))
    }
    volume.close();
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}, models.get("multiplex")!.unavailable());

/** Folders, of which few may wait, and ways after which each of them has waited. */
const FOLDERS = 20, FOLDERS_WAIT_MAX = 8, WAYS_MAX = 500;

Deno.test("Sweep comes to every folder in time where not all of them may wait", () => {
  const ground = new MemoryGround();
  for (let count = 0; count < FOLDERS; count++) {
    ground.makeFolder(`/${count}`);
    ground.write(`/${count}/.old.ftplab-part`, "");
    ground.setModified(`/${count}/.old.ftplab-part`, 0);
  }
  let [removed, first] = [0, 0];
  for (let ways = 0; removed < FOLDERS && ways < WAYS_MAX; ways++) {
    const sweep = new Sweep(ground.volume, FOLDERS_WAIT_MAX);
    for (let ended = false; !ended;) {
      const swept = sweep.step(1, 10 * DAY_MS);
      removed += swept.removed;
      ended = swept.ended;
    }
    sweep.close();
    first ||= removed;
  }
  assertEquals([first, removed], [FOLDERS_WAIT_MAX, FOLDERS]);
});

/** Folders that one step comes to on a disk where each call takes a millisecond. */
const FOLDERS_STEP_MAX = 5;

Deno.test("Sweep ends a step when its time is up, and comes to the end all the same", () => {
  const ground = new MemoryGround();
  for (let count = 0; count < FOLDERS; count++) ground.makeFolder(`/${count}`);
  const { volume } = ground;
  const { hold } = volume;
  let [nowMs, held] = [0, 0];
  volume.hold = (path) => {
    nowMs += 1;
    held += 1;
    return hold.call(volume, path);
  };
  const sweep = new Sweep(volume, undefined, () => nowMs);
  for (let ended = false; !ended;) {
    const before = held;
    ended = sweep.step(1, 0).ended;
    assert(held - before <= FOLDERS_STEP_MAX, `${held - before} folders in one step`);
    assert(ended || held > before);
  }
  assertEquals(held, 1 + FOLDERS);
});

Deno.test("Sweep does something in a step however late it is", () => {
  const ground = new MemoryGround();
  ground.makeFolder("/folder");
  let nowMs = 0;
  const sweep = new Sweep(ground.volume, undefined, () => nowMs += 60_000);
  let steps = 1;
  while (!sweep.step(1, 0).ended) assert(++steps < FOLDERS, `${steps} steps`);
  assert(steps > 1);
});

/** How long something is waited for that takes a second, in steps of STEP_MS. */
const STEPS_MAX = 1_000, STEP_MS = 20;

testWith(
  SERVER_NEEDS,
  "Model.serve sweeps for protocols that store files, and for no other",
  async () => {
    const roots = new Map<string, string>();
    const servers = [];
    const before = descriptors();
    try {
      for (const protocol of ["echo", "hello", "chat", "mini", "ftp"]) {
        const root = Deno.realPathSync(Deno.makeTempDirSync());
        roots.set(protocol, root);
        Deno.writeTextFileSync(`${root}/.old.ftplab-part`, "");
        Deno.utimeSync(`${root}/.old.ftplab-part`, 0, 0);
        const options = { ...OPTIONS, protocol, root, partialDays: 1 };
        servers.push(await models.get("async")!.serve(options));
      }
      // The server of ftp is the last to be started, and so to sweep.
      for (let steps = 0; isLeft(roots.get("ftp")!) && steps < STEPS_MAX; steps++) {
        await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      }
      const left = [...roots].filter(([, root]) => isLeft(root)).map(([protocol]) => protocol);
      assertEquals(left, ["echo", "hello", "chat"]);
    } finally {
      await Promise.all(servers.map((server) => server.stop(0)));
      // Threads that end close theirs a moment later, and others count descriptors.
      for (let steps = 0; descriptors() > before && steps < STEPS_MAX; steps++) {
        await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      }
      for (const root of roots.values()) Deno.removeSync(root, { recursive: true });
    }
  },
);

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

function isLeft(root: string): boolean {
  return [...Deno.readDirSync(root)].length > 0;
}
