/**
 * Disks that can less than Linux's own: no second names, locks as NFS has them, no /proc, numbers
 * that the runtime rounds. What a call answers there stands in place of the kernel's own answer.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { DiskVolume } from "../../../models/files/disk.ts";
import { nameIn } from "../../../models/files/disk_octets.ts";
import type { DiskCalls, NameCalls } from "../../../models/files/disk_types.ts";
import { runtimeStore } from "../../../models/files/runtime.ts";
import { fillFromFileInfo, fs } from "../../../models/files/runtime_calls.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { identityOf, Info } from "../../../models/files/volume.ts";
import * as c from "../../../models/libc/constants.ts";
import { FileCalls, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { missing, type Need, testWith } from "../../permission.ts";
import { DiskGround } from "./grounds.ts";
import { at, COMMIT, END, nextDescriptor, REPLACE, Stage, UNIQUE, upload } from "./stage.ts";

const NEEDS: readonly Need[] = ["read", "write", "ffi", "sys"];
const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** The calls that are answered otherwise than by the kernel. */
interface OddCalls {
  readonly names?: Partial<NameCalls>;
  readonly files?: Partial<DiskCalls>;
}

/** `target`, but for the calls in `odd`. */
function withCalls<T extends object>(target: T, odd: object = {}): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value = Reflect.get(name in odd ? odd : object, name);
      return typeof value === "function" ? value.bind(object) : value;
    },
  });
}

/** Runs `body` on a disk of such calls; nothing stays open. */
function onDisk(
  oddCalls: (names: FileCalls, files: Libc) => OddCalls,
  body: (stage: Stage) => void,
): void {
  const before = nextDescriptor();
  const ground = new DiskGround();
  const libc = new Libc();
  const calls = new FileCalls(libc.calls);
  const { names, files } = oddCalls(calls, libc);
  const volume = new DiskVolume(withCalls(libc, files), withCalls(calls, names), ground.root);
  const stage = new Stage(new VolumeStore(volume), ground);
  try {
    body(stage);
    stage.slot.close();
    stage.store.close();
    assertEquals(nextDescriptor(), before, "A descriptor was left open");
  } finally {
    ground.remove();
  }
}

/** The part of what open(2) is asked for that says whether it reads or writes. */
const O_ACCMODE = 3;

/**
 * A lock takes a file that is open for the like: a shared one for reading (flock(2)). Nobody may
 * read what is called `unreadable`.
 */
function asNfs(unreadable: string) {
  return (names: FileCalls, files: Libc): OddCalls => {
    const access = new Map<number, number>();
    return {
      names: {
        openat: (directory, path, flags, mode) => {
          const reads = (flags & c.O_PATH) === 0 && (flags & O_ACCMODE) !== c.O_WRONLY;
          if (reads && nameIn(path, 0, path.indexOf(0)) === unreadable) return -c.EACCES;
          const fd = names.openat(directory, path, flags, mode);
          access.set(fd, flags & O_ACCMODE);
          return fd;
        },
      },
      files: {
        tryLock: (fd, shared = false) => {
          const isWrong = access.get(fd) === (shared ? c.O_WRONLY : c.O_RDONLY);
          return isWrong ? -c.EBADF : files.tryLock(fd, shared);
        },
      },
    };
  };
}

testWith(NEEDS, "DiskVolume on NFS replaces, appends to, changes and removes files", () => {
  for (const name of ["readable", "unreadable"]) {
    onDisk(asNfs("unreadable"), (stage) => {
      const path = `/${name}`;
      stage.ground.write(path, "old");
      stage.whole(REPLACE, "new", path);
      assertEquals(stage.whole(END, "er", path), 3);
      assertEquals(stage.ground.text(path), "newer");
      stage.do("done", { do: "chmod", path, mode: 0o600 });
      stage.do("done", { do: "rename", from: path, to: "/elsewhere" });
      stage.do("done", { do: "removeFile", path: "/elsewhere" });
    });
  }
}, absent);

/** Uploads that take a name only if it is free; there are no links. */
function takeFreeNames(stage: Stage): void {
  const { ground } = stage;
  stage.whole(UNIQUE, "unique");
  stage.whole(END, "new", "/new");
  assertEquals([ground.text("/file"), ground.text("/new")], ["unique", "new"]);
  for (const [start, path] of [[END, "/taken"], [UNIQUE, "/taken too"]] as const) {
    stage.do("opened", upload(start, { path }));
    stage.append("mine");
    ground.write(path, "another's");
    stage.fails("exists", COMMIT);
    assertEquals(ground.text(path), "another's");
  }
}

testWith(NEEDS, "DiskVolume takes free names where files have one name only", () => {
  for (const errno of [c.EPERM, c.EOPNOTSUPP, c.ENOSYS]) {
    onDisk((names) => ({
      names: {
        linkat: () => -errno,
        renameat2: (from, path, to, newPath, flags) =>
          flags === 0 ? names.renameat2(from, path, to, newPath, 0) : -c.EINVAL,
      },
    }), takeFreeNames);
  }
}, absent);

testWith(NEEDS, "RuntimeVolume takes free names where files have one name only", () => {
  const { linkSync } = Deno;
  for (const [code, errno] of [["EPERM", 1], ["ENOTSUP", 95], ["ENOSYS", 38]] as const) {
    const ground = new DiskGround();
    const stage = new Stage(runtimeStore(ground.root), ground);
    Object.assign(Deno, {
      linkSync: () => {
        throw Object.assign(new Error(`It cannot be done (os error ${errno})`), { code });
      },
    });
    try {
      takeFreeNames(stage);
    } finally {
      Object.assign(Deno, { linkSync });
      stage.store.close();
      ground.remove();
    }
  }
});

testWith(NEEDS, "DiskVolume changes modes without /proc, of what it may read", () => {
  let mayRead = true;
  onDisk((names) => ({
    names: {
      fchmodat: () => -c.ENOENT,
      openat: (directory, path, flags, mode) =>
        mayRead || (flags & c.O_PATH) !== 0
          ? names.openat(directory, path, flags, mode)
          : -c.EACCES,
    },
  }), (stage) => {
    const { ground } = stage;
    ground.write("/file", "");
    ground.makeFolder("/folder");
    for (const path of ["/file", "/folder"]) {
      stage.do("done", { do: "chmod", path, mode: 0o750 });
      assertEquals(stage.stat(path).mode, 0o750);
    }
    stage.fails("notFound", { do: "chmod", path: "/none", mode: 0o750 });
    mayRead = false;
    stage.fails("unsupported", { do: "chmod", path: "/file", mode: 0o600 });
    assertEquals(stage.stat("/file").mode, 0o750);
  });
}, absent);

/** What comes of renameat2(2) where an exchange of two names fails with `errno`, `done` or not. */
function unexchanged(errno: number, done: boolean) {
  return (names: FileCalls): OddCalls => ({
    names: {
      renameat2: (from, path, to, newPath, flags) => {
        if (flags !== c.RENAME_EXCHANGE) return names.renameat2(from, path, to, newPath, flags);
        if (done) names.renameat2(from, path, to, newPath, flags);
        return -errno;
      },
    },
  });
}

testWith(NEEDS, "DiskVolume replaces files whose names cannot be exchanged", () => {
  for (const errno of [c.EINVAL, c.ENOSYS, c.EOPNOTSUPP, c.EXDEV, c.EPERM]) {
    onDisk(unexchanged(errno, false), (stage) => {
      stage.ground.write("/file", "old");
      stage.whole(REPLACE, "new");
      assertEquals([stage.ground.names(), stage.ground.text("/file")], [["file"], "new"]);
    });
  }
}, absent);

testWith(NEEDS, "DiskVolume does not undo an exchange that may have been made", () => {
  for (const errno of [c.EINTR, c.EIO, c.ETIMEDOUT]) {
    onDisk(unexchanged(errno, true), (stage) => {
      stage.ground.write("/file", "old");
      stage.do("opened", upload(REPLACE));
      stage.append("new");
      assertEquals(stage.do("failed", COMMIT).failure, "io");
      assertEquals(stage.ground.text("/file"), "new");
    });
  }
}, absent);

testWith(NEEDS, "DiskVolume: a file that is not to be had at the moment is in use", () => {
  const inUse = { kind: "failed", failure: "busy", detail: "in use" } as const;
  let isLeased = false, isStuck = false;
  onDisk((names, files) => ({
    names: {
      openat: (directory, path, flags, mode) =>
        isLeased && (flags & c.O_PATH) === 0
          ? -c.EAGAIN
          : names.openat(directory, path, flags, mode),
      openat2: (directory, path, flags, resolve) =>
        isLeased && (flags & c.O_PATH) === 0
          ? -c.EAGAIN
          : names.openat2(directory, path, flags, resolve),
    },
    files: {
      read: (fd, buffer) => isStuck ? -c.EAGAIN : files.read(fd, buffer),
      write: (fd, octets) => isStuck ? -c.EAGAIN : files.write(fd, octets),
    },
  }), (stage) => {
    stage.ground.write("/file", "old");
    isLeased = true;
    assertEquals(stage.perform({ do: "openRead", path: "/file", offset: 0 }), inUse);
    assertEquals(stage.perform({ do: "removeFile", path: "/file" }), inUse);
    for (const start of [REPLACE, END, at(1)]) {
      assertEquals(stage.perform(upload(start)), inUse);
    }
    isLeased = false;
    isStuck = true;
    stage.do("opened", { do: "openRead", path: "/file", offset: 0 });
    assertEquals(stage.perform({ do: "read", length: 1 }), inUse);
    stage.do("opened", upload(END));
    assertEquals(stage.perform({ do: "write", octets: new Uint8Array(1) }), inUse);
  });
}, absent);

testWith(NEEDS, "DiskVolume: what close(2) tells of an upload's octets is its end", () => {
  for (const start of [REPLACE, END, UNIQUE]) {
    let isFull = false;
    onDisk((_, files) => ({
      files: {
        close: (fd) => {
          files.close(fd);
          return isFull ? -c.EDQUOT : 0;
        },
      },
    }), (stage) => {
      stage.ground.write("/file", "old");
      stage.do("opened", upload(start));
      stage.append("new");
      isFull = true;
      stage.fails("noSpace", COMMIT);
    });
  }
}, absent);

testWith(NEEDS, "DiskVolume refuses at once to replace another's file in a sticky folder", () => {
  onDisk(() => ({ names: { geteuid: () => Deno.uid()! + 1 } }), (stage) => {
    const { ground } = stage;
    const path = "/folder/file";
    ground.makeFolder("/folder");
    ground.write(path, "old");
    ground.chmod("/folder", 0o1777);
    stage.fails("denied", upload(REPLACE, { path }));
    assertEquals(ground.names("/folder"), ["file"]);
    ground.chmod("/folder", 0o777);
    stage.whole(REPLACE, "new", path);
    assertEquals(ground.text(path), "new");
  });
}, absent);

/** Added to the numbers of files: what is below 1,024 of the sum is lost. */
const BEYOND = 2 ** 62;

testWith(NEEDS, "RuntimeVolume calls files unique only by numbers that are exact", () => {
  const { lstatSync } = Deno;
  const { statSync } = Deno.FsFile.prototype;
  const { fstatSync } = fs();
  const far = <T extends { ino: number | null }>(info: T) =>
    Object.assign(info, { ino: info.ino! + BEYOND });
  Object.assign(Deno, { lstatSync: (path: string) => far(lstatSync(path)) });
  Deno.FsFile.prototype.statSync = function () {
    return far(statSync.call(this));
  };
  Object.assign(fs(), { fstatSync: (fd: number) => far(fstatSync(fd)) });
  const ground = new DiskGround();
  try {
    const stage = new Stage(runtimeStore(ground.root), ground);
    stage.whole(REPLACE, "new");
    stage.whole(REPLACE, "newer");
    stage.whole(END, " still");
    assertEquals(stage.read("/file"), "newer still");
    assertEquals(stage.stat("/file").unique, "");
    stage.do("done", { do: "chmod", path: "/file", mode: 0o600 });
    stage.do("done", { do: "removeFile", path: "/file" });
    stage.store.close();
  } finally {
    Object.assign(Deno, { lstatSync });
    Deno.FsFile.prototype.statSync = statSync;
    Object.assign(fs(), { fstatSync });
    ground.remove();
  }
});

testWith(["read"], "Info.isSame: by the time of birth where numbers are rounded to one", () => {
  const own = Deno.lstatSync(import.meta.dirname!);
  const found = new Info();
  const [one, other] = [0, 1].map((later) => {
    const birthtime = new Date(1e12 + later);
    fillFromFileInfo(found, { ...own, ino: BEYOND, birthtime });
    return identityOf(found);
  });
  assertEquals([found.isSame(one!), found.isSame(other!)], [false, true]);
});
