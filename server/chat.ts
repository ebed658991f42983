/**
 * chat, the lesson of select: clients write, the operator at the server's terminal answers each.
 *
 * # How it works
 *
 * A message is what one input brings, divided at line ends and at MESSAGE_CHARACTERS_MAX; empty
 * ones are nothing. Messages wait in one queue. The first of them is shown as `client K: text`
 * together with the question for its answer; the next one when that answer came and was sent, so
 * that the operator always sees what is being answered. What waits is bounded: with
 * WAITING_INPUTS_MAX inputs in the queue the session wants no more, and the client feels it.
 *
 * When the client closes its side, what still waits is shown without a question, an open question
 * keeps its answer, then the connection is closed. When standard input ends there is nobody to
 * ask: messages are still shown. Answers are sent as they were typed, without a line end.
 *
 * @module
 */

import type { Completion, Effect } from "./effects.ts";
import { printable } from "./printable.ts";
import type { Peer, Protocol, Session, Settings } from "./session.ts";

/** The longest message in UTF-16 units; the lesson receives 1024 octets at once. */
const MESSAGE_CHARACTERS_MAX = 1024;

/** Inputs that wait for the operator: more than a person types ahead of the answers. */
const WAITING_INPUTS_MAX = 16;

const encoder = new TextEncoder();

class ChatSession implements Session {
  readonly #effects: Effect[] = [];
  /** Carries the octets of a character that an input cut over to the next input. */
  readonly #decoder = new TextDecoder();
  /** Inputs not shown yet, the first of them perhaps in part. */
  readonly #waiting: string[] = [];
  readonly #idleTimeoutMs: number;
  readonly #number: number;
  #heardAt: number;
  #lastId = 0;
  /** The id of the open question. */
  #asked: number | undefined;
  #operatorLeft = false;
  #ended = false;
  #closed = false;

  constructor(settings: Settings, peer: Peer, now: number) {
    this.#idleTimeoutMs = settings.limits.idleTimeoutMs;
    this.#number = peer.number;
    this.#heardAt = now;
  }

  get wantsInput(): boolean {
    return !this.#closed && !this.#ended && this.#waiting.length < WAITING_INPUTS_MAX;
  }

  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed) return;
    this.#heardAt = now;
    const text = this.#decoder.decode(octets, { stream: true });
    if (text !== "") this.#waiting.push(text);
    this.#advance();
  }

  handleEnd(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.#advance();
  }

  handleCompletion(id: number, completion: Completion, now: number): void {
    if (this.#closed) return;
    if (this.#asked !== id || completion.kind !== "line") {
      throw new Error(`No question with the id ${id} waits for "${completion.kind}"`);
    }
    this.#asked = undefined;
    this.#heardAt = now;
    if (completion.text === undefined) this.#operatorLeft = true;
    else if (completion.text !== "") {
      this.#effects.push({ kind: "send", octets: encoder.encode(completion.text) });
    }
    this.#advance();
  }

  handleTimeout(now: number): void {
    const deadline = this.pollDeadline();
    if (deadline !== undefined && now >= deadline) this.#close();
  }

  handleStop(): void {
    this.#close();
  }

  pollEffect(): Effect | undefined {
    return this.#effects.shift();
  }

  /** While a question is open it is the operator who is slow, not the client. */
  pollDeadline(): number | undefined {
    const waits = this.#closed || this.#asked !== undefined;
    return waits ? undefined : this.#heardAt + this.#idleTimeoutMs;
  }

  /** Shows what may be shown now, up to the next question. */
  #advance(): void {
    while (this.#asked === undefined || this.#ended) {
      const message = this.#takeMessage();
      if (message === undefined) break;
      this.#effects.push({
        kind: "print",
        text: `client ${this.#number}: ${printable(message)}`,
      });
      if (this.#operatorLeft || this.#ended) continue;
      this.#asked = ++this.#lastId;
      const prompt = `answer client ${this.#number}> `;
      this.#effects.push({ kind: "askOperator", id: this.#asked, prompt });
    }
    if (this.#ended && this.#asked === undefined) this.#close();
  }

  /** The next message that is not empty, taken from the queue. */
  #takeMessage(): string | undefined {
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      const end = text.search(/[\r\n]/);
      const length = Math.min(end === -1 ? text.length : end, MESSAGE_CHARACTERS_MAX);
      const rest = text.slice(length).replace(/^[\r\n]+/, "");
      if (rest !== "") this.#waiting.unshift(rest);
      if (length > 0) return text.slice(0, length);
    }
    return undefined;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#effects.push({ kind: "close" });
  }
}

/** The protocol in which a person answers; port 8000. */
export const chat: Protocol = {
  name: "chat",
  summary: "shows messages, sends what the operator answers",
  defaultPort: 8000,
  createSession: (settings: Settings, peer: Peer, now: number) =>
    new ChatSession(settings, peer, now),
  refusal: (reason: string) => encoder.encode(reason),
};
