/**
 * A tree on disk beside other programs of the machine: what who watches a folder hears of an upload
 * (inotify(7)), and what becomes of files that somebody has a lease on (fcntl(2)).
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../../child.ts";
import { absent } from "../../peers/program.ts";
import { type Need, testWith } from "../../permission.ts";
import { END, REPLACE, type Stage, storeKinds, UNIQUE, upload } from "./stage.ts";

const NEEDS: readonly Need[] = ["read", "write", "run", "ffi", "sys", "env", "net"];

/** Tells what happens to names in a folder: CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE. */
const WATCHING = `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
watch = libc.inotify_init1(0)
libc.inotify_add_watch(watch, sys.argv[1].encode(), 0x8 | 0x40 | 0x80 | 0x100 | 0x200)
print("watching", flush=True)
while True:
    events = os.read(watch, 65536)
    while events:
        _, mask, _, length = struct.unpack_from("iIII", events)
        print(mask, events[16:16 + length].rstrip(b"\\0").decode(), flush=True)
        events = events[16 + length:]
`;

/** Has a lease on a file until its input ends, and does not hear when others want it. */
const LEASING = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("leased", flush=True)
sys.stdin.read()
`;

/** What inotify calls events, by their bits. */
const EVENTS: Readonly<Record<string, string>> = {
  "8": "closed",
  "64": "moved away",
  "128": "moved here",
  "256": "made",
  "512": "removed",
};

/** What a watcher hears of the file `name` while `act` goes on. */
async function heard(stage: Stage, name: string, act: () => void): Promise<string[]> {
  const { ground } = stage;
  await using child = new Child("python3", ["-c", WATCHING, ground.root]);
  await child.stdout.match(/^watching$/m);
  act();
  ground.write("/the end", "");
  const told = await child.stdout.take(/^256 the end$/m);
  const lines = told.split("\n").map((line) => /^(\d+) (.*)$/.exec(line));
  return lines.flatMap((line) => line?.[2] === name ? [EVENTS[line[1]!]!] : []);
}

for (const kind of storeKinds().filter(({ name }) => name !== "memory")) {
  const unavailable = kind.absent ?? absent("python3");
  const onStage = async (body: (stage: Stage) => Promise<void>) => {
    const stage = kind.make();
    try {
      await body(stage);
      stage.store.close();
    } finally {
      stage.ground.remove();
    }
  };

  testWith(
    NEEDS,
    `FileStore: who watches hears last that a complete upload was closed [${kind.name}]`,
    () =>
      onStage(async (stage) => {
        const made = await heard(stage, "file", () => stage.whole(REPLACE, "new"));
        assertEquals(made, ["moved here", "closed"]);
        stage.ground.delete("/the end");
        const replaced = await heard(stage, "file", () => stage.whole(REPLACE, "newer"));
        const isExchanged = kind.name === "disk";
        const replacing = isExchanged ? ["moved away", "moved here"] : ["moved here"];
        // The old file is closed, too; of two equal events in a row inotify(7) may make one.
        const told = replaced.filter((event, index) => event !== replaced[index - 1]);
        assertEquals(told, [...replacing, "closed"]);
      }),
    unavailable,
  );
}

const disk = storeKinds().find(({ name }) => name === "disk")!;

testWith(NEEDS, "DiskVolume: a file that another program has a lease on is in use", async () => {
  const stage = disk.make();
  const { ground } = stage;
  try {
    ground.write("/file", "old");
    await using child = new Child("python3", ["-c", LEASING, `${ground.root}/file`], {
      input: true,
    });
    await child.stdout.match(/^leased$/m);
    const inUse = { kind: "failed", failure: "busy", detail: "in use" } as const;
    assertEquals(stage.perform({ do: "openRead", path: "/file", offset: 0 }), inUse);
    for (const start of [REPLACE, END]) assertEquals(stage.perform(upload(start)), inUse);
    stage.whole(UNIQUE, "another");
    await child.endInput();
    await child.ended();
    stage.whole(REPLACE, "new");
    assertEquals(ground.text("/file"), "new");
    stage.store.close();
  } finally {
    ground.remove();
  }
}, disk.absent ?? absent("python3"));
