/**
 * A server in a process of its own, for experiments on what a whole process uses, or that stop one.
 *
 * @module
 */

import type { WindowEdge } from "../../load/job.ts";
import {
  type ServerProcess,
  type ServerSample,
  StartError,
  startServer,
} from "../../run/server_process.ts";
import { LessonError } from "../lesson.ts";
import { until } from "./pause.ts";

/** How long a process may take to stand still, milliseconds. */
const HALT_MS_MAX = 1_000;

/** A server process, and the folder that it serves, for the length of an experiment. */
export class Apart implements AsyncDisposable {
  readonly #stop = () => void this.server.stop();

  private constructor(
    readonly server: ServerProcess,
    readonly folder: string,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", this.#stop);
  }

  /**
   * Starts one with `flags` of `serve`; aborting `signal` ends it.
   *
   * @throws {LessonError} with the reason that it gave when it does not serve.
   */
  static async start(flags: readonly string[], signal: AbortSignal): Promise<Apart> {
    signal.throwIfAborted();
    const folder = await Deno.makeTempDir({ prefix: "ftplab-lab-" });
    const subject = { kind: "model", id: "lab", title: "lab", model: "lab", flags } as const;
    try {
      const starting = startServer(subject, { root: folder, state: folder });
      const server = await inOneLine("No server", starting);
      if (signal.aborted) await server.stop();
      signal.throwIfAborted();
      return new Apart(server, folder, signal);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /**
   * What it has used since it was started, with its counters.
   *
   * @throws {LessonError} when it does not show them.
   */
  sample(edge: WindowEdge): Promise<ServerSample> {
    return inOneLine("The server does not answer", this.server.sample(edge));
  }

  /**
   * Stops it where it is; resolves when none of its threads runs any more.
   *
   * @throws {LessonError} when one goes on.
   */
  async halt(): Promise<void> {
    const { pid } = this.server;
    Deno.kill(pid, "SIGSTOP");
    if (!await until(() => standsStill(pid), HALT_MS_MAX, this.signal)) {
      throw new LessonError("The server does not stop");
    }
  }

  /** Lets it go on where it was. */
  goOn(): void {
    Deno.kill(this.server.pid, "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener("abort", this.#stop);
    await this.server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What a server is to do: a lesson's reader is told in one line that it did not, and why. */
async function inOneLine<T>(failure: string, doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    if (error instanceof StartError) throw new LessonError(`${failure}: ${error.message}`);
    throw error;
  }
}

/** Whether all threads of `pid` are stopped, by the kernel's books (proc(5)). */
function standsStill(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return [...Deno.readDirSync(tasks)].every(({ name }) =>
    /^State:\s+T/m.test(Deno.readTextFileSync(`${tasks}/${name}/status`))
  );
}
