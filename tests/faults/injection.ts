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

  private constructor(
    process: Deno.ChildProcess,
    trace: Promise<string>,
    /** What was traced so far. */
    readonly soFar: () => string,
  ) {
    this.#process = process;
    this.#trace = trace;
  }

  /**
   * Lets `call` fail with `error` in the threads of `pid`, each of them at the call that `when`
   * says: "1" the first, "2+3" the second and every third after it (strace's own words). Of several
   * calls, separated by commas, those that this architecture does not have are left out.
   */
  static async attach(pid: number, call: string, error: string, when = "1"): Promise<Injection> {
    const known = whereKnown(call.split(","));
    return await Injection.#start(pid, [
      ...["-e", `trace=${known}`],
      ...["-e", `inject=${known}:error=${error}:when=${when}`],
    ]);
  }

  /** Traces those of `calls` that there are here, of `pid`, and lets none of them fail. */
  static async watch(pid: number, calls: readonly string[]): Promise<Injection> {
    return await Injection.#start(pid, ["-e", `trace=${whereKnown(calls)}`]);
  }

  static async #start(pid: number, args: readonly string[]): Promise<Injection> {
    const process = new Deno.Command("strace", {
      args: ["-f", "-p", `${pid}`, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const attached = Promise.withResolvers<void>();
    let traced = "";
    const trace = collect(process.stderr, (text) => {
      traced = text;
      if (/^\S*strace: Process \d+ attached/m.test(text)) attached.resolve();
    });
    await Promise.race([
      attached.promise,
      trace.then((text) => assert(false, `Cannot attach: ${text}`)),
    ]);
    return new Injection(process, trace, () => traced);
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

/** strace's set of `calls`: it passes over an unknown one that has a question mark. */
function whereKnown(calls: readonly string[]): string {
  return calls.map((call) => `?${call}`).join(",");
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
