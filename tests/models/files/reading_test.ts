/**
 * Reading files and listings on every store: what is announced, what is read, in which order, and
 * how much at a time.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  LISTING_NAMES_STEP,
  LISTING_SORTED_MAX,
  LISTING_STEP,
} from "../../../models/files/limits.ts";
import type { Rows } from "../../../server/mod.ts";
import { ALL, CLOSE, NAMES, type Stage, storeTest } from "./stage.ts";

const encoder = new TextEncoder();

storeTest("reading", {
  "from an offset to the end": (stage) => {
    stage.ground.write("/file", "0123456789");
    for (const offset of [0, 4, 10]) {
      const opened = stage.do("opened", { do: "openRead", path: "/file", offset });
      assertEquals([opened.offset, opened.name, opened.stat.size], [offset, "file", 10]);
      assertEquals(stage.slot.length, 10 - offset);
      assertEquals(stage.readAll(3), "0123456789".slice(offset));
    }
    stage.fails("badOffset", { do: "openRead", path: "/file", offset: 11 });
  },

  "says with the last octets that they are the last": (stage) => {
    stage.ground.write("/file", "12345");
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(stage.do("octets", { do: "read", length: 3 }).ended, false);
    assertEquals(stage.do("octets", { do: "read", length: 2 }).ended, true);
    stage.ground.write("/empty", "");
    stage.do("opened", { do: "openRead", path: "/empty", offset: 0 });
    const { octets, ended } = stage.do("octets", { do: "read", length: 2 });
    assertEquals([octets.length, ended], [0, true]);
  },

  "of a file that grows gives no more than was announced": (stage) => {
    stage.ground.write("/file", "announced");
    stage.do("opened", { do: "openRead", path: "/file", offset: 2 });
    stage.ground.write("/file", "announced, and more");
    assertEquals(stage.readAll(4), "nounced");
  },

  "of a file that is cut fails as changed": (stage) => {
    stage.ground.write("/file", "0123456789");
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    stage.do("octets", { do: "read", length: 3 });
    stage.ground.truncate("/file", 5);
    assertEquals(stage.do("octets", { do: "read", length: 9 }).octets.length, 2);
    stage.fails("changed", { do: "read", length: 9 });
  },

  "goes on in the file that was opened, whatever becomes of its name": (stage) => {
    stage.ground.write("/file", "old");
    stage.ground.write("/new", "new");
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    stage.ground.rename("/new", "/file");
    assertEquals(stage.readAll(), "old");
    assertEquals(stage.read("/file"), "new");
  },

  "only a disk's file has a descriptor for the kernel": (stage) => {
    stage.ground.write("/file", "content");
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(stage.slot.descriptor !== undefined, isDisk(stage));
    stage.do("done", CLOSE);
    assertEquals([stage.slot.descriptor, stage.slot.length], [undefined, undefined]);
  },

  "one read gives at most 256 KiB": (stage) => {
    stage.ground.write("/file", "x".repeat(300_000));
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(stage.do("octets", { do: "read", length: 1e9 }).octets.length, 262_144);
    assertEquals(stage.do("octets", { do: "read", length: 1e9 }).octets.length, 37_856);
  },

  "by a client's buffer is the same": (stage) => {
    stage.ground.write("/file", "0123456789");
    stage.do("opened", { do: "openRead", path: "/file", offset: 1 });
    const calls: unknown[] = [];
    const client = {
      filled: (count: number, ended: boolean) => calls.push([count, ended]),
      written: () => calls.push("written"),
      fileFailed: (failure: string) => calls.push(failure),
    };
    const buffer = new Uint8Array(6);
    for (let count = 0; count < 3; count++) stage.slot.read(buffer, client);
    stage.slot.write(buffer, client);
    stage.slot.close();
    stage.slot.read(buffer, client);
    assertEquals(calls, [[6, false], [3, true], [0, true], "io", "io"]);
    assertEquals(buffer, encoder.encode("789456"));
  },

  "opening another closes the first": (stage) => {
    stage.ground.write("/one", "one");
    stage.ground.write("/two", "two");
    stage.do("opened", { do: "openRead", path: "/one", offset: 0 });
    stage.do("opened", { do: "openRead", path: "/two", offset: 0 });
    assertEquals(stage.readAll(), "two");
  },

  "what is no regular file is refused, and nobody waits": (stage) => {
    stage.ground.makeFolder("/folder");
    stage.ground.makeOther("/other");
    stage.fails("isDirectory", { do: "openRead", path: "/folder", offset: 0 });
    stage.fails("denied", { do: "openRead", path: "/other", offset: 0 });
    stage.fails("notFound", { do: "openRead", path: "/none", offset: 0 });
    stage.fails("io", { do: "read", length: 1 });
  },

  "a file open for reading takes no octets": (stage) => {
    stage.ground.write("/file", "content");
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    stage.fails("io", { do: "write", octets: encoder.encode("x") });
    stage.fails("io", { do: "commitUpload" });
    assertEquals(stage.ground.text("/file"), "content");
  },
});

function isDisk({ store }: Stage): boolean {
  return "volume" in store && store.volume?.constructor.name === "DiskVolume";
}

const YEAR_MS = 365 * 86_400_000;
const LONG: Rows = { as: "long" };
const TYPES: Rows = { as: "facts", facts: ["type"], access: "read", path: "/" };

/** Kind and name of each entry of `ls -l`. */
function kinds(lines: string[]): string[] {
  return lines.map((line) => `${line[0]} ${/ (\S+(?: -> \S+)?)$/.exec(line)![1]}`);
}

/** A folder with two files, a folder with one, and something hidden. */
function makeTree({ ground }: Stage): void {
  for (const path of ["/d", "/d/sub", "/d/.hide", "/e"]) ground.makeFolder(path);
  for (const path of ["/d/b.txt", "/d/a.txt", "/d/.dot", "/d/sub/c.txt", "/e/d.txt", "/f"]) {
    ground.write(path, path);
  }
}

storeTest("listing", {
  "every entry, sorted, whatever the reads": (stage) => {
    for (const name of ["/b", "/ä", "/a"]) stage.ground.write(name, "");
    stage.ground.makeFolder("/c");
    for (const length of [1, 7, 100_000]) {
      assertEquals(stage.list("/", {}, NAMES, length), ["a", "b", "c", "ä"]);
      assertEquals(kinds(stage.list("/", {}, LONG, length)), ["- a", "- b", "d c", "- ä"]);
    }
  },

  "the type alone is told of everything, and of a link that it is one": (stage) => {
    makeTree(stage);
    stage.ground.makeOther("/g");
    stage.ground.link("/to-d", "d");
    stage.ground.link("/to-nothing", "nothing");
    const [special, dir, file, link] = ["OS.unix=special", "dir", "file", "OS.unix=symlink"];
    const told = ["cdir; .", `${dir}; d`, `${dir}; e`, `${file}; f`, `${special}; g`]
      .concat(`${link}; to-d`, `${link}; to-nothing`)
      .map((line) => `type=${line}`);
    assertEquals(stage.list("/", { self: true }, TYPES), told);
    const reversed = stage.list("/", { reverse: true }, TYPES);
    assertEquals(reversed, told.slice(1).reverse());
    assertEquals(stage.list("/", { pattern: ["d", "s*"] }, TYPES), ["type=dir; d/sub"]);
    assertEquals(stage.list("/", { order: "time" }, TYPES).sort(), told.slice(1).sort());
  },

  "the folder itself comes first when asked for": (stage) => {
    stage.ground.write("/a", "");
    assertEquals(stage.list("/", { self: true }), [".", "a"]);
    assertEquals(stage.list("/a", { self: true }), ["single"]);
  },

  "an empty folder is an empty source": (stage) => {
    stage.do("opened", { do: "openListing", path: "/", selection: ALL, rows: NAMES });
    assertEquals(stage.slot.length, undefined);
    assertEquals(stage.readAll(), "");
  },

  "hidden entries are left out unless they are asked for": (stage) => {
    makeTree(stage);
    assertEquals(stage.list("/d", { hidden: false }), ["a.txt", "b.txt", "sub"]);
    assertEquals(stage.list("/d"), [".dot", ".hide", "a.txt", "b.txt", "sub"]);
    assertEquals(stage.list("/d", { hidden: false, pattern: [".*"] }), [".dot", ".hide"]);
    assertEquals(stage.list("/d", { hidden: false, pattern: ["*"] }), ["a.txt", "b.txt", "sub"]);
  },

  "names that nobody can ask for are left out": (stage) => {
    stage.ground.write("/a\nb", "");
    stage.ground.write("/c", "");
    assertEquals(stage.list("/"), ["c"]);
    stage.ground.makeFolder("/d\ne");
    stage.ground.write("/d\ne/inner", "");
    const lines = stage.list("/", { recursive: true }, LONG);
    assertEquals([lines.length, lines[0], kinds(lines.slice(1))], [2, ".:", ["- c"]]);
  },

  "the time of day is that of files that changed lately, by their own clock": (stage) => {
    stage.ground.write("/file", "");
    const { modifiedMs } = stage.stat("/file");
    assertMatch(stage.list("/", {}, LONG)[0]!, /\d\d:\d\d file$/);
    stage.ground.setModified("/file", modifiedMs - YEAR_MS);
    assertMatch(stage.list("/", {}, LONG)[0]!, / {2}\d{4} file$/);
  },

  "a single file is a list of one, a folder for itself too": (stage) => {
    makeTree(stage);
    assertEquals(stage.list("/f"), ["single"]);
    assertEquals(kinds(stage.list("/f", {}, LONG)), ["- f"]);
    assertEquals(kinds(stage.list("/d", { itself: true }, LONG)), ["d d"]);
    assertEquals(kinds(stage.list("/", { itself: true }, LONG)), ["d ."]);
    const selection = ALL;
    stage.fails("notFound", { do: "openListing", path: "/none", selection, rows: NAMES });
  },

  "a pattern matches component by component": (stage) => {
    makeTree(stage);
    assertEquals(stage.list("/d", { pattern: ["*.txt"] }), ["a.txt", "b.txt"]);
    assertEquals(stage.list("/d", { pattern: ["[ab].t?t"] }), ["a.txt", "b.txt"]);
    assertEquals(stage.list("/", { pattern: ["*", "*.txt"], hidden: false }), [
      "d/a.txt",
      "d/b.txt",
      "e/d.txt",
    ]);
    assertEquals(stage.list("/", { pattern: ["*", "sub", "*"] }), ["d/sub/c.txt"]);
    assertEquals(stage.list("/", { pattern: ["none*"] }), []);
    assertEquals(stage.list("/f", { pattern: ["*"] }), []);
  },

  "a pattern that is somebody's very name is that name": (stage) => {
    const { ground } = stage;
    for (const folder of ["/d", "/d/Album [2020]", "/d/Album 2"]) ground.makeFolder(folder);
    for (const file of ["Album [2020]/*", "Album [2020]/b", "Album 2/c", "[x]?", "x?"]) {
      ground.write(`/d/${file}`, "");
    }
    ground.link("/d/*.lnk", "Album [2020]");
    const rowsOf = (name: string): Rows => ({ as: "names", prefix: "d/", name: `d/${name}` });
    const listed = (name: string, selection = {}) =>
      stage.list("/d", { pattern: name.split("/"), ...selection }, rowsOf(name));
    assertEquals(listed("Album [2020]"), ["d/Album [2020]/*", "d/Album [2020]/b"]);
    assertEquals(listed("*.lnk"), ["d/*.lnk/*", "d/*.lnk/b"]);
    assertEquals(listed("Album [2020]/*"), ["d/Album [2020]/*"]);
    assertEquals(listed("Album ?/*"), ["d/Album 2/c"]);
    assertEquals(listed("[x]?"), ["d/[x]?"]);
    assertEquals(listed("Album [2020]", { itself: true }), ["d/Album [2020]"]);
    assertEquals(listed("Album [2]"), ["d/Album 2"]);
    assertEquals(listed("[x]*"), ["d/x?"]);
    assertEquals(kinds(stage.list("/d", { pattern: ["[x]?"] }, LONG)), ["- [x]?"]);
  },

  "by time: the newest first, equals by name": (stage) => {
    for (const [name, ms] of [["/a", 2e9], ["/b", 3e9], ["/c", 2e9], ["/d", 1e9]] as const) {
      stage.ground.write(name, "");
      stage.ground.setModified(name, ms);
    }
    assertEquals(stage.list("/", { order: "time" }), ["b", "a", "c", "d"]);
    assertEquals(stage.list("/", { order: "time", reverse: true }), ["d", "c", "a", "b"]);
    assertEquals(stage.list("/", { reverse: true }), ["d", "c", "b", "a"]);
  },

  "recursive: each folder below its heading": (stage) => {
    makeTree(stage);
    const lines = stage.list("/", { recursive: true, hidden: false }, LONG)
      .map((line) => line.slice(line.lastIndexOf(" ") + 1));
    assertEquals(lines.join(" "), ".: d e f  ./d: a.txt b.txt sub  ./d/sub: c.txt  ./e: d.txt");
    assertEquals(stage.list("/d", { recursive: true, hidden: false }), [
      "a.txt",
      "b.txt",
      "sub",
      "sub/c.txt",
    ]);
  },

  "recursive: links are not gone down": (stage) => {
    makeTree(stage);
    stage.ground.link("/e/up", "..");
    assertEquals(stage.list("/e", { recursive: true }), ["d.txt", "up"]);
  },

  "links are shown as such, and what they say if it leads inside": (stage) => {
    const { ground } = stage;
    makeTree(stage);
    ground.link("/e/dangling", "nowhere");
    ground.link("/e/lines", "../d\n");
    ground.makeFolder("/d\n");
    ground.link("/e/loop", "loop");
    ground.link("/e/out", `${ground.root}-outside/secret`);
    ground.link("/e/to-d", "../d");
    ground.link("/e/to-f", `${ground.root}/f`);
    ground.link("/e/to-root", ground.root);
    const untold = ["dangling", "lines", "loop", "out"].map((name) => `l ${name} -> ?`);
    const told = ["l to-d -> ../d", "l to-f -> /f", "l to-root -> /"];
    assertEquals(kinds(stage.list("/e", {}, LONG)), ["- d.txt", ...untold, ...told]);
    assertEquals(kinds(stage.list("/", { pattern: ["e", "to-f"] }, LONG)), ["l to-f -> /f"]);
    assertEquals(kinds(stage.list("/e/to-d", { itself: true }, LONG)), ["l to-d -> ../d"]);
    const rows = { as: "facts", facts: ["type"], access: "read", path: "/e" } as const;
    const links = [...untold, ...told].map((row) => row.split(" ")[1]);
    assertEquals(stage.list("/e", {}, rows), [
      "type=file; d.txt",
      ...links.map((name) => `type=OS.unix=symlink; ${name}`),
    ]);
  },

  "the row of a link has size and time of what it leads to": (stage) => {
    makeTree(stage);
    stage.ground.write("/f", "x".repeat(1234));
    stage.ground.setModified("/f", Date.UTC(2001, 1, 3));
    stage.ground.link("/to-f", "f");
    const [file, link] = stage.list("/", { pattern: ["*f"] }, LONG);
    assertEquals(link, `l${file!.slice(1)}`.replace(/f$/, "to-f -> f"));
  },

  "what is no file, folder or link is shown as a FIFO": (stage) => {
    stage.ground.makeOther("/special");
    stage.ground.link("/to-special", "special");
    assertEquals(kinds(stage.list("/", {}, LONG)), ["p special", "l to-special -> special"]);
  },

  "an entry that has gone meanwhile is left out": (stage) => {
    for (const name of ["/a", "/b", "/c"]) stage.ground.write(name, "");
    stage.do("opened", { do: "openListing", path: "/", selection: ALL, rows: LONG });
    assertEquals(stage.do("octets", { do: "read", length: 1 }).ended, false);
    stage.ground.delete("/b");
    const rest = stage.readAll();
    assertEquals(rest.includes(" b\r\n"), false);
    assert(rest.endsWith(" c\r\n"));
  },

  "one read looks at a bounded number of entries": (stage) => {
    for (let count = 0; count < 3 * LISTING_STEP; count++) stage.ground.write(`/f${count}`, "");
    for (const order of ["name", "time"] as const) {
      stage.do("opened", {
        do: "openListing",
        path: "/",
        selection: { ...ALL, order },
        rows: LONG,
      });
      let lines = 0;
      for (let reads = 0;; reads++) {
        const { octets, ended } = stage.do("octets", { do: "read", length: 1e6 });
        const count = octets.filter((octet) => octet === 10).length;
        assert(count <= LISTING_STEP || order === "time");
        lines += count;
        if (ended) {
          assert(reads >= 3, `${reads}`);
          break;
        }
        assert(reads < 100);
      }
      assertEquals(lines, 3 * LISTING_STEP);
      stage.do("done", CLOSE);
    }
  },

  "many names come unsorted, all of them, once, and some at a time": (stage) => {
    const count = LISTING_SORTED_MAX + 600;
    for (let at = 0; at < count; at++) stage.ground.write(`/${at}`, "");
    const names = stage.list("/", { order: "time" });
    assertEquals(names.length, count);
    assertEquals(new Set(names).size, count);
    for (const rows of [NAMES, TYPES]) {
      stage.do("opened", { do: "openListing", path: "/", selection: ALL, rows });
      for (let lines = 0; lines < count;) {
        const { octets } = stage.do("octets", { do: "read", length: 1e6 });
        const some = octets.filter((octet) => octet === 10).length;
        assert(some <= LISTING_NAMES_STEP, `${some} in one read`);
        lines += some;
      }
      stage.do("done", CLOSE);
    }
    stage.do("opened", { do: "openListing", path: "/", selection: ALL, rows: NAMES });
    stage.do("octets", { do: "read", length: 10 });
    stage.do("done", CLOSE);
  },

  "a long pattern has fewer names compared with it at a time": (stage) => {
    const count = 2 * LISTING_NAMES_STEP;
    for (let at = 0; at < count; at++) stage.ground.write(`/${"n".repeat(200)}${at}`, "");
    const readsFor = (pattern: string) => {
      const selection = { ...ALL, pattern: [pattern] };
      stage.do("opened", { do: "openListing", path: "/", selection, rows: NAMES });
      for (let reads = 1; reads < 100; reads++) {
        const { octets, ended } = stage.do("octets", { do: "read", length: 1e6 });
        assertEquals(octets.length, 0);
        if (ended) return reads;
      }
      throw new Error("The listing does not end");
    };
    assert(readsFor("x*") <= 3);
    assert(readsFor(`*[${"~".repeat(250)}]`) >= 8);
  },
});
