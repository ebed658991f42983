/**
 * A file that an upload was to replace and broke off, on every store: who goes on by the size of
 * the old file never mixes it with the new one, whatever the times of both say.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { VolumeStore } from "../../../models/files/slot.ts";
import { MADE_MS, MemoryGround } from "./grounds.ts";
import { at, CLOSE, END, REPLACE, Stage, storeTest, upload } from "./stage.ts";

const HOUR_MS = 3_600_000;
const PART = "/.file.ftplab-part";
const OLD = "the old one";

/** An upload of "the new one" breaks off; the last octet that came is not kept. */
function breakOff(stage: Stage): void {
  stage.do("opened", upload(REPLACE));
  stage.append("the new!");
  stage.do("done", CLOSE);
}

/** Who has measured the old file is refused; who goes on within what came makes the new one. */
function assertNotMixed(stage: Stage): void {
  for (const start of [END, at(OLD.length), at(8)]) stage.fails("badOffset", upload(start));
  assertEquals([stage.ground.text("/file"), stage.ground.text(PART)], [OLD, "the new"]);
  assertEquals(stage.whole(at(7), " one"), 7);
  assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "the new one"]);
}

storeTest("a file half replaced", {
  "whose time lies ahead": (stage) => {
    stage.ground.write("/file", OLD);
    stage.ground.setModified("/file", Date.now() + HOUR_MS);
    breakOff(stage);
    assertNotMixed(stage);
  },

  "whose time was set by a client whose clock is ahead": (stage) => {
    stage.whole(REPLACE, OLD);
    const modifiedMs = Date.now() + HOUR_MS;
    stage.do("done", { do: "setModified", path: "/file", modifiedMs });
    breakOff(stage);
    assertNotMixed(stage);
  },

  "whose time is set afterwards": (stage) => {
    for (const modifiedMs of [30_000, Date.now() + HOUR_MS]) {
      stage.ground.write("/file", OLD);
      stage.ground.setModified("/file", 10_000);
      breakOff(stage);
      stage.ground.setModified(PART, 20_000);
      stage.do("done", { do: "setModified", path: "/file", modifiedMs });
      assertNotMixed(stage);
    }
  },
});

storeTest("a file that was replaced after an upload to it broke off", {
  "is gone on with in place, whatever is set of it": (stage) => {
    const changes = [
      { do: "setModified", path: "/file", modifiedMs: 12_000 },
      { do: "setModified", path: "/file", modifiedMs: 2_000 },
      { do: "chmod", path: "/file", mode: 0o640 },
    ] as const;
    for (const change of changes) {
      stage.ground.write("/file", "an older one");
      breakOff(stage);
      stage.ground.setModified(PART, 5_000);
      stage.ground.write("/file", OLD);
      stage.ground.setModified("/file", 10_000);
      stage.do("done", change);
      assertEquals(stage.whole(at(4), "young one"), 4);
      assertEquals(stage.ground.text("/file"), "the young one");
    }
  },
});

storeTest("a file half replaced, of a time that lies ahead", {
  "is not mixed with what came when its mode is changed": (stage) => {
    stage.ground.write("/file", OLD);
    stage.ground.setModified("/file", Date.now() + HOUR_MS);
    breakOff(stage);
    stage.do("done", { do: "chmod", path: "/file", mode: 0o640 });
    assertNotMixed(stage);
  },
});

Deno.test("FileStore, a file half replaced by an upload after the clock was set back", () => {
  const ground = new MemoryGround();
  const stage = new Stage(new VolumeStore(ground.volume), ground);
  ground.now = MADE_MS + HOUR_MS;
  ground.write("/file", OLD);
  ground.now = MADE_MS;
  breakOff(stage);
  ground.now = MADE_MS + 2 * HOUR_MS;
  assertNotMixed(stage);
});
