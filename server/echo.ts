/**
 * echo: whatever arrives is sent back, unchanged, until the client closes.
 *
 * The session keeps nothing between two inputs. A client that sends without reading is held back
 * by its model, which reads nothing while there is something unsent.
 *
 * @module
 */

import type { Effect } from "./effects.ts";
import type { Peer, Protocol, Session, Settings } from "./session.ts";

class EchoSession implements Session {
  readonly #effects: Effect[] = [];
  readonly #idleTimeoutMs: number;
  #heardAt: number;
  #closed = false;

  constructor(settings: Settings, now: number) {
    this.#idleTimeoutMs = settings.limits.idleTimeoutMs;
    this.#heardAt = now;
  }

  get wantsInput(): boolean {
    return !this.#closed;
  }

  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed) return;
    this.#heardAt = now;
    this.#effects.push({ kind: "send", octets: octets.slice() });
  }

  handleEnd(): void {
    this.#close();
  }

  handleCompletion(id: number): void {
    throw new Error(`echo asks nothing, so nothing has the id ${id}`);
  }

  handleTimeout(now: number): void {
    if (now >= this.#heardAt + this.#idleTimeoutMs) this.#close();
  }

  handleStop(): void {
    this.#close();
  }

  pollEffect(): Effect | undefined {
    return this.#effects.shift();
  }

  pollDeadline(): number | undefined {
    return this.#closed ? undefined : this.#heardAt + this.#idleTimeoutMs;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#effects.push({ kind: "close" });
  }
}

/** The protocol that gives back what it gets; port 8000. */
export const echo: Protocol = {
  name: "echo",
  summary: "sends back whatever arrives",
  defaultPort: 8000,
  createSession: (settings: Settings, _peer: Peer, now: number) => new EchoSession(settings, now),
  // Anything said would look like an echo of what the client has not sent.
  refusal: () => new Uint8Array(0),
};
