/**
 * A served tree for the suite over the file stores: on disk by descriptor, on disk through the
 * runtime, in memory. On disk it has an outside that must stay untouched.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { FileSlot, FileStore } from "../../../models/files/contract.ts";
import { diskStore } from "../../../models/files/disk.ts";
import { runtimeStore } from "../../../models/files/runtime.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { Libc, unavailableReason } from "../../../models/libc/mod.ts";
import type {
  Completion,
  Failure,
  FileOperation,
  FileStat,
  Rows,
  Selection,
  UploadStart,
} from "../../../server/mod.ts";
import { missing, type Need, testWith } from "../../permission.ts";
import { DiskGround, type Ground, MemoryGround } from "./grounds.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Every entry, by name. */
export const ALL: Selection = {
  pattern: [],
  hidden: true,
  partials: true,
  itself: false,
  recursive: false,
  order: "name",
  reverse: false,
  self: false,
};

/** Names and nothing else. */
export const NAMES: Rows = { as: "names", prefix: "", name: "single" };

export const REPLACE: UploadStart = { at: "replace" };
export const END: UploadStart = { at: "end" };
export const UNIQUE: UploadStart = { at: "unique" };
export const COMMIT: FileOperation = { do: "commitUpload" };
export const CLOSE: FileOperation = { do: "closeFile" };

/** A start at an offset. */
export function at(offset: number): UploadStart {
  return { at: "offset", offset };
}

/** An upload to `path` by way of its partial name. */
export function upload(
  start: UploadStart,
  more: { path?: string; keepPartial?: boolean; expected?: number } = {},
) {
  const { path = "/file", ...rest } = more;
  const slash = path.lastIndexOf("/");
  const partial = `${path.slice(0, slash)}/.${path.slice(slash + 1)}.ftplab-part`;
  return { do: "openUpload", path, partial, start, keepPartial: true, ...rest } as const;
}

/** One connection's slot. */
export class Stage {
  readonly slot: FileSlot;

  constructor(readonly store: FileStore, readonly ground: Ground) {
    this.slot = store.slot();
  }

  /** The slot of another connection to the same store. */
  other(): Stage {
    return new Stage(this.store, this.ground);
  }

  /** Carries `operation` out, which must answer with `kind`. */
  do<K extends Completion["kind"]>(kind: K, operation: FileOperation) {
    const completion = this.perform(operation);
    assertEquals(completion.kind, kind, JSON.stringify({ operation, completion }));
    return completion as Extract<Completion, { kind: K }>;
  }

  /** Carries `operation` out. */
  perform(operation: FileOperation): Completion {
    const completions: Completion[] = [];
    this.slot.perform(operation, (completion) => completions.push(completion));
    assertEquals(completions.length, 1);
    return completions[0]!;
  }

  /** Carries `operation` out, which must fail with one of `failures` and a word about why. */
  fails(failures: Failure | readonly Failure[], operation: FileOperation): void {
    const completion = this.do("failed", operation);
    const expected = typeof failures === "string" ? [failures] : failures;
    assert(expected.includes(completion.failure), JSON.stringify({ operation, completion }));
    assert(completion.detail !== "" && !completion.detail.includes("/"), completion.detail);
  }

  stat(path: string): FileStat {
    return this.do("stat", { do: "stat", path }).stat;
  }

  /** Reads the file slot to its end, `length` octets at a time, and closes it. */
  readAll(length = 100_000): string {
    const parts: Uint8Array[] = [];
    for (let reads = 0;; reads++) {
      assert(reads < 1_000_000);
      const { octets, ended } = this.do("octets", { do: "read", length });
      parts.push(octets.slice());
      if (ended) break;
    }
    this.do("done", CLOSE);
    return parts.map((part) => decoder.decode(part, { stream: true })).join("");
  }

  /** The lines of a listing. */
  list(path: string, selection: Partial<Selection> = {}, rows = NAMES, length = 100_000): string[] {
    this.do("opened", {
      do: "openListing",
      path,
      selection: { ...ALL, ...selection },
      rows,
    });
    const lines = this.readAll(length).split("\r\n");
    assertEquals(lines.pop(), "");
    return lines;
  }

  /** Reads a file as a whole. */
  read(path: string): string {
    this.do("opened", { do: "openRead", path, offset: 0 });
    return this.readAll();
  }

  /** Appends to the upload in the file slot. */
  append(text: string): void {
    this.do("done", { do: "write", octets: encoder.encode(text) });
  }

  /** Opens an upload, appends `text`, commits; the offset at which it began. */
  whole(start: UploadStart, text: string, path = "/file"): number {
    const { offset } = this.do("opened", upload(start, { path }));
    this.append(text);
    this.do("done", COMMIT);
    return offset;
  }
}

/** A kind of store, by the name that test names show. */
export interface StoreKind {
  readonly name: "disk" | "runtime" | "memory";
  readonly needs: readonly Need[];
  readonly absent?: string;
  make(): Stage;
}

const NEEDS: readonly Need[] = ["read", "write", "run", "sys"];

/** Every kind of store. */
export function storeKinds(): StoreKind[] {
  const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();
  return [
    {
      name: "disk",
      needs: [...NEEDS, "ffi"],
      ...(absent === undefined ? {} : { absent }),
      make: () => {
        const ground = new DiskGround();
        return new Stage(diskStore(new Libc(), ground.root), ground);
      },
    },
    {
      name: "runtime",
      needs: NEEDS,
      make: () => {
        const ground = new DiskGround();
        return new Stage(runtimeStore(ground.root), ground);
      },
    },
    { name: "memory", needs: [], make: memoryStage },
  ];
}

function memoryStage(): Stage {
  const ground = new MemoryGround();
  return new Stage(new VolumeStore(ground.volume), ground);
}

/** What a kind of store cannot show, and why: by the names of cases. */
export type Skips = Readonly<Record<string, Partial<Record<StoreKind["name"], string>>>>;

/** The number that the next descriptor gets: higher than before, and something was left open. */
export function nextDescriptor(): number {
  if (missing(["ffi"]).length > 0 || unavailableReason() !== undefined) return -1;
  const libc = new Libc();
  const fd = libc.eventfd();
  libc.close(fd);
  return fd;
}

/** Registers the cases of `subject` for every kind of store. */
export function storeTest(
  subject: string,
  cases: Readonly<Record<string, (stage: Stage) => void>>,
  skips: Skips = {},
): void {
  for (const kind of storeKinds()) {
    testWith(kind.needs, `FileStore, ${subject} [${kind.name}]`, async (context) => {
      for (const [name, run] of Object.entries(cases)) {
        const reason = skips[name]?.[kind.name];
        await context.step({
          name: reason === undefined ? name : `${name} (skipped: ${reason})`,
          ignore: reason !== undefined,
          fn: () => onStage(kind, run),
        });
      }
    }, kind.absent);
  }
}

/** Runs `run` on a stage of its own; nothing stays open, nothing outside is touched. */
function onStage(kind: StoreKind, run: (stage: Stage) => void): void {
  const before = nextDescriptor();
  const stage = kind.make();
  try {
    run(stage);
    stage.slot.close();
    stage.store.close();
    assertEquals(nextDescriptor(), before, "A descriptor was left open");
    stage.ground.assertOutside();
  } finally {
    stage.ground.remove();
  }
}

/** Every operation on `path`; a rename to it is one of `other`. */
export function operationsOn(path: string, other: string): FileOperation[] {
  return [
    { do: "stat", path },
    { do: "enter", path },
    { do: "chmod", path, mode: 0o600 },
    { do: "setModified", path, modifiedMs: 0 },
    { do: "openRead", path, offset: 0 },
    { do: "openListing", path, selection: ALL, rows: NAMES },
    { do: "makeDirectory", path },
    { do: "removeDirectory", path },
    { do: "removeFile", path },
    { do: "rename", from: path, to: "/new" },
    { do: "rename", from: other, to: path },
    upload(REPLACE, { path }),
    upload(END, { path }),
    upload(UNIQUE, { path }),
  ];
}
