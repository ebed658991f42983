/**
 * The three kinds of store told the same random story: each operation must be answered alike, and
 * leave the same tree. A seed names a story, so that one which finds a difference can be told again.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { missing, type Need, testWith } from "../../permission.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import type { Completion, FileOperation, UploadStart } from "../../../server/mod.ts";
import {
  ALL,
  at,
  CLOSE,
  COMMIT,
  END,
  REPLACE,
  Stage,
  storeKinds,
  UNIQUE,
  upload,
} from "./stage.ts";

const STORIES = 150;
const STEPS = 80;

/** Times that a story sets lie before it, and so differ from those that writing sets. */
const SET_MS_MAX = 1e12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Numbers that look random, and are the same for the same seed (xorshift32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 >>> 0 || 1;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** Few names, so that they meet. */
const COMPONENTS = ["a", "b", "a", "link", "out", ".b.ftplab-part", "up"];

function pathOf(random: Random): string {
  const depth = 1 + random.below(3);
  let path = "";
  for (let count = 0; count < depth; count++) path += `/${random.pick(COMPONENTS)}`;
  return random.below(20) === 0 ? "/" : path;
}

function startOf(random: Random): UploadStart {
  return random.pick([REPLACE, REPLACE, END, UNIQUE, at(random.below(6))]);
}

function operationOf(random: Random): FileOperation {
  const path = pathOf(random);
  const recursive = random.below(2) === 0;
  const reverse = random.below(2) === 0;
  const operations: readonly (() => FileOperation)[] = [
    () => ({ do: "stat", path }),
    () => ({ do: "enter", path }),
    () => ({ do: "makeDirectory", path }),
    () => ({ do: "makeDirectory", path }),
    () => ({ do: "removeDirectory", path }),
    () => ({ do: "removeFile", path }),
    () => ({ do: "rename", from: path, to: pathOf(random) }),
    () => ({ do: "chmod", path, mode: random.below(0o10000) | 0o700 }),
    () => ({ do: "setModified", path, modifiedMs: random.below(SET_MS_MAX / 1000) * 1000 }),
    () => ({ do: "openRead", path, offset: random.below(4) }),
    () => ({ do: "openListing", path, selection: { ...ALL, recursive, reverse }, rows: NAMES }),
    () => upload(startOf(random), { path, keepPartial: random.below(3) > 0 }),
    () => upload(startOf(random), { path, keepPartial: random.below(3) > 0 }),
    () => ({ do: "write", octets: encoder.encode("octets".slice(0, 1 + random.below(6))) }),
    () => ({ do: "write", octets: encoder.encode("more") }),
    () => ({ do: "read", length: 1 + random.below(50) }),
    () => COMMIT,
    () => COMMIT,
    () => CLOSE,
  ];
  return random.pick(operations)();
}

const NAMES = { as: "names", prefix: "", name: "single" } as const;

/** What two stores must answer alike: no inode, no time that was not set, no owner. */
function told(completion: Completion): unknown {
  switch (completion.kind) {
    case "failed":
      return completion.failure;
    case "stat":
    case "opened": {
      const { kind, size, mode, links, modifiedMs } = completion.stat;
      const time = modifiedMs < SET_MS_MAX ? modifiedMs : "lately";
      const stat = kind === "file" ? [kind, size, mode, links, time] : [kind, mode];
      return completion.kind === "stat" ? stat : [stat, completion.offset, completion.name];
    }
    case "octets":
      return [decoder.decode(completion.octets), completion.ended];
    default:
      return completion.kind;
  }
}

/** The whole tree as text. */
function treeOf(stage: Stage): string[] {
  const rows = { as: "long" } as const;
  return stage.list("/", { recursive: true }, rows).map((line) => {
    const name = line.slice(line.lastIndexOf(" ") + 1);
    return `${line.slice(0, 10)} ${name}`;
  });
}

const NEEDS: readonly Need[] = ["read", "write", "run", "sys", "ffi"];
const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

testWith(NEEDS, "FileStore: disk, runtime and memory tell a random story alike", () => {
  for (let seed = 1; seed <= STORIES; seed++) tellStory(seed);
}, absent);

function tellStory(seed: number): void {
  const random = new Random(seed);
  const stages = storeKinds().map((kind) => kind.make());
  const slots = stages.map((stage) => [stage, stage.other()] as const);
  const isUploading = [false, false];
  try {
    for (const { ground } of stages) {
      ground.setModified("/", 0);
      ground.makeFolder("/a");
      ground.write("/b", "begun");
      ground.link("/link", "a");
      ground.link("/a/link", `${ground.root}/b`);
      ground.link("/a/up", "..");
      ground.link("/out", "../root-outside");
    }
    for (let step = 0; step < STEPS; step++) {
      const operation = operationOf(random);
      const who = random.below(2);
      // The runtime knows an upload's folder by its path only: it is not moved meanwhile.
      if (operation.do === "rename" && isUploading.includes(true)) continue;
      const answers = slots.map((pair) => {
        const answer = pair[who]!.perform(operation);
        if (/^(?:open|close|commit)/.test(operation.do)) {
          isUploading[who] = operation.do === "openUpload" && answer.kind === "opened";
        }
        const isListing = operation.do === "openListing" && answer.kind === "opened";
        // When names are read, at the opening or later, is each store's own affair.
        return isListing ? [told(answer), pair[who]!.readAll(20)] : told(answer);
      });
      const where = `story ${seed}, step ${step}: ${JSON.stringify(operation)}`;
      assertEquals(answers[1], answers[0], `${where} [runtime, disk]`);
      assertEquals(answers[2], answers[0], `${where} [memory, disk]`);
    }
    for (const pair of slots) pair.forEach(({ slot }) => slot.close());
    const trees = stages.map(treeOf);
    assertEquals(trees[1], trees[0], `the tree of story ${seed} [runtime, disk]`);
    assertEquals(trees[2], trees[0], `the tree of story ${seed} [memory, disk]`);
    stages.forEach(({ store }) => store.close());
    for (const { ground } of stages) ground.assertOutside();
  } finally {
    for (const { ground } of stages) ground.remove();
  }
}
