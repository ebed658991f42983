/**
 * File operations on every store: what lies outside, links, attributes, folders, names.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ALL, END, NAMES, operationsOn, REPLACE, type Stage, storeTest, upload } from "./stage.ts";

/** Links in the root: inside to a file and a folder, outside to both, dangling, to itself. */
function makeLinks({ ground }: Stage): void {
  ground.makeFolder("/folder");
  ground.write("/folder/file", "inside");
  ground.link("/to-file", `${ground.root}/folder/file`);
  ground.link("/to-folder", "folder");
  ground.link("/folder/up", "..");
  ground.link("/out-file", `${ground.root}-outside/secret`);
  ground.link("/out-folder", "../root-outside");
  ground.link("/dangling", "nowhere");
  ground.link("/out-dangling", `${ground.root}-outside/new`);
  ground.link("/loop", "loop");
}

storeTest("outside the root", {
  "nothing behind a link to an outside folder is reached": (stage) => {
    makeLinks(stage);
    for (const path of ["/out-folder/secret", "/out-folder/new", "/folder/up/out-folder/secret"]) {
      for (const operation of operationsOn(path, "/folder/file")) stage.fails("denied", operation);
    }
    assertEquals(stage.ground.text("/folder/file"), "inside");
  },

  "a link to an outside file or folder itself is refused, and stays": (stage) => {
    makeLinks(stage);
    for (const path of ["/out-file", "/out-folder"]) {
      for (const operation of operationsOn(path, "/folder/file")) {
        if (operation.do === "makeDirectory") stage.fails("exists", operation);
        else if (operation.do === "rename" && operation.to === path) continue;
        else if (operation.do === "openUpload" && operation.start.at === "unique") continue;
        else stage.fails("denied", operation);
      }
      stage.fails("denied", { do: "stat", path, itself: true });
      assert(stage.ground.isLink(path));
    }
  },

  "a link to where nothing is outside makes nothing there": (stage) => {
    makeLinks(stage);
    for (const start of [REPLACE, END]) {
      stage.fails("denied", upload(start, { path: "/out-dangling" }));
    }
    stage.fails("exists", { do: "makeDirectory", path: "/out-dangling" });
    stage.fails("denied", { do: "openRead", path: "/out-dangling", offset: 0 });
  },

  "a name that begins like the root's is outside": (stage) => {
    stage.ground.link("/beside", `${stage.ground.root}-outside`);
    stage.fails("denied", { do: "enter", path: "/beside" });
    stage.fails("denied", { do: "stat", path: "/beside/secret" });
  },

  "a name of dots, or with a zero in it, is none": (stage) => {
    stage.ground.makeFolder("/folder");
    for (const path of ["/..", "/folder/..", "/folder/.", "/a\0b"]) {
      stage.fails(["badName", "denied", "notFound", "isDirectory"], {
        do: "openRead",
        path,
        offset: 0,
      });
      stage.fails("badName", { do: "makeDirectory", path });
      stage.fails("badName", { do: "removeDirectory", path });
      stage.fails("badName", upload(REPLACE, { path }));
    }
    stage.fails("denied", { do: "enter", path: "/../root-outside" });
    stage.fails("denied", { do: "stat", path: "/../root-outside/secret" });
    stage.fails("denied", { do: "openRead", path: "/../root-outside/secret", offset: 0 });
  },

  "the root itself is not made, removed, renamed, replaced or shut": (stage) => {
    const { mode } = stage.stat("/");
    for (const operation of operationsOn("/", "/folder/file")) {
      if (operation.do === "rename" && operation.to === "/") {
        stage.ground.write("/file", "");
        stage.fails("denied", { ...operation, from: "/file" });
      } else if (["stat", "enter", "openListing", "setModified"].includes(operation.do)) {
        assert(stage.perform(operation).kind !== "failed");
      } else stage.fails(operation.do === "openRead" ? "isDirectory" : "denied", operation);
    }
    stage.ground.makeFolder("/folder");
    stage.ground.link("/folder/up", "..");
    stage.fails("denied", { do: "chmod", path: "/folder/up", mode: 0 });
    assertEquals(stage.stat("/").mode, mode);
  },
});

storeTest("links inside the root", {
  "are what they point to": (stage) => {
    makeLinks(stage);
    assertEquals(stage.stat("/to-file"), stage.stat("/folder/file"));
    assertEquals(stage.stat("/to-folder/up/to-folder/file"), stage.stat("/folder/file"));
    stage.do("done", { do: "enter", path: "/to-folder" });
    assertEquals(stage.read("/to-file"), "inside");
    assertEquals(stage.read("/to-folder/file"), "inside");
    stage.do("done", { do: "chmod", path: "/to-file", mode: 0o640 });
    assertEquals(stage.stat("/folder/file").mode, 0o640);
    stage.do("done", { do: "makeDirectory", path: "/to-folder/new" });
    assertEquals(stage.ground.names("/folder"), ["file", "new", "up"]);
  },

  "may be absolute and lead through each other": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/a");
    ground.makeFolder("/a/b");
    ground.write("/a/b/file", "deep");
    ground.link("/absolute", `${ground.root}/a`);
    ground.link("/a/to-b", `${ground.root}/absolute/b`);
    ground.link("/a/b/back", "../../absolute/to-b");
    assertEquals(stage.read("/absolute/to-b/back/file"), "deep");
    assertEquals(stage.list("/absolute/to-b"), ["back", "file"]);
    stage.whole(REPLACE, "new", "/absolute/to-b/back/other");
    assertEquals(ground.names("/a/b"), ["back", "file", "other"]);
    stage.do("done", { do: "removeFile", path: "/absolute/b/other" });
    assertEquals(ground.names("/a/b"), ["back", "file"]);
  },

  "are removed and renamed themselves": (stage) => {
    makeLinks(stage);
    stage.do("done", { do: "removeFile", path: "/to-file" });
    stage.fails("notDirectory", { do: "removeDirectory", path: "/to-folder" });
    stage.do("done", { do: "rename", from: "/to-folder", to: "/renamed" });
    assert(stage.ground.isLink("/renamed"));
    stage.do("done", { do: "removeFile", path: "/renamed" });
    assertEquals(stage.ground.text("/folder/file"), "inside");
  },

  "that lead nowhere are not found, and can be renamed and removed": (stage) => {
    makeLinks(stage);
    for (const path of ["/dangling", "/dangling/below"]) {
      stage.fails("notFound", { do: "stat", path });
    }
    stage.fails("notFound", { do: "openRead", path: "/dangling", offset: 0 });
    stage.fails("notFound", upload(REPLACE, { path: "/dangling" }));
    stage.fails("denied", { do: "stat", path: "/loop" });
    for (const path of ["/dangling", "/loop"]) {
      assertEquals(stage.do("stat", { do: "stat", path, itself: true }).stat.kind, "other");
    }
    stage.fails("notFound", { do: "stat", path: "/none", itself: true });
    stage.do("done", { do: "rename", from: "/dangling", to: "/renamed" });
    assert(stage.ground.isLink("/renamed"));
    for (const path of ["/renamed", "/loop"]) stage.do("done", { do: "removeFile", path });
    assertEquals(stage.ground.names().includes("renamed"), false);
  },

  "of more than forty on one way are a loop": (stage) => {
    stage.ground.write("/0", "end");
    for (let count = 1; count <= 41; count++) stage.ground.link(`/${count}`, `${count - 1}`);
    assertEquals(stage.read("/39"), "end");
    stage.fails("denied", { do: "openRead", path: "/41", offset: 0 });
  },
});

storeTest("attributes", {
  "stat tells kind, size, time, mode, owner, links": (stage) => {
    const { ground } = stage;
    ground.write("/file", "12345");
    ground.chmod("/file", 0o640);
    ground.setModified("/file", 1_700_000_000_000);
    ground.linkHard("/file", "/same");
    const { unique, uid, gid, ...stat } = stage.stat("/file");
    const modifiedMs = 1_700_000_000_000;
    assertEquals(stat, { kind: "file", size: 5, modifiedMs, mode: 0o640, links: 2 });
    assertEquals([uid, gid].every(Number.isInteger), true);
    assertEquals(stage.stat("/same").unique, unique);
    assert(stage.stat("/").unique !== unique);
    assertEquals(stage.stat("/").kind, "directory");
  },

  "chmod and setModified change them, of folders too": (stage) => {
    stage.ground.write("/file", "");
    stage.ground.makeFolder("/folder");
    for (const path of ["/file", "/folder"]) {
      stage.do("done", { do: "chmod", path, mode: 0o604 });
      stage.do("done", { do: "setModified", path, modifiedMs: 1_000_000_000_000 });
      const { mode, modifiedMs } = stage.stat(path);
      assertEquals([mode, modifiedMs], [0o604, 1_000_000_000_000]);
    }
    stage.do("done", { do: "chmod", path: "/file", mode: 0 });
    stage.do("done", { do: "chmod", path: "/file", mode: 0o600 });
    assertEquals(stage.stat("/file").mode, 0o600);
    stage.fails("notFound", { do: "chmod", path: "/none", mode: 0o604 });
    stage.fails("notFound", { do: "setModified", path: "/none", modifiedMs: 0 });
  },

  "chmod sets no setuid, no setgid and no sticky bit": (stage) => {
    stage.ground.write("/file", "");
    for (const mode of [0o4755, 0o2755, 0o1755, 0o7755]) {
      stage.do("done", { do: "chmod", path: "/file", mode });
      assertEquals(stage.stat("/file").mode, 0o755);
    }
  },

  "times before the epoch and beyond four digits of a year are times": (stage) => {
    stage.ground.write("/file", "");
    for (const modifiedMs of [-86_400_000, 0, 253_402_300_800_000]) {
      stage.do("done", { do: "setModified", path: "/file", modifiedMs });
      const told = stage.stat("/file").modifiedMs;
      assert(Number.isSafeInteger(told) && !Number.isNaN(new Date(told).getTime()), `${told}`);
      if (modifiedMs < 8e12) assertEquals(told, modifiedMs);
    }
  },

  "what is not there, or below a file, or no name, fails by its kind": (stage) => {
    stage.ground.write("/file", "");
    stage.fails("notFound", { do: "stat", path: "/none" });
    stage.fails("notFound", { do: "stat", path: "/none/below" });
    stage.fails("notDirectory", { do: "stat", path: "/file/below" });
    stage.fails("notDirectory", { do: "openRead", path: "/file/below", offset: 0 });
    stage.fails("badName", { do: "stat", path: `/${"n".repeat(300)}` });
    stage.fails("badName", { do: "makeDirectory", path: `/${"n".repeat(300)}` });
    const long = `/${"n/".repeat(3000)}n`;
    stage.fails(["badName", "notFound"], { do: "openRead", path: long, offset: 0 });
  },
});

storeTest("folders", {
  "enter takes folders only": (stage) => {
    stage.ground.write("/file", "");
    stage.do("done", { do: "enter", path: "/" });
    stage.fails("notDirectory", { do: "enter", path: "/file" });
    stage.fails("notFound", { do: "enter", path: "/none" });
  },

  "are made once, in a folder that is there": (stage) => {
    stage.do("done", { do: "makeDirectory", path: "/a" });
    stage.do("done", { do: "makeDirectory", path: "/a/b" });
    stage.fails("exists", { do: "makeDirectory", path: "/a" });
    stage.fails("notFound", { do: "makeDirectory", path: "/none/b" });
    stage.ground.write("/file", "");
    stage.fails("notDirectory", { do: "makeDirectory", path: "/file/b" });
  },

  "are removed when empty": (stage) => {
    stage.ground.makeFolder("/a");
    stage.ground.makeFolder("/a/b");
    stage.fails("notEmpty", { do: "removeDirectory", path: "/a" });
    stage.fails("isDirectory", { do: "removeFile", path: "/a" });
    stage.do("done", { do: "removeDirectory", path: "/a/b" });
    stage.do("done", { do: "removeDirectory", path: "/a" });
    stage.fails("notFound", { do: "removeDirectory", path: "/a" });
    assertEquals(stage.ground.names(), []);
  },

  "that are moved and made anew are not confused": (stage) => {
    const { ground } = stage;
    ground.makeFolder("/a");
    ground.makeFolder("/a/b");
    stage.whole(REPLACE, "first", "/a/b/file");
    stage.whole(REPLACE, "second", "/a/b/file");
    ground.rename("/a/b", "/a/c");
    stage.fails("notFound", { do: "stat", path: "/a/b/file" });
    stage.fails("notFound", upload(REPLACE, { path: "/a/b/file" }));
    ground.makeFolder("/a/b");
    stage.whole(REPLACE, "third", "/a/b/file");
    assertEquals([ground.text("/a/c/file"), ground.text("/a/b/file")], ["second", "third"]);
    ground.rename("/a", "/d");
    ground.link("/a", "../root-outside");
    stage.fails("denied", upload(REPLACE, { path: "/a/b/file" }));
    stage.fails("denied", { do: "makeDirectory", path: "/a/b" });
  },
});

storeTest("names", {
  "a file is removed": (stage) => {
    stage.ground.write("/file", "");
    stage.ground.makeOther("/other");
    stage.fails("notDirectory", { do: "removeDirectory", path: "/file" });
    stage.do("done", { do: "removeFile", path: "/file" });
    stage.fails("notFound", { do: "removeFile", path: "/file" });
    stage.do("done", { do: "removeFile", path: "/other" });
  },

  "rename moves files and folders, and replaces files": (stage) => {
    const { ground } = stage;
    ground.write("/one", "one");
    ground.write("/two", "two");
    ground.makeFolder("/folder");
    stage.do("done", { do: "rename", from: "/one", to: "/two" });
    stage.do("done", { do: "rename", from: "/two", to: "/folder/three" });
    stage.do("done", { do: "rename", from: "/folder", to: "/moved" });
    assertEquals(ground.names(), ["moved"]);
    assertEquals(ground.text("/moved/three"), "one");
    ground.makeFolder("/empty");
    stage.do("done", { do: "rename", from: "/moved", to: "/empty" });
    stage.do("done", { do: "rename", from: "/empty/three", to: "/empty/three" });
    assertEquals(ground.names("/empty"), ["three"]);
  },

  "rename refuses what cannot be": (stage) => {
    const { ground } = stage;
    ground.write("/file", "file");
    ground.makeFolder("/full");
    ground.makeFolder("/full/inner");
    ground.makeFolder("/empty");
    stage.fails("notFound", { do: "rename", from: "/none", to: "/new" });
    stage.fails("notFound", { do: "rename", from: "/file", to: "/none/new" });
    stage.fails("isDirectory", { do: "rename", from: "/file", to: "/empty" });
    stage.fails("notDirectory", { do: "rename", from: "/empty", to: "/file" });
    stage.fails("notEmpty", { do: "rename", from: "/empty", to: "/full" });
    stage.fails("notEmpty", { do: "rename", from: "/full/inner", to: "/full" });
    stage.fails("badName", { do: "rename", from: "/full", to: "/full/inner/below" });
    assertEquals(ground.names(), ["empty", "file", "full"]);
  },

  "that are no UTF-8 are octets": (stage) => {
    const name = "/caf\udce9";
    stage.whole(REPLACE, "octets", name);
    stage.do("done", { do: "makeDirectory", path: "/d\udcff\udcfe" });
    stage.do("done", { do: "rename", from: name, to: "/d\udcff\udcfe/\udc80" });
    assertEquals(stage.read("/d\udcff\udcfe/\udc80"), "octets");
    const selection = { ...ALL, recursive: true };
    stage.do("opened", { do: "openListing", path: "/", selection, rows: NAMES });
    const { octets } = stage.do("octets", { do: "read", length: 1000 });
    const text = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
    assertEquals(text, "d\xff\xfe\r\nd\xff\xfe/\x80\r\n");
    stage.do("done", { do: "closeFile" });
    stage.do("done", { do: "removeFile", path: "/d\udcff\udcfe/\udc80" });
  },

  "that a store cannot say are not made, and not listed": (stage) => {
    stage.fails(["badName", "notFound"], upload(REPLACE, { path: "/caf\udce9" }));
    stage.fails("badName", { do: "makeDirectory", path: "/caf\udce9" });
    stage.fails("notFound", { do: "openRead", path: "/caf\udce9", offset: 0 });
    stage.ground.write("/good", "");
    const path = `${stage.ground.root}/`;
    new Deno.Command("sh", { args: ["-c", `cd ${path} && touch "$(printf 'x\\351')"`] })
      .outputSync();
    assertEquals(stage.ground.names().length, 2);
    assertEquals(stage.list("/"), ["good"]);
    new Deno.Command("sh", { args: ["-c", `rm -r ${path}x*`] }).outputSync();
  },

  "a backslash is one like another": (stage) => {
    stage.whole(REPLACE, "content", "/a\\b");
    assertEquals(stage.list("/"), ["a\\b"]);
    assertEquals(stage.read("/a\\b"), "content");
  },
}, {
  "that are no UTF-8 are octets": { runtime: "the runtime's names are UTF-8" },
  "that a store cannot say are not made, and not listed": {
    disk: "it can say all",
    memory: "it can say all",
  },
});
