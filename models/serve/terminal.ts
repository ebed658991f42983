/**
 * The process's standard streams as the terminal of a server. It never waits for whoever reads
 * them: what is said is queued (output.ts), and what finds no room is counted and told later.
 *
 * @module
 */

import type { ServerEvent } from "../../server/mod.ts";
import type { Terminal } from "../model.ts";
import { type LogFormat, renderEvent } from "./log.ts";
import { Output } from "./output.ts";

/** How long the end of the process waits for whoever reads a stream's last words, milliseconds. */
const LAST_WORDS_MS = 1_000;

/** Standard input, output and error. */
export class StandardTerminal implements Terminal {
  readonly #format: LogFormat;
  readonly #out = new Output(Deno.stdout, (dropped) => this.#told(dropped, "output"), true);
  readonly #err = new Output(Deno.stderr, (dropped) => this.#told(dropped, "error"));
  /** The prompt that stands at the end of standard output, if one does. */
  #prompt: string | undefined;
  /** The next line of standard input; it stays the next one while nobody takes it. */
  #next: Promise<string | undefined> | undefined;
  #lines: AsyncIterator<string> | undefined;

  /** @param format how events are shown. */
  constructor(format: LogFormat) {
    this.#format = format;
  }

  /** See Terminal. */
  get warningsOnly(): boolean {
    return this.#format === "off";
  }

  /** See Terminal. */
  print(text: string): void {
    // A prompt keeps its line, and whoever is asked is asked again.
    this.#out.write(this.#prompt === undefined ? `${text}\n` : `\n${text}\n${this.#prompt}`);
  }

  /** See Terminal. */
  event(event: ServerEvent, at: number = Date.now()): void {
    const line = renderEvent(event, this.#format, new Date(at));
    if (line !== undefined) this.#err.write(`${line}\n`);
  }

  /** See Terminal. */
  async ask(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    this.#out.write(prompt);
    this.#prompt = prompt;
    this.#next ??= this.#readLine();
    const { promise, resolve } = Promise.withResolvers<"withdrawn">();
    const withdraw = () => resolve("withdrawn");
    signal.addEventListener("abort", withdraw);
    const answer = await Promise.race([this.#next.then((line) => ({ line })), promise]);
    signal.removeEventListener("abort", withdraw);
    this.#prompt = undefined;
    if (answer === "withdrawn") {
      this.#out.write("\n"); // what comes next is no answer to this prompt
      return undefined;
    }
    this.#next = undefined;
    return answer.line;
  }

  /** Waits for a while until all is written, and says what was lost of standard output. */
  async close(): Promise<void> {
    if (this.#prompt !== undefined) this.#out.write("\n");
    const lost = await this.#out.flush(LAST_WORDS_MS);
    if (lost > 0) this.#told(lost, "output");
    await this.#err.flush(LAST_WORDS_MS);
  }

  async #readLine(): Promise<string | undefined> {
    this.#lines ??= (await import("node:readline"))
      .createInterface({ input: (await import("node:process")).default.stdin })
      [Symbol.asyncIterator]();
    const { done, value } = await this.#lines.next();
    return done ? undefined : value;
  }

  #told(dropped: number, stream: "output" | "error"): void {
    const lines = dropped === 1 ? "1 line was" : `${dropped} lines were`;
    const why = (stream === "output" ? this.#out : this.#err).refused
      ? `standard ${stream} took no more`
      : `nobody read standard ${stream} in time`;
    this.event({ kind: "warning", text: `${lines} dropped: ${why}` });
  }
}

/** text where somebody will read it, on a terminal or in a file; off where a program may not. */
export async function usualLogFormat(): Promise<LogFormat> {
  if (Deno.stderr.isTerminal()) return "text";
  try {
    return (await import("node:fs")).fstatSync(STDERR).isFile() ? "text" : "off";
  } catch {
    return "off"; // it is closed
  }
}

/** The descriptor of standard error (stdio(3)). */
const STDERR = 2;
