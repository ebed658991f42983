/**
 * What one thread of this process has used, from the kernel's own books in /proc (proc(5)): a
 * worker of a model can so be looked at while the threads beside it, clients and all, do not count.
 *
 * @module
 */

import { LessonError } from "../lesson.ts";

const TASKS = "/proc/self/task";

/** A thread's account since it was started. */
export interface ThreadUse {
  /** Time on a processor. */
  readonly cpuMs: number;
  /** Times that it gave the processor away, because it had to wait. */
  readonly voluntary: number;
  /** Times that the processor was taken from it. */
  readonly involuntary: number;
}

/** Why threads cannot be looked at here, in one sentence, or undefined when they can. */
export function procUnavailable(): string | undefined {
  try {
    Deno.readTextFileSync(`${TASKS}/${Deno.pid}/schedstat`);
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable
      ? "it reads /proc, which needs --allow-all"
      : "it reads /proc/self/task, which is not on this system";
  }
}

/**
 * The account of the youngest thread called `name`: workers are called by model and number, for
 * example "blocking 0".
 *
 * @throws {LessonError} when there is none.
 */
export function threadUse(name: string): ThreadUse {
  const ids = Array.from(Deno.readDirSync(TASKS), ({ name }) => Number(name));
  const id = ids.sort((one, other) => other - one).find((id) => read(id, "comm") === `${name}\n`);
  if (id === undefined) throw new LessonError(`No thread is called "${name}"`);
  const status = read(id, "status");
  const count = (field: string) =>
    Number(new RegExp(`^${field}:\\s*(\\d+)$`, "m").exec(status)![1]);
  return {
    cpuMs: Number(read(id, "schedstat").split(" ")[0]) / 1e6,
    voluntary: count("voluntary_ctxt_switches"),
    involuntary: count("nonvoluntary_ctxt_switches"),
  };
}

/** One of a thread's files; "" when it ended in the meantime. */
function read(id: number, file: string): string {
  try {
    return Deno.readTextFileSync(`${TASKS}/${id}/${file}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
