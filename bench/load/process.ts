/**
 * The load process seen from the benchmark's own: starts it once, hands it jobs, samples the
 * server when a window opens and closes, kills it. All cells of a run get their load from the same
 * process, so that its warmth is the same for all.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { LoadJob, LoadMessage, LoadResult, WindowEdge } from "./job.ts";
import { compileLoad, nativeJob, nativeMessage } from "./native.ts";
import { verifyUploads } from "./uploads.ts";

/** Which program the load is, and how it is spoken to. */
export interface LoadProgram {
  /** As the report says it. */
  readonly name: "typescript" | "c";
  /** The command that starts it. */
  readonly command: readonly string[];
  /** The command of one that goes before all others on a processor, where there is such a thing. */
  readonly first?: readonly string[];
  /** A job as it reads it, without the last line feed. */
  write(job: LoadJob): string;
  /** What a line of it says about `job`. */
  read(line: string, job: LoadJob): LoadMessage;
}

/** main.ts, which needs nothing but the runtime. */
export const TYPESCRIPT_LOAD: LoadProgram = {
  name: "typescript",
  command: [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"],
    ...["--allow-sys", "--allow-env", fromFileUrl(new URL("./main.ts", import.meta.url))],
  ],
  write: (job) => JSON.stringify(job),
  read: (line) => JSON.parse(line) as LoadMessage,
};

/** native/, compiled into `folder`; or why it cannot be had. */
export async function nativeLoad(
  folder: string,
): Promise<LoadProgram | { readonly unavailable: string }> {
  const program = join(folder, "load");
  const unavailable = await compileLoad(program);
  if (unavailable !== undefined) return { unavailable };
  const command = [program];
  const first = [program, "first"];
  return { name: "c", command, first, write: nativeJob, read: nativeMessage };
}

/** The same, for what has little to do and should do it when it is due. */
export function goingFirst(program: LoadProgram): LoadProgram {
  return { ...program, command: program.first ?? program.command };
}

/** The load process is there no more: nothing can be measured without it. */
export class LoadEnded extends Error {
  override readonly name = "LoadEnded";
}

/** A running load process. */
export class LoadProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(readonly program: LoadProgram = TYPESCRIPT_LOAD) {
    const [command, ...args] = program.command;
    this.#child = new Deno.Command(command!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The number of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Does one job; `pause` is called, and awaited while all clients stand still, when the window
   * is about to open and when it has closed; `there` before that, when everybody has logged in
   * who can. Uploads are looked at when it is over (uploads.ts). Jobs are done one at a time.
   *
   * @throws {LoadEnded} when the process has ended; what `pause` threw, once the job is over.
   */
  async run(
    job: LoadJob,
    pause: (event: WindowEdge) => void | Promise<void> = () => {},
    there: () => void = () => {},
  ): Promise<LoadResult> {
    await this.#write(this.program.write(job));
    // The job goes on to its end all the same: what it says must not meet the next one.
    let failed: { readonly error: unknown } | undefined;
    for (;;) {
      const message = this.program.read(await this.#readLine(), job);
      if (message.event === "result") {
        const errors = verifyUploads(job.groups, message);
        if (failed !== undefined) throw failed.error;
        return { ...message.result, errors };
      }
      if (message.event === "there") {
        there();
        continue;
      }
      try {
        if (failed === undefined) await pause(message.event);
      } catch (error) {
        failed = { error };
      }
      await this.#write("go");
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

  async #write(line: string): Promise<void> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    } catch {
      throw await this.#ended();
    }
  }

  async #readLine(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw await this.#ended();
      this.#rest += value;
    }
  }

  async #ended(): Promise<LoadEnded> {
    const { signal, code } = await this.#child.status;
    const how = signal === null ? `with status ${code}` : `by ${signal}`;
    return new LoadEnded(`The load process has ended ${how}`);
  }
}
