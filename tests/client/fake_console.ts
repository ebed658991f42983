/**
 * A console whose screen can be read: for tests of the command line in this process.
 *
 * @module
 */

import type { Console } from "../../client/cli/mod.ts";
import { OutputClosed } from "../../client/cli/console.ts";
import { decodeText } from "../../client/mod.ts";

/** What differs from two pipes and an empty standard input. */
export interface Surroundings {
  readonly inTerminal?: boolean;
  readonly outTerminal?: boolean;
  readonly errTerminal?: boolean;
  readonly columns?: number;
  readonly input?: string;
  /** The environment; empty by default. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What is typed when a secret is asked for; without it there is no terminal to type at. */
  readonly secret?: string;
  /** Standard output is closed after so many octets. */
  readonly outputBytes?: number;
  /** Called with everything that goes to standard output. */
  readonly onOutput?: (octets: Uint8Array) => void;
}

/** A console in memory. */
export class FakeConsole implements Console {
  readonly inTerminal: boolean;
  readonly outTerminal: boolean;
  readonly errTerminal: boolean;
  /** Whether the keys come as they are pressed. */
  isRaw = false;
  errorText = "";
  readonly #surroundings: Surroundings;
  readonly #output: number[] = [];
  readonly #interrupts = new Set<() => void>();
  #input: Uint8Array;

  constructor(surroundings: Surroundings = {}) {
    this.#surroundings = surroundings;
    this.inTerminal = surroundings.inTerminal ?? false;
    this.outTerminal = surroundings.outTerminal ?? false;
    this.errTerminal = surroundings.errTerminal ?? false;
    this.#input = new TextEncoder().encode(surroundings.input ?? "");
  }

  /** What went to standard output. */
  get outputText(): string {
    return decodeText(this.output);
  }

  /** Its octets. */
  get output(): Uint8Array {
    return Uint8Array.from(this.#output);
  }

  /** Whether somebody still listens for Ctrl-C. */
  get listening(): boolean {
    return this.#interrupts.size > 0;
  }

  /** Types Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  columns(): number {
    return this.#surroundings.columns ?? 80;
  }

  rows(): number {
    return 24;
  }

  async write(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    await Promise.resolve();
    this.writeSync(octets);
  }

  writeSync(octets: Uint8Array<ArrayBuffer>): void {
    const { outputBytes = Infinity, onOutput } = this.#surroundings;
    for (const octet of octets) this.#output.push(octet);
    onOutput?.(octets);
    if (this.#output.length > outputBytes) throw new OutputClosed();
  }

  writeError(text: string): void {
    this.errorText += text;
  }

  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const part = this.#input.subarray(0, buffer.length);
    buffer.set(part);
    this.#input = this.#input.subarray(part.length);
    return Promise.resolve(part.length === 0 ? null : part.length);
  }

  environment(name: string): string | undefined {
    return this.#surroundings.variables?.[name];
  }

  askSecret(prompt: string): Promise<string | undefined> {
    const { secret } = this.#surroundings;
    if (secret !== undefined) this.errorText += `${prompt}\n`;
    return Promise.resolve(secret);
  }

  setRaw(raw: boolean): void {
    this.isRaw = raw;
  }

  onResize(): () => void {
    return () => {};
  }

  onInterrupt(listener: () => void): () => void {
    this.#interrupts.add(listener);
    return () => this.#interrupts.delete(listener);
  }
}
