/**
 * No circles of imports: a file can be read, understood and replaced without the files that use
 * it. Types count, since what a type names is what a reader has to know.
 *
 * @module
 */

import { importsOf } from "./imports.ts";
import type { Finding, SourceFile } from "./source.ts";

/**
 * Circles, each once and from its first file by name on: of files that are tangled in several, at
 * least one. A worker begun by URL is a program of its own and makes no circle.
 */
export function importCycles(files: readonly SourceFile[]): Finding[] {
  const targets = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const found = new Map<string, Finding>();
  /** Files from which nothing more is found. */
  const done = new Set<string>();
  for (const { path } of files) visit(path, []);
  return [...found.values()];

  function visit(path: string, trail: readonly string[]): void {
    const begin = trail.indexOf(path);
    if (begin !== -1) {
      const finding = findingOf(trail.slice(begin));
      found.set(finding.text, finding);
    } else if (!done.has(path)) {
      for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    }
  }
}

/** Files that a file of `from`, or what it reaches in turn, imports although they are `forbidden`. */
export function importReach(
  files: readonly SourceFile[],
  from: readonly string[],
  forbidden: string,
): Finding[] {
  const sources = new Map(files.map((file) => [file.path, file]));
  const waiting = [...sources.keys()].filter((path) => from.some((part) => path.startsWith(part)));
  const reached = new Set(waiting);
  const found: Finding[] = [];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const target of targetsOf(sources.get(path)!, true)) {
      if (target.startsWith(forbidden)) found.push({ path, text: `${path} reaches ${target}` });
      else if (!reached.has(target) && sources.has(target)) waiting.push(target);
      reached.add(target);
    }
  }
  return found;
}

function findingOf(circle: readonly string[]): Finding {
  const first = circle.indexOf([...circle].sort()[0]!);
  const turned = [...circle.slice(first), ...circle.slice(0, first)];
  const text = `${turned.join(" -> ")} -> ${turned[0]} is a circle of imports`;
  return { path: turned[0]!, text };
}

function targetsOf(file: SourceFile, withWorkers = false): string[] {
  if (!file.path.endsWith(".ts")) return [];
  return importsOf(file)
    .filter(({ specifier, isWorker }) => specifier.startsWith(".") && (withWorkers || !isWorker))
    .map(({ specifier }) => new URL(specifier, `file:///${file.path}`).pathname.slice(1));
}
