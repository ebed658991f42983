/**
 * hello, the first lesson: the server greets, hears one message, shows it and closes.
 *
 * A message is what one input brings, up to MESSAGE_BYTES_MAX: the protocol marks no end. Models
 * drive the session; it never asks for a second message.
 *
 * @module
 */

import type { Effect } from "./effects.ts";
import { printable } from "./printable.ts";
import type { Peer, Protocol, Session, Settings } from "./session.ts";

/** The one receive of the lesson; what a longer message has beyond it is not shown. */
const MESSAGE_BYTES_MAX = 1024;

const encoder = new TextEncoder();

class HelloSession implements Session {
  readonly #effects: Effect[] = [{ kind: "send", octets: encoder.encode("hello client") }];
  readonly #deadline: number;
  #closed = false;

  constructor(settings: Settings, now: number) {
    this.#deadline = now + settings.limits.idleTimeoutMs;
  }

  get wantsInput(): boolean {
    return !this.#closed;
  }

  handleInput(octets: Uint8Array): void {
    if (this.#closed) return;
    const text = new TextDecoder().decode(octets.subarray(0, MESSAGE_BYTES_MAX));
    this.#effects.push({ kind: "print", text: printable(text.trimEnd()) });
    this.#close();
  }

  handleEnd(): void {
    this.#close();
  }

  handleCompletion(id: number): void {
    throw new Error(`hello asks nothing, so nothing has the id ${id}`);
  }

  handleTimeout(now: number): void {
    if (now >= this.#deadline) this.#close();
  }

  handleStop(): void {
    this.#close();
  }

  pollEffect(): Effect | undefined {
    return this.#effects.shift();
  }

  pollDeadline(): number | undefined {
    return this.#closed ? undefined : this.#deadline;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#effects.push({ kind: "close" });
  }
}

/** The protocol of the first lesson; port 8000. */
export const hello: Protocol = {
  name: "hello",
  summary: "greets, shows one message, closes",
  defaultPort: 8000,
  createSession: (settings: Settings, _peer: Peer, now: number) => new HelloSession(settings, now),
  refusal: (reason: string) => encoder.encode(reason),
};
