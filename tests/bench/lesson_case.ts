/**
 * A lesson as a test: its small experiment, of which counters and orders are looked at, never
 * times, and that it leaves nothing open and nobody running.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Lesson } from "../../bench/lab/lesson.ts";
import { procUnavailable } from "../../bench/lab/stage/thread.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

/** How long threads and processes that end may take to give back what they hold, milliseconds. */
const RELEASE_MS = 2_000;

/** What lessons open: sockets, pipes, events, rings, and files in folders of their own. */
const OPENED = /^(socket|pipe):|eventfd|eventpoll|timerfd|signalfd|io_uring|ftplab-lab-/;

/** Threads of Workers, by the runtime's name and by those that models give theirs. */
const WORKER = /^worker-\d+$|^[a-z]+ \d+$/;

/** What lessons hold: descriptors, threads, processes; nothing where it cannot be seen. */
function held(): string[] {
  if (procUnavailable() !== undefined) return [];
  const descriptors = listed("/proc/self/fd", (path) => Deno.readLinkSync(path));
  const threads = listed("/proc/self/task", (path) => Deno.readTextFileSync(`${path}/comm`).trim());
  const children = listed("/proc/self/task", (path) => Deno.readTextFileSync(`${path}/children`))
    .flatMap((line) => line.split(" ").filter((pid) => pid !== "").map((pid) => `process ${pid}`));
  return [
    ...descriptors.filter((target) => OPENED.test(target)),
    ...threads.filter((name) => WORKER.test(name)),
    ...children,
  ];
}

/** What `read` says of each entry of a folder below /proc that is still there. */
function listed(folder: string, read: (path: string) => string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    try {
      return [read(`${folder}/${name}`)];
    } catch {
      return []; // gone between the two calls: the directory's own descriptor, a thread that ended
    }
  });
}

/** What is held once that is no more than `count`, or does not become so few. */
async function settled(count: number): Promise<string[]> {
  const deadline = performance.now() + RELEASE_MS;
  let now = held();
  while (now.length > count && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    now = held();
  }
  return now;
}

/** Does `work`, a second time if that left something, and then nothing more may be left. */
export async function leavesNothing(work: () => Promise<void>): Promise<void> {
  const before = held();
  await work();
  const after = await settled(before.length);
  if (after.length <= before.length) return;
  // The runtime keeps what it opens at a first use; a leak leaves more each time.
  await work();
  const again = await settled(after.length);
  const fresh = again.filter((one) => !before.includes(one));
  assert(again.length <= after.length, `${again.length} held, new are ${fresh.join(", ")}`);
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
    await leavesNothing(async () => {
      const { measured, verdict } = await lesson.run(stage);
      check(Object.fromEntries(measured.map(({ name, value }) => [name, value])), verdict);
    });
  }, lesson.unavailable?.());
}
