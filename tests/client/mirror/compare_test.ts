/**
 * Two trees in, a plan out.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type CompareOptions, compareTrees } from "../../../client/mirror/compare.ts";
import { describeAction } from "../../../client/mirror/mod.ts";
import { foldPath, type Node, type Tree } from "../../../client/mirror/tree.ts";

const PLAIN: CompareOptions = { by: "time", remove: false, sparse: false };

const dir: Node = { kind: "directory" };
const link: Node = { kind: "link" };
const file = (size: number, seconds = 0, resolutionMs = 1_000): Node => ({
  kind: "file",
  size,
  modifiedMs: seconds * 1_000,
  resolutionMs,
});

function tree(nodes: Record<string, Node>, partial: string[] = []): Tree {
  return { nodes: new Map(Object.entries(nodes)), partial: new Set(partial), faults: [] };
}

function plan(
  source: Record<string, Node>,
  target: Record<string, Node>,
  options: Partial<CompareOptions> = {},
  partial: string[] = [],
): string[] {
  return compareTrees(tree(source), tree(target, partial), { ...PLAIN, ...options })
    .map((step) => step.kind === "check" ? `check ${step.path}` : describeAction(step, "down"));
}

Deno.test("compareTrees makes directories first, from above, and removes last, from below", () => {
  assertEquals(
    plan(
      { b: dir, "b/c": dir, "b/c/x": file(1), a: file(1) },
      { old: dir, "old/deep": dir, "old/deep/y": file(1), "old/z": link },
      { remove: true },
    ),
    [
      "mkdir b",
      "mkdir b/c",
      "get a (new)",
      "get b/c/x (new)",
      "rm old/z",
      "rm old/deep/y",
      "rmdir old/deep",
      "rmdir old",
    ],
  );
});

Deno.test("compareTrees removes nothing unless it is told to", () => {
  assertEquals(plan({}, { a: file(1) }), []);
});

Deno.test("compareTrees tells files apart by size, then by time", () => {
  const source = { grown: file(2), same: file(1), newer: file(1, 9), older: file(1, 1) };
  const target = { grown: file(1), same: file(1), newer: file(1, 5), older: file(1, 5) };
  const by = (by: CompareOptions["by"]) => plan(source, target, { by });
  assertEquals(by("time"), [
    "get grown (another size)",
    "get newer (another time)",
    "get older (another time)",
    "keep same",
  ]);
  assertEquals(by("newer"), [
    "get grown (another size)",
    "get newer (another time)",
    "keep older",
    "keep same",
  ]);
  assertEquals(by("size"), ["get grown (another size)", "keep newer", "keep older", "keep same"]);
});

Deno.test("compareTrees replaces nothing by what is not newer, if told so", () => {
  const sized: Node = { kind: "file", size: 2 };
  const source = { grown: file(2, 1), new: file(1), newer: file(2, 9), same: file(2, 5), sized };
  const there = file(1, 5);
  const target = { grown: there, newer: there, same: there, sized: there };
  const options = { by: "newer", onlyNewer: true } as const;
  assertEquals(plan(source, target, options), [
    "keep grown",
    "get new (new)",
    "get newer (another size)",
    "keep same",
    "get sized (another size)",
  ]);
  assertEquals(plan(source, target, { ...options, asksTime: () => true }), [
    "check grown",
    "get new (new)",
    "check newer",
    "check same",
    "check sized",
  ]);
});

Deno.test("compareTrees compares times no finer than both sides tell them", () => {
  const minute = file(1, 60, 60_000);
  assertEquals(plan({ a: minute }, { a: file(1, 119) }), ["keep a"]);
  assertEquals(plan({ a: minute }, { a: file(1, 120) }), ["get a (another time)"]);
  assertEquals(plan({ a: minute }, { a: file(1, 120) }, { asksTime: () => true }), ["check a"]);
  assertEquals(plan({ a: file(1, 0, 86_400_000) }, { a: file(1, 86_399) }), ["keep a"]);
  assertEquals(plan({ a: { kind: "file", size: 1 } }, { a: file(1, 5) }), ["keep a"]);
});

Deno.test("compareTrees copies what has no size to go by", () => {
  assertEquals(plan({ a: { kind: "file" } }, { a: file(1) }), ["get a (another size)"]);
});

Deno.test("compareTrees goes through no link and replaces none", () => {
  assertEquals(
    plan({ a: dir, "a/b": dir, "a/b/c": file(1), f: file(1) }, { a: link, f: link }, {
      remove: true,
    }),
    [
      "refuse a (a link has its name there, and links are not followed)",
      "refuse f (a link has its name there, and links are not followed)",
    ],
  );
});

Deno.test("compareTrees puts no directory in the place of a file, nor the other way", () => {
  assertEquals(
    plan({ a: dir, "a/x": file(1), b: file(1) }, { a: file(1), b: dir, "b/y": file(1) }, {
      remove: true,
    }),
    ["refuse a (a file has its name there)", "refuse b (a directory has its name there)"],
  );
});

Deno.test("compareTrees skips links and devices of the source, and keeps their names there", () => {
  assertEquals(
    plan({ a: link, b: { kind: "other" } }, { a: file(1), b: file(1) }, { remove: true }),
    ["skip a (a link)", "skip b (neither file nor directory)"],
  );
});

Deno.test("compareTrees leaves what is below a link or a device of the source, on both sides", () => {
  for (const kind of ["link", "other"] as const) {
    const target = { a: dir, "a/b": dir, "a/b/x": file(1), "a/y": file(1), z: file(1) };
    assertEquals(plan({ a: { kind } }, target, { remove: true }).slice(1), ["rm z"]);
  }
});

Deno.test("compareTrees leaves a link out that a filter does, and what has its name there", () => {
  const takesLink = (path: string) => !path.endsWith("docs");
  const [source, target] = [{ docs: link, x: link }, { docs: dir, "docs/a": file(1), z: file(1) }];
  const options = { remove: true, takesLink };
  assertEquals(plan(source, target, options), ["skip x (a link)", "rm z"]);
  assertEquals(plan({}, { d: dir, "d/docs": link, x: link }, options), ["rm x"]);
  assertEquals(plan({ docs: dir }, { docs: link }, options), [
    "refuse docs (a link has its name there, and links are not followed)",
  ]);
});

Deno.test("compareTrees refuses names that cannot be used, with all below them", () => {
  const bad: Node = { kind: "directory", fault: "it has a backslash" };
  assertEquals(plan({ "..\\x": bad, ok: file(1) }, {}), [
    "refuse ..\\x (it has a backslash)",
    "get ok (new)",
  ]);
});

Deno.test("compareTrees removes no directory that still has something in it", () => {
  assertEquals(
    plan({}, { a: dir, "a/b": dir, "a/c": file(1) }, { remove: true }, ["", "a", "a/b"]),
    [
      "rm a/c",
    ],
  );
  assertEquals(
    plan({ "a.avi": file(1) }, { "a.avi": file(1), "a.avi.part": file(1), "b.part": file(1) }, {
      remove: true,
      partsOf: (path) => [`${path}.part`],
    }),
    ["keep a.avi", "rm b.part"],
  );
});

Deno.test("compareTrees refuses a file whose part would be another file of the source", () => {
  const source = { "a": file(1), "a.part": file(1), "b": file(1), "b.part": file(1) };
  const partsOf = (path: string) => [`${path}.part`];
  assertEquals(plan(source, { b: file(1) }, { partsOf }), [
    'refuse a (until it is complete it would be "a.part")',
    "get a.part (new)",
    "keep b",
    "get b.part (new)",
  ]);
});

Deno.test("compareTrees makes no directory without a wanted file, if told so", () => {
  assertEquals(
    plan({ a: dir, "a/b": dir, "a/b/x": file(1), empty: dir }, {}, { sparse: true }),
    ["mkdir a", "mkdir a/b", "get a/b/x (new)"],
  );
});

Deno.test("compareTrees removes no empty directory that takes no part", () => {
  const target = { a: dir, "a/b": dir, "a/b/x": file(1), c: dir, "c/d": dir, "c/y": file(1) };
  const takesEmpty = (path: string) => path.startsWith("e");
  assertEquals(
    plan({}, { ...target, e: dir, "e/f": dir, z: dir }, { remove: true, takesEmpty }),
    ["rmdir e/f", "rmdir e", "rm c/y", "rm a/b/x", "rmdir a/b", "rmdir a"],
  );
});

Deno.test("compareTrees leaves the content of files of one size to be asked for", () => {
  const target = { a: file(1), b: file(1) };
  assertEquals(plan({ a: file(1, 9), b: file(2) }, target, { by: "content" }), [
    "check a",
    "get b (another size)",
  ]);
});

Deno.test("compareTrees refuses the second of two names that are one to the target", () => {
  assertEquals(
    plan({ "A": dir, "A/x": file(1), "a": dir, "a/y": file(1) }, {}, {
      fold: (path) => path.toLowerCase(),
    }),
    ["mkdir A", "get A/x (new)", 'refuse a (to this system it is the same name as "A")'],
  );
});

Deno.test("compareTrees tells of new names that the target may take for each other", () => {
  const twins = (source: Record<string, Node>, target: Record<string, Node>) =>
    compareTrees(tree(source), tree(target), PLAIN)
      .map((action) => [action.path, action.kind === "copy" ? action.twin : action.kind]);
  const source = { A: file(1), a: file(1), b: file(1), D: dir, "D/x": file(1), "d": dir };
  assertEquals(twins({ ...source, "d/X": file(1) }, { b: file(1) }), [
    ["D", "makeDirectory"],
    ["d", "makeDirectory"],
    ["A", "a"],
    ["D/x", "d/X"],
    ["a", "A"],
    ["b", "keep"],
    ["d/X", "D/x"],
  ]);
  // Where both are there, they are two.
  assertEquals(twins({ A: file(2), a: file(2) }, { A: file(1), a: file(1) }), [
    ["A", undefined],
    ["a", undefined],
  ]);
});

Deno.test("compareTrees leaves every time to be asked for where listings tell no seconds", () => {
  const files = { a: file(1, 0, 60_000), b: { kind: "file", size: 1 } } as const;
  const target = { a: file(1), b: file(1) };
  assertEquals(plan(files, target, { asksTime: () => true }), ["check a", "check b"]);
  assertEquals(plan(files, target, { asksTime: () => true, by: "newer" }), ["check a", "check b"]);
  assertEquals(plan(files, target, { asksTime: () => true, by: "size" }), ["keep a", "keep b"]);
  assertEquals(plan(files, { a: file(2) }, { asksTime: () => true }), [
    "get a (another size)",
    "get b (new)",
  ]);
});

/** Names in another case, and in the letters and marks that some file systems make of letters. */
const TWINS: readonly (readonly [string, string])[] = [
  ["Readme.txt", "README.txt"],
  ["d/caf\u00e9", "d/cafe\u0301"],
  ["D/x", "d/x"],
  ["\u039f\u0394\u039f\u03a3.TXT", "\u03bf\u03b4\u03bf\u03c2.txt"],
  ["\u03c3", "\u03c2"],
  ["Stadt", "\u017ftadt"],
  ["\u00b5", "\u03bc"],
  ["stra\u00dfe", "STRASSE"],
  ["STRA\u1e9eE", "stra\u00dfe"],
];

for (const [source, target] of TWINS) {
  Deno.test(`compareTrees removes nothing that may be what it copied: ${source}, ${target}`, () => {
    assertEquals(
      plan({ [source]: file(2) }, { [target]: file(1), old: file(1) }, { remove: true }),
      [
        `get ${source} (new)`,
        "rm old",
      ],
    );
  });

  Deno.test(`compareTrees finds ${source} as ${target} where they are one`, () => {
    const there = { [target]: file(1) };
    const options = { remove: true, fold: foldPath };
    assertEquals(plan({ [source]: file(1) }, there, options), [`keep ${source}`]);
    assertEquals(plan({ [source]: file(2) }, there, options), [`get ${source} (another size)`]);
    assertEquals(plan({ [source]: file(1, 9) }, there, { ...options, asksTime: () => true }), [
      `check ${source}`,
    ]);
  });
}

Deno.test("compareTrees removes what only the target has of a directory in another case", () => {
  const source = { Films: dir, Links: link };
  const target = { films: dir, "films/x": file(1), links: dir, "links/y": file(1) };
  assertEquals(plan(source, target, { remove: true, fold: foldPath }), [
    "skip Links (a link)",
    "rm films/x",
  ]);
});

Deno.test("compareTrees knows a part by any case where that is one", () => {
  const partsOf = (path: string) => [`${path}.part`];
  const source = { a: file(1), "A.PART": file(1) };
  assertEquals(plan(source, {}, { partsOf, fold: foldPath }), [
    "get A.PART (new)",
    'refuse a (until it is complete it would be "a.part")',
  ]);
  assertEquals(plan({ a: file(1) }, { a: file(1), "A.PART": file(1) }, { partsOf, remove: true }), [
    "keep a",
  ]);
});
