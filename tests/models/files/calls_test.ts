/**
 * How many calls of the kernel a file costs on disk: small files are most of what a server does.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { diskStore } from "../../../models/files/disk.ts";
import { CALL_NAMES, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import type { FactName, Rows } from "../../../server/mod.ts";
import { missing, testWith } from "../../permission.ts";
import { DiskGround } from "./grounds.ts";
import { CLOSE, REPLACE, Stage } from "./stage.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** The calls that `story` makes, by name. */
function callsOf(libc: Libc, story: () => void): Record<string, number> {
  libc.calls.fill(0);
  story();
  const counted = CALL_NAMES.map((name, index) => [name, libc.calls[index]!] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

testWith(["ffi", "read", "write"], "DiskVolume: the calls of a small file", () => {
  const ground = new DiskGround();
  const libc = new Libc();
  const stage = new Stage(diskStore(libc, ground.root), ground);
  ground.makeFolder("/folder");
  const store = { openat: 1, flock: 1, statx: 4, renameat2: 1, close: 1, write: 1 };

  assertEquals(callsOf(libc, () => stage.whole(REPLACE, "new", "/file")), store);
  const replaced = callsOf(libc, () => stage.whole(REPLACE, "newer", "/file"));
  assertEquals(replaced, { ...store, openat: 2, flock: 2, statx: 5, unlinkat: 1, close: 2 });
  stage.whole(REPLACE, "first", "/folder/first");
  stage.whole(REPLACE, "second", "/folder/second");
  const inFolder = callsOf(libc, () => stage.whole(REPLACE, "third", "/folder/third"));
  assertEquals(inFolder, { ...store, statx: 5 });

  for (const path of ["/file", "/folder/first"]) {
    const read = callsOf(libc, () => {
      stage.do("opened", { do: "openRead", path, offset: 0 });
      stage.do("done", CLOSE);
    });
    assertEquals(read, { openat2: 1, statx: 1, close: 1 });
  }
  assertEquals(callsOf(libc, () => stage.stat("/file")), { statx: 1 });
  assertEquals(callsOf(libc, () => stage.stat("/folder/first")), { statx: 2 });
  stage.store.close();
  ground.remove();
}, absent);

testWith(["ffi", "read", "write"], "DiskVolume: who wants types alone has links looked at", () => {
  const ground = new DiskGround();
  const libc = new Libc();
  const stage = new Stage(diskStore(libc, ground.root), ground);
  const looksFor = (facts: readonly FactName[]) => {
    const rows: Rows = { as: "facts", facts, access: "write", path: "/" };
    return callsOf(libc, () => stage.list("/", {}, rows)).statx;
  };
  const empty = looksFor(["type"])!;
  for (let index = 0; index < 100; index++) ground.write(`/${index}`, "");
  ground.makeFolder("/folder");
  assertEquals(looksFor(["type"]), empty);
  assertEquals(looksFor(["type", "perm"]), empty);
  assertEquals(looksFor(["type", "size"]), empty + 101);
  ground.link("/link", "folder");
  assert(looksFor(["type"])! > empty);
  stage.store.close();
  ground.remove();
}, absent);
