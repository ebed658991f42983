/**
 * The file executor on a real folder: names, links, attributes, reading, listing.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openWithRuntime } from "../../models/open_file.ts";
import type { DirectoryEntry, FileOperation } from "../../server/mod.ts";
import { type Tree, treeTest } from "./file_tree.ts";

const encoder = new TextEncoder();

/** Links in the root: inside to a file and a folder, outside to both, dangling, to itself. */
function makeLinks(tree: Tree): void {
  Deno.mkdirSync(tree.path("/folder"));
  tree.write("/folder/file", "inside");
  Deno.symlinkSync(tree.path("/folder/file"), tree.path("/to-file"));
  Deno.symlinkSync("folder", tree.path("/to-folder"));
  Deno.symlinkSync("..", tree.path("/folder/up"));
  Deno.symlinkSync(`${tree.outside}/secret`, tree.path("/out-file"));
  Deno.symlinkSync("../root-outside", tree.path("/out-folder"));
  Deno.symlinkSync("nowhere", tree.path("/dangling"));
  Deno.symlinkSync(`${tree.outside}/new`, tree.path("/out-dangling"));
  Deno.symlinkSync("loop", tree.path("/loop"));
}

/** Every operation on `path`. */
function operationsOn(path: string): FileOperation[] {
  return [
    { do: "stat", path },
    { do: "enter", path },
    { do: "chmod", path, mode: 0o600 },
    { do: "setModified", path, modifiedMs: 0 },
    { do: "openRead", path, offset: 0 },
    { do: "openDirectory", path, render: () => new Uint8Array(0) },
    { do: "makeDirectory", path },
    { do: "removeDirectory", path },
    { do: "removeFile", path },
    { do: "rename", from: path, to: "/new" },
    { do: "rename", from: "/folder/file", to: path },
    upload(path, "replace"),
    upload(path, "end"),
    upload(path, "unique"),
  ];
}

function upload(path: string, at: "replace" | "end" | "unique"): FileOperation {
  return { do: "openUpload", path, partial: `${path}.part`, start: { at }, keepPartial: true };
}

treeTest("outside the root", {
  "nothing behind a link to an outside folder is reached": (tree) => {
    makeLinks(tree);
    for (const path of ["/out-folder/secret", "/out-folder/new", "/folder/up/out-folder/secret"]) {
      for (const operation of operationsOn(path)) {
        // What is not there cannot be told from what is.
        const failures = path.endsWith("new") ? ["denied", "notFound"] : ["denied"];
        const completion = tree.do("failed", operation);
        assert(failures.includes(completion.failure), `${operation.do} ${path}`);
      }
    }
    assertEquals(tree.text("/folder/file"), "inside");
  },

  "a link to an outside file or folder itself is refused, and stays": (tree) => {
    makeLinks(tree);
    for (const path of ["/out-file", "/out-folder"]) {
      for (const operation of operationsOn(path)) {
        if (operation.do === "makeDirectory") tree.fails("exists", operation);
        else if (operation.do !== "rename" || operation.to === "/new") {
          tree.fails("denied", operation);
        }
      }
      assert(Deno.lstatSync(tree.path(path)).isSymlink);
    }
  },

  "a link to where nothing is outside makes nothing there": (tree) => {
    makeLinks(tree);
    for (const at of ["replace", "end"] as const) {
      tree.fails("notFound", upload("/out-dangling", at));
    }
    tree.fails("exists", { do: "makeDirectory", path: "/out-dangling" });
    tree.fails("notFound", { do: "openRead", path: "/out-dangling", offset: 0 });
  },

  "a name that begins like the root's is outside": (tree) => {
    Deno.symlinkSync(tree.outside, tree.path("/beside"));
    tree.fails("denied", { do: "enter", path: "/beside" });
    tree.fails("denied", { do: "stat", path: "/beside/secret" });
  },

  "the root itself is not made, removed, renamed or replaced": (tree) => {
    for (const operation of operationsOn("/")) {
      if (operation.do === "rename" && operation.to === "/") {
        tree.write("/file", "");
        tree.fails("denied", { ...operation, from: "/file" });
      } else if (
        ["stat", "enter", "openDirectory", "chmod", "setModified"].includes(operation.do)
      ) {
        continue;
      } else tree.fails(operation.do === "openRead" ? "isDirectory" : "denied", operation);
    }
  },
});

treeTest("links inside the root", {
  "are what they point to": (tree) => {
    makeLinks(tree);
    assertEquals(tree.stat("/to-file"), tree.stat("/folder/file"));
    assertEquals(tree.stat("/to-folder/up/to-folder/file"), tree.stat("/folder/file"));
    tree.do("done", { do: "enter", path: "/to-folder" });
    tree.do("opened", { do: "openRead", path: "/to-file", offset: 0 });
    assertEquals(tree.readAll(), "inside");
    tree.do("done", { do: "chmod", path: "/to-file", mode: 0o640 });
    assertEquals(tree.stat("/folder/file").mode, 0o640);
    tree.do("done", { do: "makeDirectory", path: "/to-folder/new" });
    assertEquals(tree.names("/folder"), ["file", "new", "up"]);
  },

  "are removed and renamed themselves": (tree) => {
    makeLinks(tree);
    tree.do("done", { do: "removeFile", path: "/to-file" });
    tree.fails("notDirectory", { do: "removeDirectory", path: "/to-folder" });
    tree.do("done", { do: "rename", from: "/to-folder", to: "/renamed" });
    assert(Deno.lstatSync(tree.path("/renamed")).isSymlink);
    tree.do("done", { do: "removeFile", path: "/renamed" });
    assertEquals(tree.text("/folder/file"), "inside");
  },

  "that lead nowhere are not found, and can be removed": (tree) => {
    makeLinks(tree);
    for (const path of ["/dangling", "/dangling/below"]) {
      tree.fails("notFound", { do: "stat", path });
    }
    tree.fails("notFound", { do: "openRead", path: "/dangling", offset: 0 });
    tree.fails("denied", { do: "stat", path: "/loop" });
    for (const path of ["/dangling", "/loop"]) tree.do("done", { do: "removeFile", path });
    assertEquals(tree.names().includes("dangling"), false);
  },
});

treeTest("attributes", {
  "stat tells kind, size, time, mode, owner, links": (tree) => {
    tree.write("/file", "12345");
    Deno.chmodSync(tree.path("/file"), 0o640);
    Deno.utimeSync(tree.path("/file"), 1_700_000_000, 1_700_000_000);
    Deno.linkSync(tree.path("/file"), tree.path("/same"));
    const { uid, gid } = Deno.lstatSync(tree.path("/file"));
    const { unique, ...stat } = tree.stat("/file");
    assertEquals(stat, {
      kind: "file",
      size: 5,
      modifiedMs: 1_700_000_000_000,
      mode: 0o640,
      uid: uid!,
      gid: gid!,
      links: 2,
    });
    assertEquals(tree.stat("/same").unique, unique);
    assert(tree.stat("/").unique !== unique);
    assertEquals(tree.stat("/").kind, "directory");
  },

  "chmod and setModified change them": (tree) => {
    tree.write("/file", "");
    tree.do("done", { do: "chmod", path: "/file", mode: 0o604 });
    tree.do("done", { do: "setModified", path: "/file", modifiedMs: 1_000_000_000_000 });
    const { mode, modifiedMs } = tree.stat("/file");
    assertEquals([mode, modifiedMs], [0o604, 1_000_000_000_000]);
    tree.fails("notFound", { do: "chmod", path: "/none", mode: 0o604 });
    tree.fails("notFound", { do: "setModified", path: "/none", modifiedMs: 0 });
  },

  "what is not there, or below a file, or no name, fails by its kind": (tree) => {
    tree.write("/file", "");
    tree.fails("notFound", { do: "stat", path: "/none" });
    tree.fails("notDirectory", { do: "stat", path: "/file/below" });
    tree.fails("badName", { do: "stat", path: `/${"n".repeat(300)}` });
    tree.fails("badName", { do: "makeDirectory", path: `/${"n".repeat(300)}` });
  },
});

treeTest("folders", {
  "enter takes folders only": (tree) => {
    tree.write("/file", "");
    tree.do("done", { do: "enter", path: "/" });
    tree.fails("notDirectory", { do: "enter", path: "/file" });
    tree.fails("notFound", { do: "enter", path: "/none" });
  },

  "are made once, in a folder that is there": (tree) => {
    tree.do("done", { do: "makeDirectory", path: "/a" });
    tree.do("done", { do: "makeDirectory", path: "/a/b" });
    tree.fails("exists", { do: "makeDirectory", path: "/a" });
    tree.fails("notFound", { do: "makeDirectory", path: "/none/b" });
    tree.write("/file", "");
    tree.fails("notDirectory", { do: "makeDirectory", path: "/file/b" });
  },

  "are removed when empty": (tree) => {
    Deno.mkdirSync(tree.path("/a/b"), { recursive: true });
    tree.fails("notEmpty", { do: "removeDirectory", path: "/a" });
    tree.fails("isDirectory", { do: "removeFile", path: "/a" });
    tree.do("done", { do: "removeDirectory", path: "/a/b" });
    tree.do("done", { do: "removeDirectory", path: "/a" });
    tree.fails("notFound", { do: "removeDirectory", path: "/a" });
    assertEquals(tree.names(), []);
  },
});

treeTest("names", {
  "a file is removed": (tree) => {
    tree.write("/file", "");
    tree.fails("notDirectory", { do: "removeDirectory", path: "/file" });
    tree.do("done", { do: "removeFile", path: "/file" });
    tree.fails("notFound", { do: "removeFile", path: "/file" });
  },

  "rename moves files and folders, and replaces files": (tree) => {
    tree.write("/one", "one");
    tree.write("/two", "two");
    Deno.mkdirSync(tree.path("/folder"));
    tree.do("done", { do: "rename", from: "/one", to: "/two" });
    tree.do("done", { do: "rename", from: "/two", to: "/folder/three" });
    tree.do("done", { do: "rename", from: "/folder", to: "/moved" });
    assertEquals(tree.names(), ["moved"]);
    assertEquals(tree.text("/moved/three"), "one");
  },

  "rename refuses what cannot be": (tree) => {
    tree.write("/file", "file");
    Deno.mkdirSync(tree.path("/full/inner"), { recursive: true });
    Deno.mkdirSync(tree.path("/empty"));
    tree.fails("notFound", { do: "rename", from: "/none", to: "/new" });
    tree.fails("notFound", { do: "rename", from: "/file", to: "/none/new" });
    tree.fails("isDirectory", { do: "rename", from: "/file", to: "/empty" });
    tree.fails("notDirectory", { do: "rename", from: "/empty", to: "/file" });
    tree.fails("notEmpty", { do: "rename", from: "/empty", to: "/full" });
    tree.fails("badName", { do: "rename", from: "/full", to: "/full/inner/below" });
    assertEquals(tree.names(), ["empty", "file", "full"]);
  },
});

treeTest("reading", {
  "from an offset to the end": (tree) => {
    tree.write("/file", "0123456789");
    for (const offset of [0, 4, 10]) {
      const opened = tree.do("opened", { do: "openRead", path: "/file", offset });
      assertEquals([opened.offset, opened.name, opened.stat.size], [offset, "file", 10]);
      assertEquals(tree.files.length, 10 - offset);
      assertEquals(tree.readAll(3), "0123456789".slice(offset));
    }
    tree.fails("badOffset", { do: "openRead", path: "/file", offset: 11 });
  },

  "only the C library's file has a descriptor for the kernel": (tree) => {
    tree.write("/file", "content");
    tree.do("opened", { do: "openRead", path: "/file", offset: 0 });
    const { descriptor } = tree.files;
    assertEquals(descriptor === undefined, tree.open === openWithRuntime);
    tree.do("done", { do: "closeFile" });
    assertEquals(tree.files.descriptor, undefined);
  },

  "one read gives at most 256 KiB": (tree) => {
    tree.write("/file", "x".repeat(300_000));
    tree.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(tree.do("octets", { do: "read", length: 1e9 }).octets.length, 262_144);
    assertEquals(tree.do("octets", { do: "read", length: 1e9 }).octets.length, 37_856);
  },

  "opening another closes the first": (tree) => {
    tree.write("/one", "one");
    tree.write("/two", "two");
    tree.do("opened", { do: "openRead", path: "/one", offset: 0 });
    tree.do("opened", { do: "openRead", path: "/two", offset: 0 });
    assertEquals(tree.readAll(), "two");
  },

  "what is no regular file is refused": (tree) => {
    Deno.mkdirSync(tree.path("/folder"));
    tree.fails("isDirectory", { do: "openRead", path: "/folder", offset: 0 });
    tree.fails("notFound", { do: "openRead", path: "/none", offset: 0 });
    tree.fails("io", { do: "read", length: 1 });
  },

  "a file open for reading takes no octets": (tree) => {
    tree.write("/file", "content");
    tree.do("opened", { do: "openRead", path: "/file", offset: 0 });
    tree.fails("io", { do: "write", octets: encoder.encode("x") });
    assertEquals(tree.text("/file"), "content");
  },
});

/** Renders an entry as one line of what a test looks at. */
function line({ name, kind, size }: DirectoryEntry): Uint8Array {
  return encoder.encode(`${name} ${kind} ${size}\n`);
}

function nameLine({ name }: DirectoryEntry): Uint8Array {
  return encoder.encode(`${name}\n`);
}

treeTest("listing", {
  "every entry, sorted, as it is rendered, whatever the reads": (tree) => {
    tree.write("/b", "12");
    tree.write("/ä", "123");
    tree.write("/a", "");
    Deno.mkdirSync(tree.path("/c"));
    for (const length of [1, 7, 100_000]) {
      tree.do("opened", { do: "openDirectory", path: "/", render: line });
      assertEquals(tree.files.length, undefined);
      const all = tree.readAll(length).replace(/^(c directory) \d+$/m, "$1");
      assertEquals(all, "a file 0\nb file 2\nc directory\nä file 3\n");
    }
  },

  "the folder itself comes first when asked for": (tree) => {
    tree.write("/a", "");
    tree.do("opened", { do: "openDirectory", path: "/", render: nameLine, self: true });
    assertEquals(tree.readAll(), ".\na\n");
    tree.do("opened", { do: "openDirectory", path: "/a", render: nameLine, self: true });
    assertEquals(tree.readAll(), "a\n");
  },

  "an empty folder is an empty source": (tree) => {
    tree.do("opened", { do: "openDirectory", path: "/", render: line });
    assertEquals(tree.readAll(), "");
  },

  "an entry that is rendered as nothing is left out": (tree) => {
    for (const name of ["/a", "/b", "/c"]) tree.write(name, "");
    const render = (entry: DirectoryEntry) =>
      entry.name === "b" ? new Uint8Array(0) : nameLine(entry);
    tree.do("opened", { do: "openDirectory", path: "/", render });
    assertEquals(tree.readAll(), "a\nc\n");
  },

  "a single file is a list of one": (tree) => {
    tree.write("/file", "12");
    tree.do("opened", { do: "openDirectory", path: "/file", render: line });
    assertEquals(tree.readAll(), "file file 2\n");
    tree.fails("notFound", { do: "openDirectory", path: "/none", render: line });
  },

  "names only are not looked at": (tree) => {
    tree.write("/file", "12");
    tree.do("opened", { do: "openDirectory", path: "/", render: line, namesOnly: true });
    assertEquals(tree.readAll(), "file other 0\n");
  },

  "links show what they lead to, outside of the root nothing": (tree) => {
    makeLinks(tree);
    const render = ({ name, kind }: DirectoryEntry) => encoder.encode(`${name} ${kind}\n`);
    tree.do("opened", { do: "openDirectory", path: "/", render });
    assertEquals(tree.readAll().trimEnd().split("\n"), [
      "dangling other",
      "folder directory",
      "loop other",
      "out-dangling other",
      "out-file other",
      "out-folder other",
      "to-file file",
      "to-folder directory",
    ]);
  },

  "an entry that has gone meanwhile is left out": (tree) => {
    for (const name of ["/a", "/b", "/c"]) tree.write(name, "");
    tree.do("opened", { do: "openDirectory", path: "/", render: nameLine });
    Deno.removeSync(tree.path("/b"));
    assertEquals(tree.readAll(), "a\nc\n");
  },
});
