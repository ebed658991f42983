/**
 * Disks that can less than Linux's own: no second names, locks as NFS has them, no /proc. What a
 * call answers there stands in place of the kernel's own answer.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { DiskVolume } from "../../../models/files/disk.ts";
import { nameIn } from "../../../models/files/disk_octets.ts";
import type { DiskCalls, NameCalls } from "../../../models/files/disk_types.ts";
import { runtimeStore } from "../../../models/files/runtime.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import * as c from "../../../models/libc/constants.ts";
import { FileCalls, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { missing, type Need, testWith } from "../../permission.ts";
import { DiskGround } from "./grounds.ts";
import { COMMIT, END, nextDescriptor, REPLACE, Stage, UNIQUE, upload } from "./stage.ts";

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
