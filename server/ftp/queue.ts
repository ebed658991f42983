/**
 * What a client has said and the session has not run yet: octets in, commands out in order.
 *
 * Lines are read from the octets only as long as there is room for commands. The rest stays octets,
 * at most what one read of the model brought, because a queue without room makes the session want
 * no more input. NOOPs in a row, if they are alike, take the room of one command: who says one now
 * and then during a transfer of many hours can still say ABOR.
 *
 * @module
 */

import { concatenate, takeFirst } from "../octets.ts";
import { LINE_BYTES_MAX, QUEUED_BYTES_MAX, QUEUED_COMMANDS_MAX } from "./limits.ts";
import { type Command, mayEndUrgently, parseCommand } from "./parse.ts";
import { LineReader } from "./words/lines.ts";

const NOTHING = new Uint8Array(0);

/** A command, and how often it was said in a row. */
interface Waiting {
  readonly command: Command;
  times: number;
}

/** The commands of one connection that wait for their turn. */
export class CommandQueue {
  readonly #reader = new LineReader(LINE_BYTES_MAX, { mayEndUrgently });
  readonly #waiting: Waiting[] = [];
  /** The octets of those commands. */
  #bytes = 0;
  /** Octets of which no line was read yet, from `#at` on. */
  #input: Uint8Array = NOTHING;
  #at = 0;

  /** Whether another command may be read. */
  get hasRoom(): boolean {
    return this.#waiting.length < QUEUED_COMMANDS_MAX && this.#bytes < QUEUED_BYTES_MAX;
  }

  /** Whether no command waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether a command of this name waits. */
  holds(name: string): boolean {
    return this.#waiting.some(({ command }) => command.verb?.name === name);
  }

  /** Takes octets that come behind all others; they stay the caller's. */
  push(octets: Uint8Array): void {
    this.#input = this.#at < this.#input.length
      ? concatenate([this.#input.subarray(this.#at), octets])
      : octets;
    this.#at = 0;
    while (this.#readOne());
    this.#input = this.#at < this.#input.length ? this.#input.slice(this.#at) : NOTHING;
    this.#at = 0;
  }

  /** Takes the first command that may run. */
  take(mayRun: (command: Command) => boolean): Command | undefined {
    for (let index = 0; index < this.#waiting.length; index++) {
      const waiting = this.#waiting[index]!;
      const { command } = waiting;
      if (!mayRun(command)) continue;
      waiting.times--;
      if (waiting.times === 0) {
        if (index === 0) takeFirst(this.#waiting);
        else this.#waiting.splice(index, 1);
      }
      this.#bytes -= command.octets;
      while (this.#readOne());
      return command;
    }
    return undefined;
  }

  #readOne(): boolean {
    if (this.#at === this.#input.length || !this.hasRoom) return false;
    const next = this.#reader.read(this.#input, this.#at);
    if (next === -1) {
      this.#at = this.#input.length;
      return false;
    }
    this.#at = next;
    this.#add(parseCommand(this.#reader.line, this.#reader.tooLong));
    return true;
  }

  #add(command: Command): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && waitTogether(last.command, command)) last.times++;
    else this.#waiting.push({ command, times: 1 });
    this.#bytes += command.octets;
  }
}

/** Blanks count, too: each takes as many octets out of the queue as it has put into it. */
function waitTogether(one: Command, next: Command): boolean {
  return one.verb?.waitsTogether === true && one.verb === next.verb &&
    one.argument === "" && next.argument === "" && one.octets === next.octets;
}
