/**
 * Uploads on every store: partial names, resuming, names that are taken, owners and bits,
 * stores that are full.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Completion, UploadStart } from "../../../server/mod.ts";
import { at, CLOSE, COMMIT, END, REPLACE, type Stage, storeTest, UNIQUE, upload } from "./stage.ts";

const PART = "/.file.ftplab-part";

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
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["old", "hal"]);
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

  "when no octet came leaves what an earlier one left": (stage) => {
    const { ground } = stage;
    for (const keepPartial of [true, false]) {
      for (const start of [REPLACE, at(0), at(2)]) {
        ground.write(PART, "earlier");
        assertEquals(
          stage.do("opened", upload(start, { keepPartial })).stat.size,
          start.at === "offset" ? start.offset : 0,
        );
        assertEquals(stage.slot.descriptor, undefined); // nothing goes past the cut
        stage.do("done", CLOSE);
        assertEquals([ground.names(), ground.text(PART)], [[".file.ftplab-part"], "earlier"]);
      }
    }
    stage.do("opened", upload(at(2)));
    stage.append("XY");
    stage.do("done", CLOSE);
    assertEquals(ground.text(PART), "eaX");
    stage.do("opened", upload(REPLACE));
    stage.do("done", COMMIT);
    assertEquals([ground.names(), ground.text("/file")], [["file"], ""]);
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
      stage.append("content?");
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
    assertEquals(stage.do("opened", upload(REPLACE)).stat.mode, 0o600);
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
    assertEquals(stage.whole(at(8), "xyz"), 8);
    assertEquals(stage.ground.text("/file"), "01234567xyz");
  },

  "never in a file that a younger one was to replace": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/folder");
    ground.link("/link", "folder/target");
    for (const [path, target] of [["/file", "/file"], ["/link", "/folder/target"]] as const) {
      const part = `/.${path.slice(1)}.ftplab-part`;
      ground.write(target, "the old one");
      ground.setModified(target, 10_000);
      ground.write(part, "the new");
      for (const partMs of [10_000, 20_000]) {
        ground.setModified(part, partMs);
        // The client asked for the size of the old file, or leaves it to the server.
        for (const start of [at(11), at(8), END]) stage.fails("badOffset", upload(start, { path }));
      }
      assertEquals([ground.text(target), ground.text(part)], ["the old one", "the new"]);
      assertEquals(stage.whole(at(7), " one", path), 7);
      assertEquals(ground.text(target), "the new one");
    }
    assertEquals([ground.names(), ground.names("/folder")], [["file", "folder", "link"], [
      "target",
    ]]);
  },

  "in a file beside an older one, and beside one of nothing": (stage) => {
    const { ground } = stage;
    const parts = [[9_000, "stale"], [9_000, "stale, longer than the file"], [20_000, ""]] as const;
    for (const [partMs, content] of parts) {
      for (const start of [at(10), END]) {
        ground.write("/file", "0123456789");
        ground.setModified("/file", 10_000);
        ground.write(PART, content);
        ground.setModified(PART, partMs);
        assertEquals(stage.whole(start, "xyz"), 10);
        assertEquals([ground.text("/file"), ground.text(PART)], ["0123456789xyz", content]);
      }
    }
    ground.delete(PART);
    ground.makeFolder(PART);
    assertEquals(stage.whole(END, "!"), 13);
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
    const text = "one two three!";
    for (const sent of [4, 8, 14]) {
      const size = stage.ground.names().includes(".file.ftplab-part") ? stage.stat(PART).size : 0;
      assertEquals(stage.do("opened", upload(at(size))).offset, size);
      stage.append(text.slice(size, sent));
      stage.do("done", CLOSE);
    }
    assertEquals(stage.whole(END, "!"), 13);
    assertEquals(stage.ground.text("/file"), text);
  },

  "has something left to send, though all of it had come": (stage) => {
    for (const start of [REPLACE, END, at(0), UNIQUE]) {
      stage.do("opened", upload(start));
      stage.append("the whole");
      stage.do("done", CLOSE);
      assertEquals(stage.ground.text(PART), "the whol");
      assertEquals(stage.whole(at(8), "e"), 8);
      assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "the whole"]);
      stage.do("opened", upload(END));
      stage.append("r");
      stage.do("done", CLOSE);
      assertEquals(stage.ground.text("/file"), "the wholer"); // in place all of it is there
      stage.ground.delete("/file");
      stage.do("opened", upload(start));
      stage.append("1");
      stage.do("done", CLOSE);
      assertEquals(stage.ground.names(), []);
    }
  },

  "leaves a file alone that somebody has moved away from under it": (stage) => {
    for (const end of [CLOSE, COMMIT]) {
      stage.do("opened", upload(REPLACE));
      stage.append("the whole");
      stage.ground.rename(PART, "/saved");
      stage.perform(end);
      assertEquals([stage.ground.names(), stage.ground.text("/saved")], [["saved"], "the whole"]);
    }
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

const ENDLESS = "a test that fails calls fills it (faults_test.ts)";

/** What the tree in memory holds, octets (grounds.ts). */
const CAPACITY_BYTES = 2 ** 24;

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

  "is not refused for what is there of it already": (stage) => {
    const { ground } = stage;
    const octets = "x".repeat(CAPACITY_BYTES - 4);
    const takes = (start: UploadStart, expected: number, closes = CLOSE) => {
      stage.do("opened", upload(start, { expected }));
      stage.do("done", closes);
    };
    ground.write(PART, octets);
    for (const start of [REPLACE, END, at(octets.length), at(9)]) {
      stage.fails("noSpace", upload(start, { expected: CAPACITY_BYTES + 1 }));
      assertEquals(ground.text(PART).length, octets.length);
      takes(start, CAPACITY_BYTES);
    }
    takes(END, CAPACITY_BYTES, COMMIT);
    for (const start of [END, at(9)]) {
      stage.fails("noSpace", upload(start, { expected: CAPACITY_BYTES + 1 }));
      takes(start, CAPACITY_BYTES);
    }
    stage.fails("noSpace", upload(REPLACE, { expected: 5 })); // beside the old file
    takes(REPLACE, 4);
    assertEquals(ground.names(), ["file"]);
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
  "is not refused for what is there of it already": { disk: ENDLESS, runtime: ENDLESS },
});
