/**
 * Uploads on every store: partial names, locks, resuming, names that are taken, owners and bits,
 * stores that are full, files that somebody takes away meanwhile.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Completion, FileOperation } from "../../../server/mod.ts";
import { at, CLOSE, COMMIT, END, REPLACE, type Stage, storeTest, UNIQUE, upload } from "./stage.ts";

const DAY_MS = 86_400_000;
const PART = "/.file.part";

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

storeTest("upload that replaces", {
  "takes its name when it is complete, not before": (stage) => {
    stage.ground.write("/file", "old");
    const opened = stage.do("opened", upload(REPLACE));
    assertEquals([opened.offset, opened.name, opened.stat.size], [0, "file", 0]);
    stage.append("new ");
    stage.append("content");
    assertEquals(stage.ground.text("/file"), "old");
    assertEquals(stage.ground.text(PART), "new content");
    stage.do("done", COMMIT);
    assertEquals(stage.ground.names(), ["file"]);
    assertEquals(stage.ground.text("/file"), "new content");
  },

  "makes a file that was not there, an empty one too": (stage) => {
    assertEquals(stage.whole(REPLACE, ""), 0);
    assertEquals(stage.ground.text("/file"), "");
  },

  "forgets what an earlier one left": (stage) => {
    stage.ground.write(PART, "much more than comes now");
    stage.whole(REPLACE, "new");
    assertEquals(stage.ground.text("/file"), "new");
    assertEquals(stage.ground.names(), ["file"]);
  },

  "when it is interrupted stays partial, the old file untouched": (stage) => {
    stage.ground.write("/file", "old");
    stage.do("opened", upload(REPLACE));
    stage.append("half");
    stage.do("done", CLOSE);
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["old", "half"]);
  },

  "when it is interrupted leaves nothing, if nothing is to be kept": (stage) => {
    stage.ground.write("/file", "old");
    stage.do("opened", upload(REPLACE, { keepPartial: false }));
    stage.append("half");
    stage.do("done", CLOSE);
    assertEquals(stage.ground.names(), ["file"]);
    stage.do("opened", upload(REPLACE, { keepPartial: false }));
    stage.append("half");
    stage.do("opened", upload(REPLACE, { keepPartial: false })); // opening another interrupts too
    stage.do("done", COMMIT);
    assertEquals(stage.ground.names(), ["file"]);
  },

  "when nothing was written leaves nothing": (stage) => {
    stage.do("opened", upload(REPLACE));
    stage.do("done", CLOSE);
    stage.do("opened", upload(at(0)));
    stage.do("done", CLOSE);
    stage.do("opened", upload(UNIQUE));
    stage.do("done", CLOSE);
    assertEquals(stage.ground.names(), []);
    stage.ground.write(PART, "half");
    stage.do("opened", upload(at(4)));
    stage.do("done", CLOSE);
    assertEquals(stage.ground.text(PART), "half");
  },

  "leaves a link as it is, and replaces what it leads to": (stage) => {
    stage.ground.makeFolder("/folder");
    stage.ground.write("/folder/target", "old");
    stage.ground.link("/file", "folder/target");
    assertEquals(stage.do("opened", upload(REPLACE)).name, "file");
    stage.append("new");
    stage.do("done", COMMIT);
    assert(stage.ground.isLink("/file"));
    assertEquals(stage.ground.text("/folder/target"), "new");
    assertEquals(stage.whole(END, "er"), 3);
    assertEquals(stage.ground.text("/folder/target"), "newer");
    assertEquals([stage.ground.names(), stage.ground.names("/folder")], [["file", "folder"], [
      "target",
    ]]);
  },

  "refuses what is no regular file, under either name": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/file");
    stage.fails("isDirectory", upload(REPLACE));
    ground.delete("/file");
    ground.makeOther("/file");
    stage.fails("denied", upload(REPLACE));
    ground.delete("/file");
    for (const start of [REPLACE, END, at(0)]) {
      ground.makeFolder(PART);
      stage.fails("denied", upload(start));
      ground.delete(PART);
      ground.link(PART, `${ground.root}-outside/secret`);
      stage.fails("denied", upload(start));
      ground.delete(PART);
      ground.makeOther(PART);
      stage.fails("denied", upload(start));
      ground.delete(PART);
    }
    stage.fails("notFound", upload(REPLACE, { path: "/none/file" }));
  },

  "fails to take a name that has become a folder, and stays partial": (stage) => {
    for (const before of [undefined, "old"]) {
      if (before !== undefined) stage.ground.write("/file", before);
      stage.do("opened", upload(REPLACE));
      stage.append("content");
      if (before !== undefined) stage.ground.delete("/file");
      stage.ground.makeFolder("/file");
      stage.ground.makeFolder("/file/inner");
      stage.fails(["isDirectory", "notEmpty"], COMMIT);
      assertEquals(stage.ground.text(PART), "content");
      assertEquals(stage.ground.names("/file"), ["inner"]);
      stage.fails("io", COMMIT); // it is closed
      stage.ground.delete("/file/inner");
      stage.ground.delete("/file");
      assertEquals(stage.whole(at(7), "!"), 7); // its lock is gone with it
      assertEquals(stage.ground.text("/file"), "content!");
      stage.ground.delete("/file");
    }
  },

  "keeps the mode of the file that it replaces, from the beginning": (stage) => {
    stage.ground.write("/file", "secret");
    stage.ground.chmod("/file", 0o600);
    stage.do("opened", upload(REPLACE));
    assertEquals(stage.stat(PART).mode, 0o600);
    stage.append("another");
    stage.do("done", COMMIT);
    assertEquals(stage.stat("/file").mode, 0o600);
    stage.ground.chmod("/file", 0o4755);
    stage.whole(REPLACE, "program");
    assertEquals(stage.stat("/file").mode, 0o755);
    stage.whole(REPLACE, "new", "/new");
    assertEquals(stage.stat("/new").mode, 0o644);
  },

  "leaves other names of the replaced file alone": (stage) => {
    stage.ground.write("/file", "old");
    stage.ground.linkHard("/file", "/same");
    stage.whole(REPLACE, "new");
    assertEquals([stage.ground.text("/file"), stage.ground.text("/same")], ["new", "old"]);
    assertEquals(stage.stat("/same").links, 1);
  },

  "is refused when there is no space for what is expected": (stage) => {
    for (const start of [REPLACE, UNIQUE]) {
      stage.fails("noSpace", upload(start, { expected: 2 ** 60 }));
      assertEquals(stage.ground.names(), []);
    }
    stage.do("opened", upload(REPLACE, { expected: 1 }));
    stage.do("done", COMMIT);
  },

  "cannot be read, and its octets go nowhere else after it": (stage) => {
    stage.do("opened", upload(REPLACE));
    stage.fails("io", { do: "read", length: 1 });
    stage.do("done", COMMIT);
    stage.fails("io", { do: "write", octets: new Uint8Array(1) });
    stage.fails("io", COMMIT);
    stage.do("done", CLOSE);
  },
});

storeTest("upload that goes on", {
  "at the end of the file, in place": (stage) => {
    stage.ground.write("/file", "begun ");
    assertEquals(stage.whole(END, "and ended"), 6);
    assertEquals(stage.ground.text("/file"), "begun and ended");
    assertEquals(stage.ground.names(), ["file"]);
  },

  "at the end of what an earlier one left, where there is no file": (stage) => {
    stage.ground.write(PART, "half ");
    assertEquals(stage.whole(END, "and half"), 5);
    assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "half and half"]);
  },

  "at the end of nothing makes the file": (stage) => {
    assertEquals(stage.whole(END, "new"), 0);
    assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "new"]);
  },

  "at an offset of what an earlier one left, before the file": (stage) => {
    stage.ground.write("/file", "the old file");
    stage.ground.write(PART, "half");
    assertEquals(stage.whole(at(4), " done"), 4);
    assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "half done"]);
  },

  "before the end of what an earlier one left, cuts the rest": (stage) => {
    stage.ground.write(PART, "half and more");
    assertEquals(stage.whole(at(4), "!"), 4);
    assertEquals(stage.ground.text("/file"), "half!");
  },

  "at an offset of the file, where nothing else is long enough": (stage) => {
    stage.ground.write("/file", "0123456789");
    stage.ground.write(PART, "0");
    assertEquals(stage.whole(at(8), "xyz"), 8);
    assertEquals(stage.ground.text("/file"), "01234567xyz");
    assertEquals(stage.ground.text(PART), "0");
  },

  "at offset 0 of nothing makes the file": (stage) => {
    stage.ground.write(PART, "something older and longer");
    assertEquals(stage.whole(at(0), "new"), 0);
    assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "new"]);
  },

  "past the end of everything is refused": (stage) => {
    stage.fails("badOffset", upload(at(1)));
    stage.ground.write("/file", "123");
    stage.ground.write(PART, "12");
    stage.fails("badOffset", upload(at(4)));
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["123", "12"]);
  },

  "after an interruption gives the whole": (stage) => {
    for (const text of ["one ", "two ", "three"]) {
      const size = stage.ground.names().includes(".file.part") ? stage.stat(PART).size : 0;
      assertEquals(stage.do("opened", upload(at(size))).offset, size);
      stage.append(text);
      stage.do("done", CLOSE);
    }
    assertEquals(stage.whole(END, "!"), 13);
    assertEquals(stage.ground.text("/file"), "one two three!");
  },
});

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

storeTest("upload to a free name", {
  "takes the name itself, then numbers": (stage) => {
    const names = ["first", "second", "third"].map((text) => {
      const { name, offset } = stage.do("opened", upload(UNIQUE));
      assertEquals(offset, 0);
      stage.append(text);
      stage.do("done", COMMIT);
      return name;
    });
    assertEquals(names, ["file", "file.1", "file.2"]);
    assertEquals(stage.ground.names(), names);
    assertEquals(names.map((name) => stage.ground.text(`/${name}`)), ["first", "second", "third"]);
  },

  "keeps half a file under its partial name": (stage) => {
    const second = stage.other();
    assertEquals(stage.do("opened", upload(UNIQUE)).name, "file");
    stage.append("half");
    assertEquals(stage.ground.names(), [".file.part"]);
    assertEquals(second.do("opened", upload(UNIQUE)).name, "file.1");
    second.append("whole");
    stage.do("done", CLOSE);
    second.do("done", COMMIT);
    assertEquals(stage.ground.names(), [".file.part", "file.1"]);
    assertEquals(stage.whole(at(4), " and half"), 4);
    assertEquals(stage.ground.text("/file"), "half and half");
  },

  "is not put over a file that has come meanwhile": (stage) => {
    stage.do("opened", upload(UNIQUE));
    stage.append("mine");
    stage.ground.write("/file", "another's");
    stage.fails("exists", COMMIT);
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["another's", "mine"]);
  },

  "does not take a link's place": (stage) => {
    stage.ground.link("/file.1", "nowhere");
    stage.ground.write("/file", "");
    assertEquals(stage.do("opened", upload(UNIQUE)).name, "file.2");
    stage.do("done", COMMIT);
    assertEquals(stage.ground.names(), ["file", "file.1", "file.2"]);
  },

  "when it is interrupted is kept or removed as asked": (stage) => {
    for (const keepPartial of [true, false]) {
      stage.do("opened", upload(UNIQUE, { keepPartial }));
      stage.append("half");
      stage.do("done", CLOSE);
    }
    assertEquals(stage.ground.names(), [".file.part"]);
  },
});

/** Writes until there is no room; memory only holds so much. */
function fill(stage: Stage): Completion {
  const octets = new Uint8Array(2 ** 20);
  for (let writes = 0; writes < 64; writes++) {
    const completion = stage.perform({ do: "write", octets });
    if (completion.kind === "failed") return completion;
  }
  throw new Error("It is never full");
}

const ENDLESS = "a disk that is full is made in disk_test.ts";

storeTest("upload without room", {
  "removes what it wrote": (stage) => {
    stage.do("opened", upload(REPLACE));
    const { failure } = fill(stage) as Extract<Completion, { kind: "failed" }>;
    assertEquals(failure, "noSpace");
    stage.do("done", CLOSE);
    assertEquals(stage.ground.names(), []);
  },

  "that goes on from an earlier one keeps it all": (stage) => {
    stage.ground.write(PART, "half");
    stage.do("opened", upload(at(4)));
    fill(stage);
    stage.do("done", CLOSE);
    assert(stage.stat(PART).size > 4);
  },

  "is known by the kernel's error as well": (stage) => {
    stage.do("opened", upload(REPLACE));
    stage.append("octets");
    assertEquals(stage.slot.failureOf(28).failure, "noSpace");
    stage.do("done", CLOSE);
    assertEquals(stage.ground.names(), []);
  },
}, {
  "removes what it wrote": { disk: ENDLESS, runtime: ENDLESS },
  "that goes on from an earlier one keeps it all": { disk: ENDLESS, runtime: ENDLESS },
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
    ground.makeFolder("/a/.dir.part");
    ground.link("/a/up", "..");
    const files: [string, number][] = [
      ["/.old.part", 90],
      ["/.young.part", 99],
      ["/a/b/.old.part", 1],
      ["/a/b/old", 1],
      ["/a/b/.part", 1],
    ];
    for (const [path, day] of files) {
      ground.write(path, "octets");
      ground.setModified(path, day * DAY_MS);
    }
    assertEquals(sweep(stage, 5, now), 2);
    assertEquals(ground.names(), [".young.part", "a"]);
    assertEquals(ground.names("/a"), [".dir.part", "b", "up"]);
    assertEquals(ground.names("/a/b"), [".part", "old"]);
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
    while (!stage.store.sweep(1, 0).ended) steps++;
    assert(steps >= 3 && steps < 10, `${steps}`);
    stage.store.sweep(1, 0); // what it has open is closed with the store
  },
});
