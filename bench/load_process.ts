/**
 * The load process seen from the benchmark's own: starts it once, hands it jobs, kills it. All
 * cells of a run get their load from the same process, so that its warmth is the same for all.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import type { LoadJob, LoadResult } from "./load/job.ts";

/** A running load process. */
export class LoadProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-ffi",
        "--allow-read",
        "--allow-write",
        "--allow-sys",
        "--allow-env",
        fromFileUrl(new URL("./load/main.ts", import.meta.url)),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Does one job. Jobs are done one at a time: the next begins after this one's result.
   *
   * @throws {Error} when the process has ended.
   */
  async run(job: LoadJob): Promise<LoadResult> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(job) + "\n"));
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line) as LoadResult;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The load process has ended");
      this.#rest += value;
    }
  }

  /** Ends the process, whatever it does. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already, for example by the interrupt that ends this run.
    }
    await this.#reader.cancel();
    await this.#writer.abort().catch(() => {});
    await this.#child.status;
  }
}
