/**
 * A tree through the runtime with Windows's names, on any system: what Windows takes for a path, a
 * drive, a stream of a file or a device is no name there, and leads nowhere.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { RuntimeVolume } from "../../../models/files/runtime.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { testWith } from "../../permission.ts";
import { DiskGround } from "./grounds.ts";
import { operationsOn, REPLACE, Stage } from "./stage.ts";

/** No names on Windows. */
const REFUSED = [
  "..\\root-outside\\secret",
  "a\\b",
  "c:",
  "a.avi:stream",
  "a?",
  "*",
  "<a",
  'a"',
  "nul",
  "Con.txt",
  "com1",
  "LPT².tar.gz",
  "aux .txt",
  "conin$",
  "a.",
  "a ",
  " ",
];

/** Names like these. */
const TAKEN = [".a", "a.b", "a b", "console", "com", "com10", "nul_", ".nul", "a'[1]$~"];

testWith(["read", "write", "sys"], "RuntimeVolume: what is no name on Windows is refused", () => {
  const ground = new DiskGround();
  const stage = new Stage(new VolumeStore(new RuntimeVolume(ground.root, true)), ground);
  try {
    ground.write("/file", "");
    const before = ground.names();
    for (const name of REFUSED) {
      for (const path of [`/${name}`, `/${name}/below`]) {
        for (const operation of operationsOn(path, "/file")) stage.fails("badName", operation);
        stage.fails("badName", { do: "stat", path, itself: true });
      }
    }
    assertEquals(ground.names(), before);
    ground.link("/link", "..\\root-outside\\secret");
    for (const operation of operationsOn("/link/below", "/file")) stage.fails("badName", operation);
    stage.fails("badName", { do: "openRead", path: "/link", offset: 0 });
    ground.assertOutside();

    for (const name of TAKEN) {
      stage.whole(REPLACE, name, `/${name}`);
      assertEquals(stage.read(`/${name}`), name);
    }
    ground.write("/a\\b", ""); // as another system may have put it there
    assertEquals(stage.list("/").sort(), [...TAKEN, "file", "link"].sort());
  } finally {
    stage.store.close();
    ground.remove();
  }
});
