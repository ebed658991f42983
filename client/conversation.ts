/**
 * The control connection of a client without its socket (RFC 959 sections 4 and 5.4).
 *
 * Commands go in and leave as octets, octets go in and leave as replies, each matched with the
 * command that it answers. The driver (control.ts) owns the socket and the clock; this machine
 * opens nothing, waits for nothing, and never throws for what a server sent.
 *
 * How it works: a server answers in the order of the commands, so the commands on their way are a
 * queue. A reply 1yz is preliminary and leaves its command at the head, any other is final and
 * takes it off (section 4.2.1). The greeting answers a command that nobody sent, number 0. More
 * than one command may be on its way: ABOR behind a transfer, or pipelined ones. A reply when the
 * queue is empty is told as unsolicited; 421 comes that way. A line that belongs to no reply, as
 * some devices send them behind one, is told as stray and answers nothing; where no reply has come
 * before it, the server is none of FTP. After "failed" or "ended" nothing more happens.
 *
 * @module
 */

import { LineReader } from "../server/ftp/words/lines.ts";
import { type Reply, ReplyReader } from "../server/ftp/words/replies.ts";
import { LocalError } from "./errors.ts";
import { type Encoding, UTF_8 } from "./text.ts";

export type { Reply };

/** A reply's line: a path of PATH_MAX (4096) octets, each doubled, and what stands around it. */
export const REPLY_LINE_BYTES_MAX = 16_384;

/** Lines of one reply: enough for a large directory in a reply to STAT. */
export const REPLY_LINES_MAX = 20_000;

/** Octets of one reply, so that lines and their length cannot multiply to 300 MiB. */
export const REPLY_BYTES_MAX = 2_097_152;

/** Preliminary replies to one command: 1 is usual, 120 and then 150 is legal, more is a loop. */
export const PRELIMINARY_REPLIES_MAX = 16;

/** Replies to no command in one connection: a 421 is usual, a late 226 happens. */
export const UNSOLICITED_REPLIES_MAX = 16;

/** Lines without a code between two replies: some devices greet with a screen of them. */
export const STRAY_LINES_MAX = 64;

/** Commands on their way at the same time: more would only fill the server's queue. */
export const COMMANDS_IN_FLIGHT_MAX = 64;

/** The id under which the greeting comes. */
export const GREETING_ID = 0;

const IAC = 0xff;
const LF = 0x0a;

/** What a conversation has to tell. */
export type ConversationEvent =
  /** An answer to the command `id`; `final` when it is the last one. */
  | {
    readonly kind: "reply";
    readonly id: number;
    readonly reply: Reply;
    readonly final: boolean;
  }
  /** A reply that answers nothing. */
  | { readonly kind: "unsolicited"; readonly reply: Reply }
  /** A line outside of replies that has no code; often an empty one. */
  | { readonly kind: "stray"; readonly line: string }
  /** The server does not speak FTP, or too much of it. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The server closed the connection. */
  | { readonly kind: "ended" };

/**
 * The client's side of one control connection.
 *
 * @example
 * ```ts
 * import { Conversation } from "./conversation.ts";
 *
 * const conversation = new Conversation();
 * const octets = (text: string) => new TextEncoder().encode(text);
 * conversation.handleInput(octets("220 Hello\r\n"));
 * console.log(conversation.pollEvent()); // { kind: "reply", id: 0, ... }
 * const id = conversation.ask("NOOP");
 * console.log(conversation.pollOutput()); // the octets of "NOOP\r\n"
 * conversation.handleInput(octets("200 "));
 * conversation.handleInput(octets("Done\r\n"));
 * console.log(conversation.pollEvent()); // { kind: "reply", id, reply: { code: 200, ... } }
 * ```
 */
export class Conversation {
  /** How commands and replies are written as octets. */
  encoding: Encoding = UTF_8;

  readonly #lines = new LineReader(REPLY_LINE_BYTES_MAX, { hasNoSynch: true });
  readonly #replies = new ReplyReader(REPLY_LINES_MAX);
  readonly #events: ConversationEvent[] = [];
  readonly #output: Uint8Array<ArrayBuffer>[] = [];
  readonly #asked: { readonly id: number; preliminary: number }[] = [
    { id: GREETING_ID, preliminary: 0 },
  ];
  #lastId = GREETING_ID;
  #replyBytes = 0;
  #unsolicited = 0;
  /** Lines without a code since the last reply; undefined before the first. */
  #strays: number | undefined;
  #midLine = false;
  #over = false;

  /** Commands, with the greeting, that wait for their final reply. */
  get inFlight(): number {
    return this.#asked.length;
  }

  /** Whether no reply is awaited and nothing has come since the last one. */
  get idle(): boolean {
    return this.#asked.length === 0 && !this.#midLine && !this.#replies.unfinished &&
      this.#strays === 0;
  }

  /**
   * Sends a command; `pollOutput` has its octets.
   *
   * @returns The id under which its replies come.
   * @throws {LocalError} when the text holds CR, LF or NUL, which would end or spoil the command
   * line, or what the encoding cannot write, or when too many commands are on their way.
   */
  ask(command: string): number {
    // The rest of it may be a password.
    const verb = command.split(/[\s\0]/, 1)[0]!;
    assertSendable(command, verb);
    if (this.#asked.length >= COMMANDS_IN_FLIGHT_MAX) {
      throw new LocalError(`Cannot send more than ${COMMANDS_IN_FLIGHT_MAX} commands at once`);
    }
    const octets = this.encoding.encode(`${command}\r\n`);
    if (octets === undefined) {
      const { name } = this.encoding;
      throw new LocalError(`Cannot send ${verb}: it has a character that ${name} has not`);
    }
    this.#output.push(doubleIac(octets));
    this.#asked.push({ id: ++this.#lastId, preliminary: 0 });
    return this.#lastId;
  }

  /** Octets from the server, in chunks of any size; borrowed, valid only during the call. */
  handleInput(octets: Uint8Array): void {
    let at = 0;
    this.#midLine = octets.at(-1) !== LF;
    while (!this.#over && (at = this.#lines.read(octets, at)) !== -1) {
      this.#handleLine();
    }
  }

  /** The server closed its sending side, or the connection broke. */
  handleEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.push({ kind: "ended" });
  }

  /** The next thing that happened, or undefined. */
  pollEvent(): ConversationEvent | undefined {
    return this.#events.shift();
  }

  /** The next octets for the server, or undefined. */
  pollOutput(): Uint8Array<ArrayBuffer> | undefined {
    return this.#output.shift();
  }

  #handleLine(): void {
    if (this.#lines.tooLong) {
      return this.#fail(`a line of its reply is over ${REPLY_LINE_BYTES_MAX} octets long`);
    }
    this.#replyBytes += this.#lines.line.length;
    if (this.#replyBytes > REPLY_BYTES_MAX) {
      return this.#fail(`a reply is over ${REPLY_BYTES_MAX} octets long`);
    }
    const line = this.encoding.decode(this.#lines.line);
    const inside = this.#replies.unfinished;
    const reply = this.#replies.read(line);
    if (reply === undefined) return;
    this.#replyBytes = 0;
    if (reply === "malformed") {
      return inside ? this.#fail(`a reply has over ${REPLY_LINES_MAX} lines`) : this.#stray(line);
    }
    this.#strays = 0;
    this.#handleReply(reply);
  }

  #stray(line: string): void {
    if (this.#strays === undefined) {
      const start = JSON.stringify(line.slice(0, 60));
      return this.#fail(`it answered ${start}, which is no FTP reply`);
    }
    if (++this.#strays > STRAY_LINES_MAX) {
      return this.#fail(`over ${STRAY_LINES_MAX} lines in a row are no FTP reply`);
    }
    this.#events.push({ kind: "stray", line });
  }

  #handleReply(reply: Reply): void {
    const asked = this.#asked[0];
    if (asked === undefined) {
      if (++this.#unsolicited > UNSOLICITED_REPLIES_MAX) {
        return this.#fail(`over ${UNSOLICITED_REPLIES_MAX} replies answer no command`);
      }
      this.#events.push({ kind: "unsolicited", reply });
      return;
    }
    const final = reply.code >= 200;
    if (final) {
      this.#asked.shift();
    } else if (++asked.preliminary > PRELIMINARY_REPLIES_MAX) {
      return this.#fail(`over ${PRELIMINARY_REPLIES_MAX} preliminary replies to one command`);
    }
    this.#events.push({ kind: "reply", id: asked.id, reply, final });
  }

  #fail(reason: string): void {
    this.#over = true;
    this.#events.push({ kind: "failed", reason });
  }
}

/** Whether a command can hold `text`: it is one line (RFC 959 section 5.3.1, Telnet's NVT). */
export function isSendable(text: string): boolean {
  return !/[\r\n\0]/.test(text);
}

/**
 * Refuses text that would end or spoil a command line; `shown` is what the message calls it.
 *
 * @throws {LocalError} when it holds CR, LF or NUL.
 */
export function assertSendable(text: string, shown = `"${text}"`): void {
  if (isSendable(text)) return;
  throw new LocalError(`Cannot send ${shown}: it must not hold CR, LF or NUL`);
}

/** The octets of a command line with each 0xFF, which is Telnet's IAC, doubled (RFC 959 section 3.1). */
function doubleIac(octets: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!octets.includes(IAC)) return octets;
  const doubled: number[] = [];
  for (const octet of octets) {
    doubled.push(octet);
    if (octet === IAC) doubled.push(IAC);
  }
  return Uint8Array.from(doubled);
}
