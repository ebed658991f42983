/**
 * Lines that a person types: editing, history and completion by the runtime's own node:readline,
 * whose keys are those of bash.
 *
 * The terminal is raw only while a line is awaited. A command that runs has it as it was, so that
 * Ctrl-C is a signal again and what a command asks for is read by that command alone: nothing is
 * read ahead.
 *
 * @module
 */

import { createInterface, type Interface } from "node:readline";
import { Readable, Writable } from "node:stream";
import type { Console } from "../console.ts";
import { type History, HISTORY_LINES_MAX, holdsSecret } from "./history.ts";
import type { LineSource } from "./lines.ts";

/** What the textbook's client shows. */
export const PROMPT = ">>> ";

/** What a line can be completed to: whole words, and what of the line they stand for. */
export type Completer = (line: string) => Promise<readonly [words: string[], typed: string]>;

/** Keys that are read at once; what is pasted comes in such pieces. */
const KEYS_BYTES = 4_096;

const CR = 0x0d, LF = 0x0a, TAB = 0x09;

/** The keys that something waits for. */
const ENDS: readonly number[] = [CR, LF, TAB];

/** A person at a terminal. */
export class EditedLines implements LineSource {
  readonly #console: Console;
  readonly #history: History;
  readonly #keys = new Readable({ read() {} });
  readonly #screen: Writable;
  readonly #interface: Interface;
  #completing: Promise<void> | undefined;
  #typed: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #line: string | undefined;
  #ended = false;

  constructor(console: Console, history: History, complete: Completer) {
    this.#console = console;
    this.#history = history;
    this.#screen = screenOf(console);
    this.#interface = createInterface({
      input: this.#keys,
      output: this.#screen,
      terminal: true,
      prompt: PROMPT,
      history: [...history.lines],
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        this.#completing = complete(line).then(([words, typed]) => done(null, [words, typed]));
      },
    });
    this.#interface.on("line", (line) => this.#line = line);
    this.#interface.on("close", () => this.#ended = true);
    this.#interface.on("SIGINT", () => this.#clear());
    // Without a listener readline would send a signal, for which the runtime wants a permission.
    this.#interface.on("SIGTSTP", () => {});
    this.#interface.on("history", (lines) => {
      if (lines.length > 0 && holdsSecret(lines[0]!)) lines.shift();
    });
  }

  async next(): Promise<string | undefined> {
    this.#line = undefined;
    const unlisten = this.#console.onResize(() => this.#screen.emit("resize"));
    this.#console.setRaw(true);
    try {
      this.#interface.prompt();
      while (this.#line === undefined && !this.#ended) await this.#type();
    } finally {
      this.#console.setRaw(false);
      unlisten();
    }
    if (this.#line === undefined) this.#console.writeError("\n");
    else this.#history.add(this.#line);
    return this.#line;
  }

  flush(): void {
    this.#typed = this.#typed.subarray(this.#typed.length);
  }

  [Symbol.dispose](): void {
    this.#interface.close();
    this.#keys.destroy();
  }

  /**
   * Hands readline what was typed, up to the end of a line, for the rest is for later prompts; or up
   * to a Tab, which is completed before what was typed behind it counts.
   */
  async #type(): Promise<void> {
    if (this.#typed.length === 0) {
      const buffer = new Uint8Array(KEYS_BYTES);
      const count = await this.#console.read(buffer);
      if (count === null) this.#ended = true;
      this.#typed = buffer.subarray(0, count ?? 0);
    }
    const end = this.#typed.findIndex((octet) => ENDS.includes(octet));
    const isPair = end !== -1 && this.#typed[end] === CR && this.#typed[end + 1] === LF;
    const next = end === -1 ? this.#typed.length : end + (isPair ? 2 : 1);
    const keys = this.#typed.subarray(0, next);
    this.#typed = this.#typed.subarray(next);
    if (keys.length > 0) this.#keys.emit("data", keys);
    await this.#completing;
    this.#completing = undefined;
  }

  /** Ctrl-C: what was typed stays to be seen, and a new line begins. */
  #clear(): void {
    this.#interface.write(null, { ctrl: true, name: "e" });
    this.#screen.write("^C\r\n");
    this.#interface.write(null, { ctrl: true, name: "u" });
  }
}

/** Standard error as the stream that readline draws on. */
function screenOf(console: Console): Writable {
  const screen = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      console.writeError(String(text));
      done();
    },
  });
  return Object.defineProperty(screen, "columns", { get: () => console.columns() });
}
