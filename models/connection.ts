/**
 * One control connection as every model sees it: its session, its file slot, and the carrying out
 * of effects. What differs between models, moving octets and waiting, is behind `Wire`.
 *
 * One input, then the effects drained to empty, then the next input: completions that arise while
 * draining wait their turn here. Replies of one turn leave in one piece, except that those before
 * a transfer leave before it.
 *
 * @module
 */

import { type Completion, concatenate, type Effect, type Session } from "../server/mod.ts";
import type { Files } from "./files.ts";

/** The effect that begins a transfer. */
export type StartTransfer = Extract<Effect, { kind: "startTransfer" }>;

/** What the filter of an effect, if there is one, makes of a chunk, or of the end of all. */
export function filtered(
  { filter }: StartTransfer,
  octets: Uint8Array<ArrayBuffer>,
  ended: boolean,
): Uint8Array<ArrayBuffer> {
  if (filter === undefined) return octets;
  return (ended ? filter.end() : filter.push(octets)) as Uint8Array<ArrayBuffer>;
}

/** What a model does for one connection: its sockets, by the names of the effects. */
export interface Wire {
  /** Sends to the control connection, at once or as soon as it takes more. */
  send(octets: Uint8Array<ArrayBuffer>): void;
  /** Lends a listening socket; its port, or undefined when there is none. */
  openPassive(): number | undefined;
  closePassive(): void;
  /** Answers with `complete(id, ...)`, during the call or later. */
  startTransfer(effect: StartTransfer): void;
  abortTransfer(): void;
  /** Octets moved so far by the running transfer. */
  readonly transferred: number;
  /** Flushes, then closes the connection and all that belongs to it. */
  close(): void;
  print(text: string): void;
  /** Answers with `complete(id, ...)` when the operator has typed a line. */
  askOperator(id: number, prompt: string): void;
  /** A bug in the session: said on the server's terminal; the connection is closed. */
  crashed(error: unknown): void;
}

/** Drives one session. Its methods are the session's, each followed by the drain. */
export class Connection {
  readonly #answers: [id: number, completion: Completion][] = [];
  readonly #out: Uint8Array[] = [];
  #draining = false;
  #closed = false;

  constructor(readonly session: Session, readonly files: Files, readonly wire: Wire) {}

  /** After construction: what the session says first. */
  begin(now: number): void {
    this.#drain(now);
  }

  input(octets: Uint8Array, now: number): void {
    if (this.#closed) return;
    this.#guard(() => this.session.handleInput(octets, now), now);
  }

  end(now: number): void {
    if (this.#closed) return;
    this.#guard(() => this.session.handleEnd(now), now);
  }

  timeout(now: number): void {
    if (this.#closed) return;
    this.#guard(() => this.session.handleTimeout(now), now);
  }

  stop(now: number): void {
    if (this.#closed) return;
    this.#guard(() => this.session.handleStop(now), now);
  }

  /** The answer to an effect; while effects are being drained it waits for their end. */
  complete(id: number, completion: Completion, now: number): void {
    if (this.#closed) return;
    this.#answers.push([id, completion]);
    if (!this.#draining) this.#drain(now);
  }

  /** Drops everything at once: the socket has broken, or the server ends. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.files.close();
    this.wire.close();
  }

  #guard(input: () => void, now: number): void {
    try {
      input();
    } catch (error) {
      this.#crash(error);
      return;
    }
    this.#drain(now);
  }

  #crash(error: unknown): void {
    this.wire.crashed(error);
    this.abandon();
  }

  #drain(now: number): void {
    this.#draining = true;
    try {
      while (!this.#closed) {
        const effect = this.session.pollEffect();
        if (effect !== undefined) {
          this.#carryOut(effect);
          continue;
        }
        const answer = this.#answers.shift();
        if (answer === undefined) break;
        this.session.handleCompletion(answer[0], answer[1], now);
      }
      if (!this.#closed) this.#flush();
    } catch (error) {
      this.#crash(error);
    } finally {
      this.#draining = false;
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        this.#out.push(effect.octets);
        return;
      case "file":
        this.#answers.push([effect.id, this.files.perform(effect.operation)]);
        return;
      case "openPassive":
        this.#answers.push([effect.id, this.#openPassive()]);
        return;
      case "closePassive":
        this.wire.closePassive();
        return;
      case "startTransfer":
        this.#flush();
        if (!this.#closed) this.wire.startTransfer(effect); // sending may have broken it
        return;
      case "abortTransfer":
        this.wire.abortTransfer();
        return;
      case "askProgress":
        this.#answers.push([effect.id, { kind: "progress", octets: this.wire.transferred }]);
        return;
      case "print":
        this.wire.print(effect.text);
        return;
      case "askOperator":
        this.#flush();
        if (!this.#closed) this.wire.askOperator(effect.id, effect.prompt);
        return;
      case "close":
        this.#flush();
        this.abandon();
        return;
    }
  }

  #openPassive(): Completion {
    const port = this.wire.openPassive();
    return port === undefined
      ? { kind: "failed", failure: "noPort", detail: "no port is free for a data connection" }
      : { kind: "passive", port };
  }

  #flush(): void {
    const { length } = this.#out;
    if (length === 0) return;
    const octets = length === 1 ? this.#out[0] as Uint8Array<ArrayBuffer> : concatenate(this.#out);
    this.#out.length = 0;
    this.wire.send(octets);
  }
}
