/**
 * A disk whose n-th call fails, for n = 1, 2, ... until a story completes: whatever the call and
 * the error, no descriptor stays open, the outside is untouched, and the slot goes on to serve.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DiskVolume } from "../../../models/files/disk.ts";
import type { NameCalls } from "../../../models/files/disk_types.ts";
import { RuntimeVolume } from "../../../models/files/runtime.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import type { Volume } from "../../../models/files/volume.ts";
import * as c from "../../../models/libc/constants.ts";
import { FileCalls, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import * as s from "../../../models/libc/structs.ts";
import { ServeError } from "../../../models/model.ts";
import { missing, testWith } from "../../permission.ts";
import { DiskGround, type Ground, MemoryGround } from "./grounds.ts";
import {
  ALL,
  at,
  CLOSE,
  COMMIT,
  END,
  nextDescriptor,
  REPLACE,
  Stage,
  UNIQUE,
  upload,
} from "./stage.ts";

/** More calls than any story makes: the sweep ends before. */
const CALLS_MAX = 400;

/** What cannot fail: descriptors are closed whatever close(2) says, and a clock tells its time. */
const UNTOUCHED: readonly PropertyKey[] = [
  "close",
  "closeFile",
  "closeNames",
  "descriptor",
  "now",
  "release",
  "top",
];

/** Fails one call of an object, counted over all that share it. */
class Fault {
  calls = 0;

  constructor(readonly nth: number, readonly errno: number) {}

  /** The same object, whose nth call answers -errno without being made. */
  around<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const value = Reflect.get(object, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (!UNTOUCHED.includes(name) && ++this.calls === this.nth) return -this.errno;
          return Reflect.apply(value, object, given);
        };
      },
    });
  }
}

/** What is done to a tree; each step may fail. */
function story(stage: Stage): void {
  const upto = (start: Parameters<typeof upload>[0], path: string) => {
    if (stage.perform(upload(start, { path })).kind === "failed") return;
    stage.perform({ do: "write", octets: new Uint8Array(10) });
  };
  stage.perform({ do: "makeDirectory", path: "/a" });
  stage.perform({ do: "enter", path: "/a" });
  upto(REPLACE, "/a/file");
  stage.perform(COMMIT);
  upto(REPLACE, "/a/file");
  stage.perform(COMMIT);
  upto(END, "/a/file");
  stage.perform(COMMIT);
  upto(at(3), "/a/other");
  upto(REPLACE, "/a/other");
  stage.perform(CLOSE);
  upto(at(3), "/a/other");
  stage.perform(COMMIT);
  upto(UNIQUE, "/a/file");
  stage.perform(COMMIT);
  stage.perform({ do: "openRead", path: "/link/file", offset: 3 });
  stage.perform({ do: "read", length: 100 });
  stage.perform({ do: "stat", path: "/link" });
  stage.perform({
    do: "openListing",
    path: "/",
    selection: { ...ALL, recursive: true },
    rows: LONG,
  });
  for (let reads = 0; reads < 9; reads++) stage.perform({ do: "read", length: 100 });
  stage.perform({ do: "chmod", path: "/a/file", mode: 0o600 });
  stage.perform({ do: "setModified", path: "/a/file", modifiedMs: 0 });
  stage.perform({ do: "rename", from: "/a/file", to: "/a/b" });
  stage.perform({ do: "removeFile", path: "/a/b" });
  stage.perform({ do: "removeDirectory", path: "/a" });
  stage.slot.close();
  for (let steps = 0; steps < 9 && !stage.store.sweep(0, 0).ended; steps++);
}

const LONG = { as: "long" } as const;

/** Tells the story with each call failing in turn; how many there were. */
function sweepCalls(
  errno: number,
  stageWith: (fault: Fault, ground: Ground) => Stage,
  make: () => Ground,
) {
  for (let nth = 1; nth < CALLS_MAX; nth++) {
    const ground = make();
    const fault = new Fault(nth, errno);
    try {
      ground.link("/link", `${ground.root}/a`);
      const before = nextDescriptor();
      let stage: Stage;
      try {
        stage = stageWith(fault, ground);
      } catch (error) {
        assert(error instanceof ServeError && error.message.startsWith("Cannot open"));
        assertEquals(nextDescriptor(), before, `call ${nth}`);
        continue; // a store that cannot be opened says so
      }
      story(stage);
      assert(fault.calls < nth || stage.whole(REPLACE, "served", "/after") === 0);
      stage.store.close();
      assertEquals(nextDescriptor(), before, `call ${nth} left a descriptor open`);
      ground.assertOutside();
      if (fault.calls < nth) return nth;
    } finally {
      ground.remove();
    }
  }
  throw new Error("The story does not end");
}

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

for (const [name, errno] of Object.entries({ EIO: c.EIO, ENOSPC: c.ENOSPC, EMFILE: c.EMFILE })) {
  testWith(
    ["read", "write", "ffi", "sys"],
    `DiskVolume: each call fails in turn with ${name}, and nothing is left open`,
    () => {
      const calls = sweepCalls(errno, (fault, { root }) => {
        const libc = new Libc();
        const disk = fault.around(libc);
        return new Stage(
          new VolumeStore(new DiskVolume(disk, fault.around(new FileCalls(libc.calls)), root)),
          { root } as Ground,
        );
      }, () => new DiskGround());
      assert(calls > 100);
    },
    absent,
  );
}

/** Each kind of volume, for stories in which a step of it fails. */
const VOLUMES = {
  disk: (root: string) => new DiskVolume(new Libc(), new FileCalls(new Libc().calls), root),
  runtime: (root: string) => new RuntimeVolume(root),
};

for (const [name, make] of Object.entries(VOLUMES)) {
  testWith(
    ["read", "write", "ffi", "sys"],
    `FileStore: each step of a volume fails in turn, and nothing is left open [${name}]`,
    () => {
      const calls = sweepCalls(c.EIO, (fault, ground) => {
        const volume = make(ground.root) as Volume<object, object, object>;
        return new Stage(new VolumeStore(fault.around(volume)), ground);
      }, () => new DiskGround());
      assert(calls > 100);
    },
    absent,
  );
}

Deno.test("FileStore: each step of a volume fails in turn, and its tree stays whole [memory]", () => {
  const calls = sweepCalls(c.EIO, (fault, ground) => {
    const { volume } = ground as MemoryGround;
    return new Stage(new VolumeStore(fault.around(volume)), ground);
  }, () => new MemoryGround());
  assert(calls > 100);
});

/** A stage whose volume answers `errno` where `fails` says so. */
function refusing(
  ground: MemoryGround,
  fails: (name: PropertyKey, given: unknown[]) => number | undefined,
): Stage {
  const volume = new Proxy(ground.volume, {
    get: (object, name) => {
      const value = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const errno = fails(name, given);
        return errno === undefined ? Reflect.apply(value, object, given) : -errno;
      };
    },
  });
  return new Stage(new VolumeStore(volume), ground);
}

Deno.test("FileStore: a file that may not be written to is not replaced, and nothing is begun", () => {
  const ground = new MemoryGround();
  ground.write("/file", "root's");
  const stage = refusing(
    ground,
    (name, given) => name === "open" && given[2] === "modify" ? c.EACCES : undefined,
  );
  for (const start of [REPLACE, END]) stage.fails("denied", upload(start));
  assertEquals([ground.names(), ground.text("/file")], [["file"], "root's"]);
});

Deno.test("FileStore: a file system that knows no locks keeps nobody out", () => {
  for (const errno of [c.ENOLCK, c.ENOSYS, c.EOPNOTSUPP]) {
    const ground = new MemoryGround();
    const stage = refusing(ground, (name) => name === "lock" ? errno : undefined);
    for (const text of ["new", "newer"]) stage.whole(REPLACE, text);
    stage.whole(END, " still");
    assertEquals(ground.text("/file"), "newer still");
    stage.do("done", { do: "chmod", path: "/file", mode: 0o600 });
    stage.do("done", { do: "setModified", path: "/file", modifiedMs: 0 });
    stage.do("done", { do: "rename", from: "/file", to: "/elsewhere" });
    stage.do("done", { do: "removeFile", path: "/elsewhere" });
  }
});

Deno.test("FileStore: a file that comes while an appending upload is opened is appended to", () => {
  const ground = new MemoryGround();
  let comes = true;
  const stage = refusing(ground, (name, given) => {
    if (!comes || name !== "open" || given[2] !== "createNew") return undefined;
    comes = false;
    ground.write("/file", "first ");
    return undefined;
  });
  assertEquals(stage.whole(END, "second"), 6);
  assertEquals([ground.names(), ground.text("/file")], [["file"], "first second"]);
});

Deno.test("FileStore: a quota or a size limit is a want of room, and the partial file goes", () => {
  for (const errno of [c.ENOSPC, c.EDQUOT, c.EFBIG]) {
    const ground = new MemoryGround();
    let full = false;
    const stage = refusing(ground, (name) => full && name === "write" ? errno : undefined);
    stage.do("opened", upload(REPLACE));
    stage.append("half");
    full = true;
    stage.fails("noSpace", { do: "write", octets: new Uint8Array(1) });
    stage.do("done", CLOSE);
    assertEquals(ground.names(), []);
  }
});

Deno.test("FileStore: an upload whose partial file goes while it is opened leaves no empty one", () => {
  const ground = new MemoryGround();
  ground.write("/.file.ftplab-part", "half");
  const stage = refusing(ground, (name) => {
    if (name === "open") { for (const part of ground.names()) ground.delete(`/${part}`); }
    return undefined;
  });
  stage.fails("badOffset", upload(at(4)));
  assertEquals(ground.names(), []);
});

testWith(
  ["read", "write", "ffi", "sys"],
  "DiskVolume without openat2 walks component by component, as safely",
  () => {
    for (const errno of [c.ENOSYS, c.EPERM]) {
      const ground = new DiskGround();
      const libc = new Libc();
      const files = new FileCalls(libc.calls);
      const names = new Proxy(files, {
        get: (object, name) => {
          if (name === "openat2") return () => -errno;
          const value = Reflect.get(object, name);
          return typeof value === "function" ? value.bind(object) : value;
        },
      });
      const stage = new Stage(new VolumeStore(new DiskVolume(libc, names, ground.root)), ground);
      ground.makeFolder("/a");
      ground.link("/in", "a");
      ground.link("/out", "../root-outside");
      stage.whole(REPLACE, "content", "/in/file");
      assertEquals(stage.read("/a/file"), "content");
      assertEquals(stage.list("/in"), ["file"]);
      stage.fails("denied", { do: "openRead", path: "/out/secret", offset: 0 });
      stage.fails("denied", { do: "openRead", path: "/../root-outside/secret", offset: 0 });
      stage.fails("denied", upload(REPLACE, { path: "/out/new" }));
      stage.store.close();
      ground.assertOutside();
      ground.remove();
    }
  },
  absent,
);

testWith(
  ["read", "write", "ffi", "sys"],
  "DiskVolume asks again when a folder was renamed on the way, and not for ever",
  () => {
    const ground = new DiskGround();
    ground.write("/file", "content");
    const libc = new Libc();
    const files = new FileCalls(libc.calls);
    let times = 5;
    const names = new Proxy(files, {
      get: (object, name) => {
        const value = Reflect.get(object, name);
        if (name === "openat2" && times > 0) return () => (times--, -c.EAGAIN);
        return typeof value === "function" ? value.bind(object) : value;
      },
    });
    times = 0;
    const stage = new Stage(new VolumeStore(new DiskVolume(libc, names, ground.root)), ground);
    times = 5;
    assertEquals(stage.read("/file"), "content");
    times = 1e9;
    stage.fails("busy", { do: "openRead", path: "/file", offset: 0 });
    stage.store.close();
    ground.remove();
  },
  absent,
);

testWith(
  ["read", "write", "ffi", "sys"],
  "DiskVolume holds nothing of another device behind an operation: that could not be unmounted",
  () => {
    for (const isMounted of [false, true]) {
      const ground = new DiskGround();
      ground.makeFolder("/folder");
      const libc = new Libc();
      const files = new FileCalls(libc.calls);
      let devices = 0;
      const statx: NameCalls["statx"] = (directory, path, flags) => {
        const result = files.statx(directory, path, flags);
        files.stat[s.STATX_DEV_MINOR]! += devices;
        return result;
      };
      const names = new Proxy(files, {
        get: (object, name) => {
          if (name === "statx") return statx;
          const value = Reflect.get(object, name);
          return typeof value === "function" ? value.bind(object) : value;
        },
      });
      const stage = new Stage(new VolumeStore(new DiskVolume(libc, names, ground.root)), ground);
      if (isMounted) devices = 1;
      const before = nextDescriptor();
      stage.do("done", { do: "enter", path: "/folder" });
      assertEquals(nextDescriptor() === before, isMounted);
      stage.store.close();
      ground.remove();
    }
  },
  absent,
);
