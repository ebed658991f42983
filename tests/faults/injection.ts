/**
 * Lets system calls of a running server fail, by strace(1) attached to it: the fault is the
 * kernel's own as far as the server can tell. For the tests of faults only; it slows the server
 * down while it is attached.
 *
 * @module
 */

import { assert } from "@std/assert";
import { lacking } from "./process.ts";

/** Why faults cannot be injected here, or undefined when they can. */
export function uninjectable(): string | undefined {
  return lacking(
    "strace",
    "-qq",
    "-e",
    "inject=getppid:error=EPERM:when=1",
    "-o",
    "/dev/null",
    "true",
  );
}

/** How long strace may take to detach: a guard, it needs a moment. */
const DETACH_MS_MAX = 3_000;

/** strace attached to a process. */
export class Injection implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #trace: Promise<string>;

  private constructor(process: Deno.ChildProcess, trace: Promise<string>) {
    this.#process = process;
    this.#trace = trace;
  }

  /**
   * Lets `call` fail with `error` in the threads of `pid`, each of them at the call that `when`
   * says: "1" the first, "2+3" the second and every third after it (strace's own words).
   */
  static async attach(pid: number, call: string, error: string, when = "1"): Promise<Injection> {
    return await Injection.#start(pid, [
      ...["-e", `trace=${call}`],
      ...["-e", `inject=${call}:error=${error}:when=${when}`],
    ]);
  }

  /** Traces `calls` of `pid` and lets none of them fail. */
  static async watch(pid: number, calls: readonly string[]): Promise<Injection> {
    return await Injection.#start(pid, ["-e", `trace=${calls.join(",")}`]);
  }

  static async #start(pid: number, args: readonly string[]): Promise<Injection> {
    const process = new Deno.Command("strace", {
      args: ["-f", "-p", `${pid}`, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const attached = Promise.withResolvers<void>();
    const trace = collect(process.stderr, (text) => {
      if (/^\S*strace: Process \d+ attached/m.test(text)) attached.resolve();
    });
    await Promise.race([
      attached.promise,
      trace.then((text) => assert(false, `Cannot attach: ${text}`)),
    ]);
    return new Injection(process, trace);
  }

  /** Detaches; what was traced, a line for each call, with its thread's number in front. */
  async end(): Promise<string> {
    this.#kill("SIGINT");
    // A server that was killed while a call of it was tampered with can leave strace waiting.
    const guard = setTimeout(() => this.#kill("SIGKILL"), DETACH_MS_MAX);
    await this.#process.status;
    clearTimeout(guard);
    return await this.#trace;
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // The server has ended, and strace with it.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  look: (text: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    look(text);
  }
  return text;
}
