/**
 * Uploads to a name that is free, on every store: which name that is, and what becomes of it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { MemoryVolume } from "../../../models/files/memory.ts";
import type { MemoryNode } from "../../../models/files/memory_node.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { at, CLOSE, COMMIT, storeTest, UNIQUE, upload } from "./stage.ts";

const PART = "/.file.ftplab-part";

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

  "finds the number behind many, and one in a gap": (stage) => {
    const { ground } = stage;
    ground.write("/file", "");
    for (let number = 1; number < 40; number++) ground.write(`/file.${number}`, "");
    ground.write("/.file.40.ftplab-part", "half");
    assertEquals(stage.do("opened", upload(UNIQUE)).name, "file.41");
    stage.do("done", COMMIT);
    ground.delete("/file.16");
    assertEquals(stage.do("opened", upload(UNIQUE)).name, "file.16");
    stage.do("done", COMMIT);
    assertEquals(ground.names().length, 42);
  },

  "keeps half a file under its partial name": (stage) => {
    const second = stage.other();
    assertEquals(stage.do("opened", upload(UNIQUE)).name, "file");
    stage.append("half?");
    assertEquals(stage.ground.names(), [".file.ftplab-part"]);
    assertEquals(second.do("opened", upload(UNIQUE)).name, "file.1");
    second.append("whole");
    stage.do("done", CLOSE);
    second.do("done", COMMIT);
    assertEquals(stage.ground.names(), [".file.ftplab-part", "file.1"]);
    assertEquals(stage.whole(at(4), " and half"), 4);
    assertEquals(stage.ground.text("/file"), "half and half");
  },

  "is not put over a file that has come meanwhile": (stage) => {
    stage.do("opened", upload(UNIQUE));
    stage.append("mine");
    stage.ground.write("/file", "another's");
    stage.fails("exists", COMMIT);
    assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], ["another's", "min"]);
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
    assertEquals(stage.ground.names(), [".file.ftplab-part"]);
  },
});

/** A tree that counts the looks at its entries. */
class WatchedVolume extends MemoryVolume {
  looks = 0;

  override look(directory: MemoryNode, name: string): number {
    this.looks++;
    return super.look(directory, name);
  }
}

Deno.test("FileStore, upload to a free name: many that are taken cost few looks more", () => {
  const volume = new WatchedVolume();
  const slot = new VolumeStore(volume).slot();
  const taken = 20_000;
  for (let number = 0; number < taken; number++) {
    volume.add(volume.top(), number === 0 ? "file" : `file.${number}`, "file");
  }
  volume.looks = 0;
  slot.perform(upload(UNIQUE), (completion) => {
    assertEquals(completion.kind === "opened" && completion.name, `file.${taken}`);
  });
  assert(volume.looks < 100, `${volume.looks} looks`);
  slot.close();
});
