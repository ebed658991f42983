/**
 * A lesson as a test: its small experiment, of which counters and orders are looked at, never
 * times, and that it leaves nothing open.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Lesson } from "../../bench/lab/lesson.ts";
import { procUnavailable } from "../../bench/lab/stage/thread.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

/** How long threads that have ended may take to give their descriptors back, milliseconds. */
const RELEASE_MS = 2_000;

/** What lessons open: sockets, event descriptors, rings, and files in folders of their own. */
const OPENED = /^socket:|eventfd|eventpoll|io_uring|ftplab-lab-/;

/** Descriptors of lessons that are open; 0 where they cannot be seen. */
function openDescriptors(): number {
  if (procUnavailable() !== undefined) return 0;
  const targets: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      targets.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // Closed between the two calls: it was the directory's own.
    }
  }
  return targets.filter((target) => OPENED.test(target)).length;
}

/** How many are open once it is down to `before`, or does not go down that far. */
async function settled(before: number): Promise<number> {
  const deadline = performance.now() + RELEASE_MS;
  let open = openDescriptors();
  while (open > before && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    open = openDescriptors();
  }
  return open;
}

/** What a lesson measured, by name. */
export type Figures = Readonly<Record<string, number | string>>;

/** A figure that is a number. */
export function number(figures: Figures, name: string): number {
  const value = figures[name];
  if (typeof value !== "number") throw new Error(`"${name}" is ${value}`);
  return value;
}

/** Runs `lesson` small, and hands its figures to `check`. */
export function lessonTest(
  lesson: Lesson,
  criterion: string,
  check: (figures: Figures, verdict: string) => void,
  more: readonly Need[] = [],
): void {
  testWith([...SERVER_NEEDS, ...more], `lesson ${lesson.name}, small, ${criterion}`, async () => {
    const stage = { size: "small", say() {}, signal: new AbortController().signal } as const;
    const before = openDescriptors();
    const { measured, verdict } = await lesson.run(stage);
    check(Object.fromEntries(measured.map(({ name, value }) => [name, value])), verdict);
    const after = await settled(before);
    if (after <= before) return;
    // The runtime keeps what it opens at a first use; a leak leaves more each time.
    await lesson.run(stage);
    assertEquals(await settled(after), after, "descriptors left open");
  }, lesson.unavailable?.());
}
