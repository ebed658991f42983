/**
 * Rules of lessons as tests: on figures that confirm, that refute, and that decide nothing.
 * lessons_refuted_test.ts has the figures.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Lesson, Verdict } from "../../bench/lab/lesson.ts";

/** A lesson's own rule, on figures made up here. */
interface Ruled<F extends readonly unknown[]> {
  readonly lesson: Lesson;
  readonly verdictOf: (...found: F) => Verdict;
}

/** Names of lessons whose rule was seen to confirm and to refute. */
export const tried = new Set<string>();

/** Registers a test: `holds` is confirmed, each of `against` is refuted. */
export function ruled<F extends readonly unknown[]>(
  { lesson, verdictOf }: Ruled<F>,
  holds: F,
  ...against: readonly F[]
): void {
  tried.add(lesson.name);
  Deno.test(`lesson ${lesson.name} can be confirmed, and refuted`, () => {
    assertEquals(verdictOf(...holds), "confirmed");
    assert(against.length > 0);
    for (const found of against) assertEquals(verdictOf(...found), "refuted");
  });
}

/** `holds`, and the same with each of `changes` for itself: a rule over one record. */
export function changed<F extends object>(
  rule: Ruled<readonly [F]>,
  holds: F,
  ...changes: readonly Partial<F>[]
): void {
  ruled(rule, [holds], ...changes.map((change): readonly [F] => [{ ...holds, ...change }]));
}

/** Registers a test: none of `found` decides anything. */
export function undecided<F extends readonly unknown[]>(
  { lesson, verdictOf }: Ruled<F>,
  ...found: readonly F[]
): void {
  Deno.test(`lesson ${lesson.name} leaves a near miss undecided`, () => {
    for (const each of found) assertEquals(verdictOf(...each), "inconclusive");
  });
}
