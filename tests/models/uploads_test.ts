/**
 * Uploads through the file executor on a real folder: partial names, locks, resuming, names that
 * are taken, devices that are full. And an open file by itself, both ways of opening it.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { CALL_NAMES, Libc, unavailableReason } from "../../models/libc/mod.ts";
import { FileFailure, openWithLibc, openWithRuntime } from "../../models/open_file.ts";
import type { FileOperation, UploadStart } from "../../server/mod.ts";
import { missing, testWith } from "../permission.ts";
import { Tree, treeTest } from "./file_tree.ts";

const REPLACE: UploadStart = { at: "replace" };
const END: UploadStart = { at: "end" };
const UNIQUE: UploadStart = { at: "unique" };
const COMMIT: FileOperation = { do: "commitUpload" };
const CLOSE: FileOperation = { do: "closeFile" };

function at(offset: number): UploadStart {
  return { at: "offset", offset };
}

/** An upload to "/file" by way of "/.part". */
function upload(start: UploadStart, more: { keepPartial?: boolean; expected?: number } = {}) {
  return {
    do: "openUpload",
    path: "/file",
    partial: "/.part",
    start,
    keepPartial: true,
    ...more,
  } as const satisfies FileOperation;
}

/** Opens an upload, appends `text`, commits; the offset at which it began. */
function whole(tree: Tree, start: UploadStart, text: string): number {
  const { offset } = tree.do("opened", upload(start));
  tree.append(text);
  tree.do("done", COMMIT);
  return offset;
}

treeTest("upload that replaces", {
  "takes its name when it is complete, not before": (tree) => {
    tree.write("/file", "old");
    const opened = tree.do("opened", upload(REPLACE));
    assertEquals([opened.offset, opened.name, opened.stat.size], [0, "file", 0]);
    tree.append("new ");
    tree.append("content");
    assertEquals(tree.text("/file"), "old");
    assertEquals(tree.text("/.part"), "new content");
    tree.do("done", COMMIT);
    assertEquals(tree.names(), ["file"]);
    assertEquals(tree.text("/file"), "new content");
  },

  "makes a file that was not there, an empty one too": (tree) => {
    assertEquals(whole(tree, REPLACE, ""), 0);
    assertEquals(tree.text("/file"), "");
  },

  "forgets what an earlier one left": (tree) => {
    tree.write("/.part", "much more than comes now");
    whole(tree, REPLACE, "new");
    assertEquals(tree.text("/file"), "new");
    assertEquals(tree.names(), ["file"]);
  },

  "when it is interrupted stays partial, the old file untouched": (tree) => {
    tree.write("/file", "old");
    tree.do("opened", upload(REPLACE));
    tree.append("half");
    tree.do("done", CLOSE);
    assertEquals([tree.text("/file"), tree.text("/.part")], ["old", "half"]);
  },

  "when it is interrupted leaves nothing, if nothing is to be kept": (tree) => {
    tree.write("/file", "old");
    tree.do("opened", upload(REPLACE, { keepPartial: false }));
    tree.append("half");
    tree.do("done", CLOSE);
    assertEquals(tree.names(), ["file"]);
    tree.do("opened", upload(REPLACE, { keepPartial: false }));
    tree.do("opened", upload(REPLACE, { keepPartial: false })); // opening another interrupts too
    tree.do("done", COMMIT);
    assertEquals(tree.names(), ["file"]);
  },

  "leaves a link as it is, and replaces what it leads to": (tree) => {
    Deno.mkdirSync(tree.path("/folder"));
    tree.write("/folder/target", "old");
    Deno.symlinkSync("folder/target", tree.path("/file"));
    whole(tree, REPLACE, "new");
    assert(Deno.lstatSync(tree.path("/file")).isSymlink);
    assertEquals(tree.text("/folder/target"), "new");
  },

  "refuses what is no regular file, under either name": (tree) => {
    Deno.mkdirSync(tree.path("/file"));
    tree.fails("isDirectory", upload(REPLACE));
    Deno.removeSync(tree.path("/file"));
    Deno.mkdirSync(tree.path("/.part"));
    tree.fails("denied", upload(REPLACE));
    Deno.removeSync(tree.path("/.part"));
    Deno.symlinkSync(`${tree.outside}/secret`, tree.path("/.part"));
    tree.fails("denied", upload(REPLACE));
    tree.fails("notFound", { ...upload(REPLACE), path: "/none/file", partial: "/none/.part" });
  },

  "fails to take a name that has become a folder, and stays partial": (tree) => {
    tree.do("opened", upload(REPLACE));
    tree.append("content");
    Deno.mkdirSync(tree.path("/file"));
    tree.fails("isDirectory", COMMIT);
    assertEquals(tree.text("/.part"), "content");
    tree.fails("io", COMMIT); // it is closed
    Deno.removeSync(tree.path("/file"));
    assertEquals(whole(tree, at(7), "!"), 7); // its lock is gone with it
    assertEquals(tree.text("/file"), "content!");
  },

  "is refused when there is no space for what is expected": (tree) => {
    tree.fails("noSpace", upload(REPLACE, { expected: 2 ** 60 }));
    assertEquals(tree.names(), []);
    tree.do("opened", upload(REPLACE, { expected: 1 }));
    tree.do("done", COMMIT);
  },

  "cannot be read, and its octets go nowhere else after it": (tree) => {
    tree.do("opened", upload(REPLACE));
    tree.fails("io", { do: "read", length: 1 });
    tree.do("done", COMMIT);
    tree.fails("io", { do: "write", octets: new Uint8Array(1) });
    tree.fails("io", COMMIT);
    tree.do("done", CLOSE);
  },
});

treeTest("upload that goes on", {
  "at the end of the file, in place": (tree) => {
    tree.write("/file", "begun ");
    assertEquals(whole(tree, END, "and ended"), 6);
    assertEquals(tree.text("/file"), "begun and ended");
    assertEquals(tree.names(), ["file"]);
  },

  "at the end of what an earlier one left, where there is no file": (tree) => {
    tree.write("/.part", "half ");
    assertEquals(whole(tree, END, "and half"), 5);
    assertEquals([tree.names(), tree.text("/file")], [["file"], "half and half"]);
  },

  "at the end of nothing makes the file": (tree) => {
    assertEquals(whole(tree, END, "new"), 0);
    assertEquals([tree.names(), tree.text("/file")], [["file"], "new"]);
  },

  "at an offset of what an earlier one left, before the file": (tree) => {
    tree.write("/file", "the old file");
    tree.write("/.part", "half");
    assertEquals(whole(tree, at(4), " done"), 4);
    assertEquals([tree.names(), tree.text("/file")], [["file"], "half done"]);
  },

  "at an offset of the file, where nothing else is long enough": (tree) => {
    tree.write("/file", "0123456789");
    tree.write("/.part", "0");
    assertEquals(whole(tree, at(8), "xyz"), 8);
    assertEquals(tree.text("/file"), "01234567xyz");
    assertEquals(tree.text("/.part"), "0");
  },

  "at offset 0 of nothing makes the file": (tree) => {
    tree.write("/.part", "something older and longer");
    assertEquals(whole(tree, at(0), "new"), 0);
    assertEquals([tree.names(), tree.text("/file")], [["file"], "new"]);
  },

  "past the end of everything is refused": (tree) => {
    tree.fails("badOffset", upload(at(1)));
    tree.write("/file", "123");
    tree.write("/.part", "12");
    tree.fails("badOffset", upload(at(4)));
    assertEquals([tree.text("/file"), tree.text("/.part")], ["123", "12"]);
  },

  "after an interruption gives the whole": (tree) => {
    for (const text of ["one ", "two ", "three"]) {
      const size = tree.names().includes(".part") ? tree.stat("/.part").size : 0;
      const { offset } = tree.do("opened", upload(at(size)));
      assertEquals(offset, size);
      tree.append(text);
      tree.do("done", CLOSE);
    }
    assertEquals(whole(tree, END, "!"), 13);
    assertEquals(tree.text("/file"), "one two three!");
  },
});

treeTest("two uploads to one name", {
  "the second is told busy, until the first has ended": (tree) => {
    for (const end of [CLOSE, COMMIT]) {
      const second = tree.other();
      tree.do("opened", upload(REPLACE));
      tree.append("first");
      for (const start of [REPLACE, at(0)]) second.fails("busy", upload(start));
      assertEquals(tree.text("/.part"), "first"); // not truncated by the one that was refused
      tree.do("done", end);
      second.do("opened", upload(REPLACE));
      second.append("second");
      second.do("done", COMMIT);
      assertEquals([tree.names(), tree.text("/file")], [["file"], "second"]);
      Deno.removeSync(tree.path("/file"));
    }
  },

  "in place as well": (tree) => {
    tree.write("/file", "begun");
    const second = tree.other();
    tree.do("opened", upload(END));
    second.fails("busy", upload(END));
    second.fails("busy", upload(at(2)));
    tree.do("done", CLOSE);
    second.do("opened", upload(END));
    second.files.close();
  },

  "whichever way each was opened": (tree) => {
    const second = tree.other(openWithRuntime);
    tree.do("opened", upload(REPLACE));
    second.fails("busy", upload(REPLACE));
    tree.do("done", CLOSE);
    second.do("opened", upload(REPLACE));
    tree.fails("busy", upload(REPLACE));
    second.files.close();
  },

  "one that finishes between the other's open and its lock keeps what it wrote": (tree) => {
    let late = true;
    const second = tree.other((path, mode) => {
      const file = tree.open(path, mode);
      if (late) tree.do("done", COMMIT); // the partial file, open already, gets its name
      late = false;
      return file;
    });
    tree.do("opened", upload(REPLACE));
    tree.append("first");
    second.do("opened", upload(REPLACE));
    assertEquals(tree.text("/file"), "first");
    second.append("second");
    second.do("done", COMMIT);
    assertEquals([tree.names(), tree.text("/file")], [["file"], "second"]);
  },

  "readers are not in the way": (tree) => {
    tree.write("/file", "old");
    const reader = tree.other();
    reader.do("opened", { do: "openRead", path: "/file", offset: 0 });
    whole(tree, REPLACE, "new");
    assertEquals(reader.readAll(), "old"); // the file that it opened
    reader.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(reader.readAll(), "new");
  },
});

treeTest("upload to a free name", {
  "takes the name itself, then numbers": (tree) => {
    const names = ["first", "second", "third"].map((text) => {
      const { name, offset } = tree.do("opened", upload(UNIQUE));
      assertEquals(offset, 0);
      tree.append(text);
      tree.do("done", COMMIT);
      return name;
    });
    assertEquals(names, ["file", "file.1", "file.2"]);
    assertEquals(tree.names(), names);
    assertEquals(names.map((name) => tree.text(`/${name}`)), ["first", "second", "third"]);
  },

  "has its name from the beginning: another at the same time gets another": (tree) => {
    const second = tree.other();
    assertEquals(tree.do("opened", upload(UNIQUE)).name, "file");
    assertEquals(second.do("opened", upload(UNIQUE)).name, "file.1");
    tree.do("done", COMMIT);
    second.do("done", COMMIT);
  },

  "does not take a link's place": (tree) => {
    Deno.symlinkSync("nowhere", tree.path("/file.1"));
    tree.write("/file", "");
    assertEquals(tree.do("opened", upload(UNIQUE)).name, "file.2");
    tree.do("done", COMMIT);
    assertEquals(tree.names(), ["file", "file.1", "file.2"]);
  },

  "when it is interrupted is kept or removed as asked": (tree) => {
    for (const keepPartial of [true, false]) {
      tree.do("opened", upload(UNIQUE, { keepPartial }));
      tree.append("half");
      tree.do("done", CLOSE);
    }
    assertEquals(tree.names(), ["file"]);
  },
});

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

for (
  const [name, make] of [
    ["runtime", () => openWithRuntime],
    ["libc", () => openWithLibc(new Libc())],
  ] as const
) {
  const needs = name === "libc" ? ["read", "write", "ffi"] as const : ["read", "write"] as const;
  testWith(needs, `OpenFile: position, length and lock of a file [${name}]`, () => {
    const path = Deno.makeTempFileSync({ prefix: "ftplab-open-" });
    const open = make();
    const file = open(path, "modify");
    const other = open(path, "read");
    assertEquals(file.tryLock(), true);
    assertEquals(other.tryLock(), false);
    file.write(new TextEncoder().encode("0123456789"));
    file.seek(4);
    file.write(new TextEncoder().encode("x"));
    file.truncate(6);
    const buffer = new Uint8Array(4);
    other.seek(3);
    assertEquals([other.read(buffer), ...buffer], [3, 0x33, 0x78, 0x35, 0]);
    assertEquals(other.read(buffer), 0);
    file.close();
    assertEquals(other.tryLock(), true); // the lock ends with its file
    assertThrows(() => other.write(buffer), FileFailure);
    other.close();
    Deno.removeSync(path);
  }, name === "libc" ? absent : undefined);

  testWith(needs, `OpenFile: what cannot be opened fails by its kind [${name}]`, () => {
    const folder = Deno.makeTempDirSync({ prefix: "ftplab-open-" });
    const open = make();
    open(`${folder}/file`, "create").close();
    open(`${folder}/file`, "create").close(); // there already: opened
    const failureOf = (name: string, mode: Parameters<typeof open>[1]) =>
      assertThrows(() => open(`${folder}/${name}`, mode), FileFailure).failure;
    assertEquals(failureOf("none", "read"), "notFound");
    assertEquals(failureOf("none", "modify"), "notFound");
    assertEquals(failureOf("file", "createNew"), "exists");
    assertEquals(failureOf("file/below", "create"), "notDirectory");
    assertEquals(failureOf(".", "modify"), "isDirectory");
    assertEquals(failureOf("n".repeat(300), "create"), "badName");
    Deno.removeSync(folder, { recursive: true });
  }, name === "libc" ? absent : undefined);
}

testWith(
  ["ffi", "read", "write", "sys"],
  "upload truncates what an earlier one left, and nothing that is new [libc]",
  () => {
    const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-open-" }));
    const libc = new Libc();
    const tree = new Tree(root, root, openWithLibc(libc));
    const truncations = () => libc.calls[CALL_NAMES.indexOf("ftruncate")];
    whole(tree, REPLACE, "new");
    assertEquals(truncations(), 0);
    tree.write("/.part", "left");
    whole(tree, REPLACE, "newer");
    assertEquals([truncations(), tree.text("/file")], [1, "newer"]);
    Deno.removeSync(root, { recursive: true });
  },
  absent,
);

testWith(["ffi"], "OpenFile: a device that is full has no space [libc]", () => {
  const file = openWithLibc(new Libc())("/dev/full", "modify");
  const { failure, message } = assertThrows(() => file.write(new Uint8Array(1)), FileFailure);
  file.close();
  assertEquals([failure, message], ["noSpace", "no space left on the device"]);
}, absent);

testWith(
  ["ffi", "read", "write"],
  "OpenFile: a link in the last component is not followed [libc]",
  () => {
    const folder = Deno.makeTempDirSync({ prefix: "ftplab-open-" });
    Deno.writeTextFileSync(`${folder}/file`, "content");
    Deno.symlinkSync("file", `${folder}/link`);
    const open = openWithLibc(new Libc());
    for (const mode of ["read", "modify", "create"] as const) {
      assertEquals(assertThrows(() => open(`${folder}/link`, mode), FileFailure).failure, "denied");
    }
    Deno.removeSync(folder, { recursive: true });
  },
  absent,
);
