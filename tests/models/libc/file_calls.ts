/**
 * Every call on names in a directory once, for the test that counts calls.
 *
 * @module
 */

import * as c from "../../../models/libc/constants.ts";
import { type CallName, FileCalls, type Libc } from "../../../models/libc/mod.ts";
import type { Loopback } from "../loopback.ts";

const encoder = new TextEncoder();

/** In an order in which none of them fails; there is the file "file" in `folder`. */
export function eachFileCall(libc: Libc, loopback: Loopback, folder: string) {
  const files = new FileCalls(libc.calls);
  const path = (text: string) => encoder.encode(`${text}\0`);
  const root = loopback.open(
    files.openat(c.AT_FDCWD, path(folder), c.O_RDONLY | c.O_DIRECTORY, 0),
  );
  const file = loopback.open(files.openat(root, path("file"), c.O_RDONLY, 0));
  Deno.symlinkSync("file", `${folder}/link`);
  return {
    openat: () => loopback.open(files.openat(root, path("file"), c.O_RDONLY, 0)),
    openat2: () => loopback.open(files.openat2(root, path("file"), 0, c.RESOLVE_BENEATH)),
    statx: () => files.statx(root, path("file"), c.AT_SYMLINK_NOFOLLOW),
    readlinkat: () => files.readlinkat(root, path("link"), new Uint8Array(9)),
    mkdirat: () => files.mkdirat(root, path("made"), 0o777),
    linkat: () => files.linkat(root, path("file"), root, path("second")),
    renameat2: () => files.renameat2(root, path("second"), root, path("third"), 0),
    unlinkat: () => files.unlinkat(root, path("third"), 0),
    fchmodat: () => files.fchmodat(root, path("file"), 0o600),
    fchmod: () => files.fchmod(file, 0o640),
    geteuid: () => files.geteuid(),
    fchown: () => files.fchown(file, Deno.uid()!, Deno.gid()!),
    utimensat: () => files.setModified(root, path("file"), 1_000.5),
    fstatfs: () => files.free(root),
    getdents64: () => files.getdents(root, new Uint8Array(1024), 1024n),
  } satisfies Partial<Record<CallName, () => number>>;
}
