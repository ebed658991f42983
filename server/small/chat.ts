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
 * When the client closes its side, what still waits is shown without a question, and the connection
 * is closed: an open question is dropped, since its answer has nobody to go to. When standard input
 * ends there is nobody to ask: messages are still shown. Answers are sent as they were typed,
 * without a line end.
 *
 * @module
 */

import type { Completion } from "../effects.ts";
import { maskControls } from "../mask_controls.ts";
import type { Peer, Protocol } from "../session.ts";
import type { Settings, SmallSettings } from "../settings.ts";
import { SmallSession } from "./session.ts";

/** The longest message in UTF-16 units; the lesson receives 1024 octets at once. */
const MESSAGE_CHARACTERS_MAX = 1024;

/** Inputs that wait for the operator: more than a person types ahead of the answers. */
const WAITING_INPUTS_MAX = 16;

const encoder = new TextEncoder();

class ChatSession extends SmallSession {
  /** Carries the octets of a character that an input cut over to the next input. */
  readonly #decoder = new TextDecoder();
  /** Inputs not shown yet, the first of them perhaps in part. */
  readonly #waiting: string[] = [];
  readonly #number: number;
  #lastId = 0;
  /** The id of the open question. */
  #asked: number | undefined;
  #operatorLeft = false;
  #ended = false;

  constructor(settings: SmallSettings, peer: Peer, now: number) {
    super(settings, now);
    this.#number = peer.number;
  }

  override get wantsInput(): boolean {
    return super.wantsInput && this.#waiting.length < WAITING_INPUTS_MAX;
  }

  /** While a question is open it is the operator who is slow, not the client. */
  protected override get isPatient(): boolean {
    return this.#asked !== undefined;
  }

  protected take(octets: Uint8Array): void {
    const text = this.#decoder.decode(octets, { stream: true });
    if (text !== "") this.#waiting.push(text);
    this.#advance();
  }

  override handleEnd(now: number): void {
    if (this.closed) return;
    this.#ended = true;
    this.#advance();
    super.handleEnd(now);
  }

  override handleCompletion(id: number, completion: Completion, now: number): void {
    if (this.closed) return;
    if (this.#asked !== id || completion.kind !== "line") {
      return super.handleCompletion(id, completion, now);
    }
    this.#asked = undefined;
    this.hear(now);
    if (completion.text === undefined) this.#operatorLeft = true;
    else if (completion.text !== "") {
      this.emit({ kind: "send", octets: encoder.encode(completion.text) });
    }
    this.#advance();
  }

  /** Shows what may be shown now, up to the next question. */
  #advance(): void {
    while (this.#asked === undefined || this.#ended) {
      const message = this.#takeMessage();
      if (message === undefined) break;
      this.emit({ kind: "print", text: `client ${this.#number}: ${maskControls(message)}` });
      if (this.#operatorLeft || this.#ended) continue;
      this.#asked = ++this.#lastId;
      const prompt = `answer client ${this.#number}> `;
      this.emit({ kind: "askOperator", id: this.#asked, prompt });
    }
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
}

/** The protocol in which a person answers; port 8000. */
export const chat: Protocol = {
  telnet: false,
  createSession: ({ chat }: Settings, peer: Peer, now: number) => new ChatSession(chat, peer, now),
  refusal: (reason: string) => encoder.encode(reason),
};
