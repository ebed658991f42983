/**
 * A command line of this project in a process of its own: what it writes to either stream, the
 * signals that it gets, its exit status. A child that says nothing for too long is killed, with all
 * that it started, so that no test waits for ever.
 *
 * @module
 */

import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { processTree } from "../bench/run/process_figures.ts";

/** A guard: who has said nothing for so long, while nobody began to wait for it, is stuck. */
const PATIENCE_MS = 60_000;

/** What `deno task serve` grants, whatever the model. */
export function servePermissions(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  const words: string[] = tasks.serve.command.split(" ");
  return words.filter((word) => word.startsWith("--allow-"));
}

/** One output stream, as far as it has come. */
class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";
  #taken = 0;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** `heard` is called when something comes, and when somebody begins to wait for it. */
  constructor(stream: ReadableStream<Uint8Array>, readonly heard: () => void) {
    this.#reader = stream.getReader();
    this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { value } = await this.#reader.read();
      if (value === undefined) break;
      this.#text += decoder.decode(value, { stream: true });
      this.#change();
    }
    this.#ended = true;
    this.#change();
  }

  #change(): void {
    this.heard();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** All that was written so far. */
  get text(): string {
    return this.#text;
  }

  /** Resolves with the first match in all that is written, from the beginning. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    this.heard();
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) return match;
      assert(!this.#ended, `The child ended without ${pattern}: "${this.#text}"`);
      await this.#changed.promise;
    }
  }

  /** Resolves with what is written and not taken yet, up to the end of the first match in it. */
  async take(pattern: RegExp): Promise<string> {
    this.heard();
    for (;;) {
      const match = pattern.exec(this.#text.slice(this.#taken));
      if (match !== null) {
        const from = this.#taken;
        this.#taken += match.index + match[0].length;
        return this.#text.slice(from, this.#taken);
      }
      assert(!this.#ended, `The child ended without ${pattern}: "${this.#text}"`);
      await this.#changed.promise;
    }
  }

  /** Resolves with all of it when the stream has ended. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#changed.promise;
    return this.#text;
  }

  /** Ends it, whoever may still hold the other end open. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** How a child is started. */
export interface ChildOptions {
  readonly permissions?: readonly string[];
  readonly cwd?: string;
  /** Its standard input is for `type` and `endInput`; else there is none. */
  readonly input?: boolean;
  /** A program that runs its arguments, for main.ts. */
  readonly wrapper?: readonly string[];
  /** The runtime's program, for main.ts. Default: the one that runs this. */
  readonly runtime?: string;
}

/** A process of main.ts, or of another program. */
export class Child implements AsyncDisposable {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly pid: number;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(program: string, args: readonly string[], { cwd, input }: ChildOptions = {}) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      env: { NO_COLOR: "1" },
      stdin: input ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    this.#input = input ? this.#process.stdin.getWriter() : undefined;
    const heard = () => this.#wait();
    this.stdout = new Output(this.#process.stdout, heard);
    this.stderr = new Output(this.#process.stderr, heard);
    this.#wait();
  }

  /** Is patient from now on. */
  #wait(): void {
    clearTimeout(this.#patience);
    if (this.#isOver) return;
    this.#patience = setTimeout(() => this.#end(), PATIENCE_MS);
  }

  /**
   * Kills it and all that it started, as far as that still is its own: what a killed tracer or a
   * killed benchmark leaves behind runs on, and holds the streams open.
   */
  async #end(): Promise<void> {
    const [, ...started] = processTree(this.pid);
    this.kill("SIGKILL");
    for (const pid of started) killIfThere(pid);
    // What nobody finds any more holds up no test.
    await Promise.all([this.stdout.cancel(), this.stderr.cancel()]);
  }

  /** Runs `main.ts` with `args`. */
  static main(args: readonly string[], options: ChildOptions = {}): Child {
    const { permissions = servePermissions(), wrapper = [], runtime = Deno.execPath() } = options;
    const main = fromFileUrl(new URL("../main.ts", import.meta.url));
    const command = [runtime, "run", "--quiet", "--no-prompt", ...permissions, main];
    const [program, ...rest] = [...wrapper, ...command, ...args];
    return new Child(program!, rest, options);
  }

  /** Runs `main.ts serve` with `flags`. */
  static serve(flags: readonly string[], options: ChildOptions = {}): Child {
    return Child.main(["serve", ...flags], options);
  }

  /** The line that says that it serves, with the host and port in it. */
  async serving(): Promise<
    { readonly line: string; readonly host: string; readonly port: number }
  > {
    const [line, host, port] = await this.stdout.match(
      /^ftplab: serving \S+ on (.+):(\d+), model .*$/m,
    );
    return { line, host: host!.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
  }

  /** Types a line on its standard input. */
  async type(line: string): Promise<void> {
    await this.#input!.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#input!.close();
  }

  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
  }

  /** Resolves when it has ended and nobody can write to its streams, with all that it wrote. */
  async ended(): Promise<{ code: number; signal: string | null; stdout: string; stderr: string }> {
    this.#wait();
    const [{ code, signal }, stdout, stderr] = await Promise.all([
      this.#process.status,
      this.stdout.end(),
      this.stderr.end(),
    ]);
    this.#isOver = true;
    clearTimeout(this.#patience);
    return { code, signal, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.#end();
    await this.ended();
    await this.#input?.close().catch(() => {}); // closed already, or nobody reads any more
  }
}

/** Kills a process that may be at its end, or gone, already. */
export function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether there is such a process, be it one that nobody has reaped yet. */
export function isThere(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

/** Whether it runs: one that nobody has reaped yet does not (proc_pid_stat(5)). */
export function runs(pid: number): boolean {
  try {
    return !/^.*\) Z/s.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}
