/**
 * The server as a user starts it: `deno task serve` in a process of its own, with its standard
 * input, its output and its exit status.
 *
 * @module
 */

import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ROOT = new URL("../", import.meta.url);

/** What a program that was waited for to say something may say before; more is a loop. */
const OUTPUT_CHARACTERS_MAX = 1_000_000;

/** The command behind a task of deno.json, permissions and all, without the shell around it. */
export function taskCommand(task: string, args: readonly string[], cwd?: string): Deno.Command {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const [program, ...words]: string[] = tasks[task].command.split(" ");
  assert(program === "deno", `The task "${task}" does not begin with deno`);
  const main = fromFileUrl(new URL("main.ts", ROOT));
  return new Deno.Command(Deno.execPath(), {
    args: [...words.map((word) => word === "main.ts" ? main : word), ...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
}

/** A process of `deno task serve`. */
export class ServeProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #output = "";
  #ended = false;
  #status: Promise<Deno.CommandStatus> | undefined;

  /** Starts it with these flags, in the folder `cwd`. */
  constructor(args: readonly string[], cwd: string) {
    this.#child = taskCommand("serve", args, cwd).spawn();
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    this.#reader = this.#child.stdout.pipeThrough(decoder).getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  /** Waits until the output matches, and returns all of it up to the end of the match. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) {
        const end = match.index + match[0].length;
        const said = this.#output.slice(0, end);
        this.#output = this.#output.slice(end);
        return said;
      }
      assert(!this.#ended, `Ended before it said ${pattern}: ${this.#output}`);
      assert(this.#output.length < OUTPUT_CHARACTERS_MAX, `Too much but ${pattern}`);
      await this.#read();
    }
  }

  /** Waits for the line that says it serves, and returns it with its port. */
  async serving(): Promise<{ readonly line: string; readonly port: number }> {
    const line = (await this.until(/^ftplab: serving .*\n/)).trimEnd();
    return { line, port: Number(/:(\d+), model /.exec(line)![1]) };
  }

  /** Types a line on its standard input. */
  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#writer.close();
  }

  /** Sends SIGINT; returns the exit status and what was left of the output. */
  async stop(): Promise<{ readonly code: number; readonly output: string }> {
    if (this.#status === undefined) this.#child.kill("SIGINT");
    this.#status ??= this.#child.status;
    while (!this.#ended) await this.#read();
    const { code } = await this.#status;
    return { code, output: this.#output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#writer.close().catch(() => {}); // closed already, or nobody reads any more
  }

  async #read(): Promise<void> {
    const { value, done } = await this.#reader.read();
    if (done) this.#ended = true;
    else this.#output += value;
  }
}
