/**
 * A served folder on disk for tests of the file executor, with an outside that must stay untouched,
 * on both ways of opening files.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Files } from "../../models/files.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { type OpenFunction, openWithLibc, openWithRuntime } from "../../models/open_file.ts";
import type { Completion, Failure, FileOperation, FileStat } from "../../server/mod.ts";
import { missing, type Need, testWith } from "../permission.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A way to open files, by the name that test names show. */
interface Opener {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly absent?: string;
  make(): OpenFunction;
}

const NEEDS: readonly Need[] = ["read", "write", "sys"];

function openers(): Opener[] {
  const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();
  return [
    { name: "runtime", needs: NEEDS, make: () => openWithRuntime },
    {
      name: "libc",
      needs: [...NEEDS, "ffi"],
      ...(absent === undefined ? {} : { absent }),
      make: () => openWithLibc(new Libc()),
    },
  ];
}

/** The number that the next descriptor gets: higher than before, and something was left open. */
function nextDescriptor(): number {
  if (missing(["ffi"]).length > 0 || unavailableReason() !== undefined) return -1;
  const libc = new Libc();
  const fd = libc.eventfd();
  libc.close(fd);
  return fd;
}

/** One connection's executor over `root`. */
export class Tree {
  readonly files: Files;

  constructor(readonly root: string, readonly outside: string, readonly open: OpenFunction) {
    this.files = new Files(root, open);
  }

  /** The executor of another connection over the same folder, opened by `open`. */
  other(open = this.open): Tree {
    return new Tree(this.root, this.outside, open);
  }

  /** The real path of a virtual one. */
  path(virtual: string): string {
    return this.root + virtual;
  }

  /** Makes a file. */
  write(virtual: string, content: string): void {
    Deno.writeTextFileSync(this.path(virtual), content);
  }

  /** The content of a file. */
  text(virtual: string): string {
    return Deno.readTextFileSync(this.path(virtual));
  }

  /** The names in a folder, sorted. */
  names(virtual = "/"): string[] {
    return Array.from(Deno.readDirSync(this.path(virtual)), ({ name }) => name).sort();
  }

  /** Carries `operation` out, which must answer with `kind`. */
  do<K extends Completion["kind"]>(kind: K, operation: FileOperation) {
    const completion = this.files.perform(operation);
    assertEquals(completion.kind, kind, JSON.stringify({ operation, completion }));
    return completion as Extract<Completion, { kind: K }>;
  }

  /** Carries `operation` out, which must fail with `failure` and a word about why. */
  fails(failure: Failure, operation: FileOperation): void {
    const completion = this.do("failed", operation);
    assertEquals(completion.failure, failure, JSON.stringify({ operation, completion }));
    assert(completion.detail !== "" && !completion.detail.includes(this.root), completion.detail);
  }

  stat(path: string): FileStat {
    return this.do("stat", { do: "stat", path }).stat;
  }

  /** Reads the file slot to its end, `length` octets at a time, and closes it. */
  readAll(length = 100_000): string {
    const parts: Uint8Array[] = [];
    for (;;) {
      const { octets } = this.do("octets", { do: "read", length });
      if (octets.length === 0) break;
      parts.push(octets.slice());
    }
    this.do("done", { do: "closeFile" });
    return parts.map((part) => decoder.decode(part, { stream: true })).join("");
  }

  /** Appends to the upload in the file slot. */
  append(text: string): void {
    this.do("done", { do: "write", octets: encoder.encode(text) });
  }
}

/** Registers the cases of `subject` for both ways of opening files. */
export function treeTest(
  subject: string,
  cases: Readonly<Record<string, (tree: Tree) => void>>,
): void {
  for (const opener of openers()) {
    testWith(opener.needs, `Files, ${subject} [${opener.name}]`, async (context) => {
      for (const [name, run] of Object.entries(cases)) {
        await context.step(name, () => inFolder(opener.make(), run));
      }
    }, opener.absent);
  }
}

/** Runs `run` in a served folder of its own, beside a folder with a secret in it. */
function inFolder(open: OpenFunction, run: (tree: Tree) => void): void {
  const parent = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-files-" }));
  try {
    // The outside's name begins like the root's: a check by prefix alone would let it in.
    const [root, outside] = [`${parent}/root`, `${parent}/root-outside`];
    Deno.mkdirSync(root);
    Deno.mkdirSync(outside);
    Deno.writeTextFileSync(`${outside}/secret`, "secret");
    const tree = new Tree(root, outside, open);
    const before = nextDescriptor();
    run(tree);
    tree.files.close();
    assertEquals(nextDescriptor(), before, "A descriptor was left open");
    const left = Array.from(Deno.readDirSync(outside), ({ name }) => name);
    assertEquals(left, ["secret"], "The outside was touched");
    assertEquals(Deno.readTextFileSync(`${outside}/secret`), "secret");
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
}
