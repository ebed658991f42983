/**
 * Uploads that are not alone, on every store: two to one name, files that somebody would take away
 * meanwhile or does, and what is swept when nobody goes on with it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ERRNO } from "../../../models/files/errors.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import type { FileOperation } from "../../../server/mod.ts";
import { missing, testWith } from "../../permission.ts";
import { MemoryGround } from "./grounds.ts";
import {
  at,
  CLOSE,
  COMMIT,
  END,
  REPLACE,
  type Skips,
  Stage,
  storeKinds,
  storeTest,
  upload,
} from "./stage.ts";

const DAY_MS = 86_400_000;
const PART = "/.file.ftplab-part";

/** Every operation that takes away or changes what is at `path`. */
function changesOf(path: string): FileOperation[] {
  return [
    { do: "removeFile", path },
    { do: "rename", from: path, to: "/elsewhere" },
    { do: "rename", from: "/another", to: path },
    { do: "chmod", path, mode: 0o600 },
    { do: "setModified", path, modifiedMs: 0 },
  ];
}

storeTest("two uploads to one name", {
  "the second is told busy, until the first has ended": (stage) => {
    const second = stage.other();
    for (const end of [CLOSE, COMMIT]) {
      stage.do("opened", upload(REPLACE));
      stage.append("first");
      for (const start of [REPLACE, at(0)]) second.fails("busy", upload(start));
      assertEquals(stage.ground.text(PART), "first"); // not truncated by the one refused
      stage.do("done", end);
      second.do("opened", upload(REPLACE));
      second.append("second");
      second.do("done", COMMIT);
      assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "second"]);
      stage.ground.delete("/file");
    }
  },

  "in place as well, and beside one that replaces": (stage) => {
    stage.ground.write("/file", "begun");
    const second = stage.other();
    stage.do("opened", upload(END));
    for (const start of [END, at(2), REPLACE]) second.fails("busy", upload(start));
    stage.do("done", CLOSE);
    second.do("opened", upload(REPLACE));
    stage.fails("busy", upload(END));
    second.do("done", COMMIT);
    stage.do("opened", upload(END));
    stage.slot.close();
    assertEquals(stage.ground.names(), ["file"]);
  },

  "what is appended is added to what came meanwhile, or fails": (stage) => {
    stage.do("opened", upload(END));
    stage.append("mine");
    stage.ground.write("/file", "another's");
    stage.fails("exists", COMMIT);
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["another's", "min"]);
  },

  "readers are not in the way": (stage) => {
    stage.ground.write("/file", "old");
    const reader = stage.other();
    reader.do("opened", { do: "openRead", path: "/file", offset: 0 });
    stage.whole(REPLACE, "new");
    assertEquals(reader.readAll(), "old"); // the file that it opened
    assertEquals(reader.read("/file"), "new");
  },
});

storeTest("a file under upload", {
  "cannot be removed, renamed, replaced or changed": (stage) => {
    const second = stage.other();
    stage.ground.write("/another", "");
    stage.do("opened", upload(REPLACE));
    stage.append("first");
    for (const operation of changesOf(PART)) second.fails("busy", operation);
    stage.do("done", COMMIT);
    assertEquals(stage.ground.text("/file"), "first");
    stage.do("opened", upload(END));
    for (const operation of changesOf("/file")) second.fails("busy", operation);
    stage.do("done", COMMIT);
    for (const operation of changesOf("/file")) {
      stage.ground.write("/file", "");
      stage.ground.write("/another", "");
      second.do("done", operation);
    }
  },

  "that is removed behind the store's back is lost, and nobody else's is taken": (stage) => {
    const second = stage.other();
    stage.do("opened", upload(REPLACE));
    stage.append("x".repeat(100));
    stage.ground.delete(PART);
    second.do("opened", upload(REPLACE));
    second.append("another");
    stage.fails("lost", COMMIT);
    second.do("done", COMMIT);
    assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "another"]);
  },

  "that is replaced behind the store's back is lost, in place as well": (stage) => {
    stage.ground.write("/file", "old");
    for (const start of [REPLACE, END]) {
      stage.ground.write("/new", "new");
      stage.do("opened", upload(start));
      stage.append("octets");
      stage.ground.rename("/new", start === END ? "/file" : PART);
      stage.fails("lost", COMMIT);
      stage.do("opened", upload(start));
      stage.do("done", CLOSE);
      if (start === REPLACE) stage.ground.delete(PART);
    }
    assertEquals(stage.ground.text("/file"), "new");
  },

  "that is interrupted removes no other's file": (stage) => {
    stage.do("opened", upload(REPLACE, { keepPartial: false }));
    stage.append("octets");
    stage.ground.delete(PART);
    stage.ground.write(PART, "another's");
    stage.do("done", CLOSE);
    assertEquals(stage.ground.text(PART), "another's");
  },

  "moves with its folder": (stage) => {
    stage.ground.makeFolder("/a");
    stage.do("opened", upload(REPLACE, { path: "/a/file" }));
    stage.append("octets");
    stage.ground.rename("/a", "/b");
    stage.do("done", COMMIT);
    assertEquals(stage.ground.text("/b/file"), "octets");
  },
}, {
  "moves with its folder": { runtime: "the runtime knows the folder by its path" },
});

Deno.test("FileStore: a file under upload that may not be read cannot be changed", () => {
  const ground = new MemoryGround();
  const { volume } = ground;
  const open = volume.open.bind(volume);
  volume.open = (directory, name, mode) =>
    mode === "probe" ? -ERRNO.EACCES : open(directory, name, mode);
  const stage = new Stage(new VolumeStore(volume), ground);
  const second = stage.other();
  ground.write("/file", "");
  ground.write("/another", "");
  stage.do("opened", upload(END));
  for (const operation of changesOf("/file")) second.fails("busy", operation);
  stage.do("done", COMMIT);
  for (const operation of changesOf("/file")) {
    ground.write("/file", "");
    ground.write("/another", "");
    second.do("done", operation);
  }
});

for (const kind of storeKinds().filter(({ name }) => name !== "memory")) {
  testWith(
    kind.needs,
    `FileStore: a program that runs can be changed, renamed and removed [${kind.name}]`,
    async () => {
      const stage = kind.make();
      const program = `${stage.ground.root}/sleep`; // one of busybox looks at its name
      Deno.copyFileSync("/bin/sleep", program);
      const child = new Deno.Command(program, { args: ["60"] }).spawn();
      try {
        stage.do("done", { do: "chmod", path: "/sleep", mode: 0o700 });
        stage.do("done", { do: "setModified", path: "/sleep", modifiedMs: 0 });
        stage.do("done", { do: "rename", from: "/sleep", to: "/elsewhere" });
        stage.do("done", { do: "removeFile", path: "/elsewhere" });
      } finally {
        child.kill("SIGKILL");
        await child.status;
        stage.store.close();
        stage.ground.remove();
      }
    },
    kind.absent,
  );
}

storeTest("what an interrupted upload to a file left", {
  "goes with the file, and where another takes its name": (stage) => {
    const { ground } = stage;
    const changes: readonly FileOperation[] = [
      { do: "removeFile", path: "/file" },
      { do: "rename", from: "/file", to: "/elsewhere" },
      { do: "rename", from: "/another", to: "/file" },
    ];
    for (const operation of changes) {
      for (const make of [ground.write, ground.link]) {
        make.call(ground, "/file", "another");
        ground.write("/another", "");
        ground.write(PART, "stale");
        stage.do("done", operation);
        assertEquals(ground.names().includes(".file.ftplab-part"), false, operation.do);
        for (const name of ground.names()) ground.delete(`/${name}`);
      }
    }
  },

  "stays where that fails, and while it is written": (stage) => {
    const { ground } = stage;
    const second = stage.other();
    ground.write("/file", "old");
    ground.write(PART, "half");
    ground.makeFolder("/folder");
    stage.fails("isDirectory", { do: "rename", from: "/file", to: "/folder" });
    assertEquals(ground.text(PART), "half");
    second.do("opened", upload(at(4)));
    stage.do("done", { do: "removeFile", path: "/file" });
    second.append(" and half");
    second.do("done", COMMIT);
    assertEquals(ground.text("/file"), "half and half");
  },

  "stays with a folder of that name, and is renamed by its own": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/file");
    ground.write(PART, "half");
    stage.do("done", { do: "rename", from: "/file", to: "/folder" });
    stage.do("done", { do: "rename", from: PART, to: "/.new.ftplab-part" });
    assertEquals([ground.names(), ground.text("/.new.ftplab-part")], [
      [".new.ftplab-part", "folder"],
      "half",
    ]);
  },

  "is not to be had while it is written": (stage) => {
    const second = stage.other();
    const itself = { do: "stat", path: PART, itself: true } as const;
    stage.do("opened", upload(REPLACE));
    stage.append("all");
    second.fails("busy", itself);
    assertEquals(second.stat(PART).size, 3);
    stage.do("done", CLOSE);
    assertEquals(second.do("stat", itself).stat.size, 2);
  },
});

/** Neither the server's user nor that of the folder. */
const SOMEBODY = 4_321;

const isRoot = missing(["sys"]).length === 0 && Deno.uid() === 0;
const ROOTS = "only root may give files away";
const GIVEN: Skips[string] = isRoot ? {} : { disk: ROOTS, runtime: ROOTS };

storeTest("a partial file of somebody else's", {
  "is neither written to nor taken away": (stage) => {
    const { ground } = stage;
    stage.whole(REPLACE, "the server's own", "/first"); // the runtime knows its user from now on
    for (const planted of ["", "half"]) {
      ground.write(PART, planted);
      ground.chown(PART, SOMEBODY);
      for (const start of [REPLACE, END, at(0)]) stage.fails("denied", upload(start));
      assertEquals([ground.names(), ground.text(PART)], [
        [".file.ftplab-part", "first"],
        planted,
      ]);
    }
  },

  "is gone on with for the owner of the file, and of the folder": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/folder");
    stage.whole(REPLACE, "the server's own", "/folder/first");
    ground.write("/file", "old");
    for (const path of ["/file", "/folder"]) ground.chown(path, SOMEBODY);
    for (const [folder, name] of [["", "file"], ["/folder", "new"]]) {
      const part = `${folder}/.${name}.ftplab-part`;
      ground.write(part, "half");
      ground.chown(part, SOMEBODY);
      assertEquals(stage.whole(at(4), " and half", `${folder}/${name}`), 4);
      assertEquals(ground.text(`${folder}/${name}`), "half and half");
    }
  },
}, {
  "is neither written to nor taken away": GIVEN,
  "is gone on with for the owner of the file, and of the folder": GIVEN,
});

/** Sweeps to the end, in a bounded number of steps; how many files went. */
function sweep({ store }: Stage, days: number, now: number): number {
  let removed = 0;
  for (let steps = 0; steps < 100; steps++) {
    const swept = store.sweep(days, now);
    removed += swept.removed;
    if (swept.ended) return removed;
  }
  throw new Error("The sweep does not end");
}

storeTest("sweep", {
  "removes partial files that are old, in every folder": (stage) => {
    const { ground } = stage;
    const now = 100 * DAY_MS;
    ground.makeFolder("/a");
    ground.makeFolder("/a/b");
    ground.makeFolder("/a/.dir.ftplab-part");
    ground.link("/a/up", "..");
    const files: [string, number][] = [
      ["/.old.ftplab-part", 90],
      ["/.young.ftplab-part", 99],
      ["/a/b/.old.ftplab-part", 1],
      ["/a/b/old", 1],
      ["/a/b/.ftplab-part", 1],
    ];
    for (const [path, day] of files) {
      ground.write(path, "octets");
      ground.setModified(path, day * DAY_MS);
    }
    assertEquals(sweep(stage, 5, now), 2);
    assertEquals(ground.names(), [".young.ftplab-part", "a"]);
    assertEquals(ground.names("/a"), [".dir.ftplab-part", "b", "up"]);
    assertEquals(ground.names("/a/b"), [".ftplab-part", "old"]);
    assertEquals(sweep(stage, 5, now), 0);
  },

  "leaves what is being written": (stage) => {
    const second = stage.other();
    second.do("opened", upload(REPLACE));
    second.append("octets");
    stage.ground.setModified(PART, 0);
    assertEquals(sweep(stage, 1, 100 * DAY_MS), 0);
    second.do("done", COMMIT);
    assertEquals(stage.ground.names(), ["file"]);
  },

  "looks at a bounded number of names in a step": (stage) => {
    for (let count = 0; count < 2_500; count++) stage.ground.write(`/${count}`, "");
    let steps = 1;
    const { now } = performance;
    performance.now = () => 0; // the time of a step has a limit of its own
    try {
      while (!stage.store.sweep(1, 0).ended) steps++;
    } finally {
      performance.now = now;
    }
    assert(steps >= 3 && steps < 10, `${steps}`);
    stage.store.sweep(1, 0); // what it has open is closed with the store
  },
});
