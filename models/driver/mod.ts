/**
 * One connection as every model sees it: its session, its file slot and its data connection. What
 * differs between models, waiting and the calls that move octets, is behind `Wire`.
 *
 * # A turn
 *
 *     octets -> driver.input(octets, now)
 *     while there is room: session.pollEffect(now), carried out here; then its answers
 *     wait until octets, an answer, or driver.deadline                    this is the wire
 *
 * A turn does a bounded amount (TURN_WORK_MAX): then others have theirs, and `resume` goes on.
 * Nothing is made for a peer that has not taken what was made before: while the wire is congested
 * the session is not polled, so its memory is bounded by what it holds and not by what it is asked.
 *
 * The data connection (data_slot.ts) is a machine (transfer.ts) whose acts the wire carries out;
 * `advanced` looks what came of them.
 *
 * @module
 */

import {
  type Completion,
  type Effect,
  type FileOperation,
  type Peer,
  type Session,
  takeFirst,
  unreachable,
} from "../../server/mod.ts";
import type { FileSlot } from "../files/contract.ts";
import { REPLIES_STALL_MS, TURN_WORK_MAX } from "../limits.ts";
import type { DriverTools, Wire } from "./contract.ts";
import { DataSlot, type EffectAnswer } from "./data_slot.ts";
import type { PassiveSlot, PassiveSocket } from "./passive.ts";
import { Reports } from "./reports.ts";
import type { StartTransfer, Transfer } from "./transfer.ts";
import { Visit } from "./visit.ts";

export type { DriverTools, Wire };

/** What one effect costs of a turn: replies and short calls little, a block of a file all. */
const WORK = { reply: 1, call: 2, block: TURN_WORK_MAX } as const;

/** What a session is told that is no answer: octets, and what has happened. */
type Input = Uint8Array | "end" | "stop" | "timeout";

/** Drives one session. Inputs are the session's, each followed by a turn. */
export class Driver<S extends PassiveSocket> {
  /** The protocol's machine. */
  readonly session: Session;
  /** The file slot. */
  readonly slot: FileSlot;
  /**
   * The last turn ended before the session had said all: replies wait to be taken, or others have
   * their turn (`pending`).
   */
  halted = false;
  /** The effect `close` was carried out, or the connection was given up. */
  closed = false;
  readonly #reports: Reports;
  readonly #data: DataSlot<S>;
  readonly #answers: EffectAnswer[] = [];
  readonly #visit: Visit;
  #turning = false;
  #more = false;
  /** When the peer must have taken its replies; Infinity for never. */
  #congestedUntil = Infinity;
  #question: number | undefined;
  #now: number;

  constructor(
    readonly tools: DriverTools<S>,
    readonly wire: Wire,
    readonly peer: Peer,
    now: number,
  ) {
    const { protocol, store, link } = tools;
    this.#now = now;
    this.session = protocol.createSession(link.options.settings, peer, now, store.can);
    this.slot = store.slot();
    this.#reports = new Reports(link, peer);
    this.#data = new DataSlot(tools.passive, peer.remote.host, this.#reports);
    this.#visit = new Visit(tools.admission, peer.remote.host);
  }

  /** See DataSlot. */
  get passive(): PassiveSlot<S> {
    return this.#data.passive;
  }

  /** See DataSlot. */
  get transfer(): Transfer | undefined {
    return this.#data.transfer;
  }

  /** Whether octets of the control connection would be used now. */
  get wantsInput(): boolean {
    return !this.#more && !this.closed && !this.wire.congested && this.session.wantsInput;
  }

  /** Others had their turn, and there is more to do. */
  get pending(): boolean {
    return this.#more;
  }

  /** A question to the operator is open. */
  get asking(): boolean {
    return this.#question !== undefined;
  }

  /** When `expire` wants to be called; Infinity for never. */
  get deadline(): number {
    if (this.closed) return Infinity;
    const taken = this.wire.congested ? this.#congestedUntil : Infinity;
    return Math.min(taken, this.session.pollDeadline(), this.transfer?.deadline ?? Infinity);
  }

  // --- inputs ---

  /** After construction: what the session says first. */
  begin(now: number): void {
    this.#turn(undefined, now);
  }

  /** Octets of the control connection, borrowed for the call. */
  input(octets: Uint8Array, now: number): void {
    const { counters } = this.tools.link;
    counters.add("octetsIn", octets.length);
    counters.add("octetsCopied", octets.length);
    this.#turn(octets, now);
    this.#hearOut();
  }

  /** The peer has closed its side of the control connection. */
  end(now: number): void {
    this.#turn("end", now);
    this.#hearOut();
  }

  /** The server stops. */
  stop(now: number): void {
    this.#turn("stop", now);
  }

  /** Goes on where the last turn stopped: others had theirs, or replies were taken. */
  resume(now: number): void {
    this.#turn(undefined, now);
  }

  /** The deadline may have passed. */
  expire(now: number): void {
    if (this.closed) return;
    if (this.wire.congested && this.#congestedUntil <= now) return this.unread(now);
    if (this.transfer !== undefined && this.transfer.deadline <= now) {
      this.transfer.timeout();
      this.wire.pursue();
    }
    // While replies wait, too: else who takes them in sips would never hear that its time is over.
    if (this.session.pollDeadline() <= now) this.#turn("timeout", now);
  }

  /** The wire has carried out acts of the transfer. */
  advanced(now: number): void {
    this.#hearOut();
    for (const [id, completion] of this.#data.advanced(now)) this.#answer(id, completion, now);
  }

  /** Closes the connection by a rule of the server's, which the peer and the operator hear. */
  refuse(reason: string, now: number): void {
    if (this.closed) return;
    this.#reports.refused(reason);
    this.tools.replies.add(this.tools.protocol.refusal(reason), this.wire);
    this.#flush();
    this.abandon(now);
  }

  /** Gives up a peer that has not taken its replies for REPLIES_STALL_MS; the operator hears. */
  unread(now: number): void {
    if (this.closed) return;
    this.#reports.refused("it does not read its replies");
    this.abandon(now);
  }

  /** Drops everything at once: the socket has broken, or the server ends. */
  abandon(now: number): void {
    if (this.closed) return;
    this.closed = true;
    this.#more = false;
    this.tools.replies.clear();
    if (this.#question !== undefined) this.tools.link.withdraw(this.#question);
    this.transfer?.fail("aborted", "the connection was closed");
    this.wire.close();
    this.#reports.abandoned(this.transfer, this.session.moving, now);
    if (this.#data.drop()) this.slot.close(); // else its file is read or written until `ended`
  }

  /** A bug: said to the operator, and this connection alone is closed. */
  crashed(error: unknown, now: number): void {
    this.tools.link.sessionCrashed(this.peer.number, error);
    this.abandon(now);
  }

  /** The wire has closed both connections, once, and nothing is under way for them. */
  ended(): void {
    this.passive.giveBack();
    this.slot.close();
    this.#visit.leave();
    this.tools.link.endSession();
  }

  /** An upload whose client has closed waits no longer once the session hears no more of it. */
  #hearOut(): void {
    const { transfer, session } = this;
    if (transfer?.isUnheard !== true || session.wantsInput) return;
    transfer.heardOut(session.leaving === true);
    this.wire.pursue();
  }

  // --- a turn ---

  #answer(id: number, completion: Completion, now: number): void {
    this.#answers.push([id, completion]);
    this.#turn(undefined, now);
  }

  #turn(input: Input | undefined, now: number): void {
    if (this.closed) return;
    this.#now = now;
    const nested = this.#turning; // an answer that came while an effect was carried out
    this.#turning = true;
    try {
      if (input !== undefined) this.#tell(input, now);
      if (!nested) this.#work(now);
    } catch (error) {
      this.crashed(error, now);
    } finally {
      this.#turning = nested;
    }
  }

  #tell(input: Input, now: number): void {
    switch (input) {
      case "end":
        return this.session.handleEnd(now);
      case "stop":
        return this.session.handleStop(now);
      case "timeout":
        return this.session.handleTimeout(now);
      default:
        return this.session.handleInput(input, now);
    }
  }

  #work(now: number): void {
    this.#more = false;
    this.halted = true;
    if (!this.wire.congested) this.#congestedUntil = Infinity;
    for (let work = 0; !this.closed && !this.wire.congested;) {
      if (work >= TURN_WORK_MAX) {
        this.#more = true;
        break;
      }
      const effect = this.session.pollEffect(now);
      if (effect !== undefined) {
        work += this.#carryOut(effect, now);
        continue;
      }
      const answer = takeFirst(this.#answers);
      if (answer === undefined) {
        this.halted = false;
        break;
      }
      this.session.handleCompletion(answer[0], answer[1], now);
    }
    if (this.closed) return;
    this.#flush();
    if (this.wire.congested) {
      this.#congestedUntil = Math.min(this.#congestedUntil, now + REPLIES_STALL_MS);
    } else if (this.#more) this.wire.again();
  }

  /** Carries one effect out; what it cost of the turn. */
  #carryOut(effect: Effect, now: number): number {
    switch (effect.kind) {
      case "send":
        this.tools.replies.add(effect.octets, this.wire);
        return WORK.reply;
      case "file":
        return this.#perform(effect.id, effect.operation);
      case "openPassive":
        this.#answers.push([effect.id, this.#data.openPassive()]);
        return WORK.call;
      case "closePassive":
        this.passive.giveBack();
        return WORK.reply;
      case "connectData":
        this.#flush();
        this.#data.connect(effect, now);
        this.wire.pursue();
        return WORK.call;
      case "startTransfer":
        this.#flush(); // 150 leaves before the data connection is made
        this.#startTransfer(effect, now);
        return WORK.call;
      case "abortTransfer":
        this.#data.abort();
        this.wire.pursue();
        return WORK.reply;
      case "askProgress":
        this.#answers.push([effect.id, { kind: "progress", octets: this.#data.octets }]);
        return WORK.reply;
      case "print":
        this.tools.link.print(effect.text);
        return WORK.call;
      case "askOperator":
        this.#askOperator(effect.id, effect.prompt);
        return WORK.call;
      case "attemptLogin": {
        const attempt = this.#visit.attempt(effect.delayMs, now);
        this.#answers.push([effect.id, { kind: "attempt", ...attempt }]);
        return WORK.reply;
      }
      case "loggedIn":
      case "loginFailed":
        if (effect.kind === "loggedIn") this.#visit.loggedIn();
        this.#reports.login(effect);
        return WORK.reply;
      case "loggedOut":
        this.#visit.loggedOut();
        return WORK.reply;
      case "refused":
        this.#reports.refused(effect.reason);
        return WORK.reply;
      case "moved":
        this.#reports.moved(effect, now);
        return WORK.reply;
      case "close":
        this.#flush();
        this.abandon(now);
        return WORK.reply;
      default:
        return unreachable(effect);
    }
  }

  #perform(id: number, operation: FileOperation): number {
    const closes = operation.do === "commitUpload" || operation.do === "closeFile";
    this.slot.perform(operation, (completion) => {
      const isToldAtEnd = !this.closed && (this.transfer ?? this.session.moving) !== undefined;
      if (completion.kind === "failed" && !isToldAtEnd) this.#reports.file(operation, completion);
      if (closes && this.#data.release(id, completion)) this.wire.pursue();
      else this.#answer(id, completion, this.#now); // which may be later than the call
    });
    const block = operation.do === "read" || operation.do === "openListing" ||
      operation.do === "openUpload" && operation.start.at === "unique";
    return block ? WORK.block : WORK.call;
  }

  #flush(): void {
    this.tools.replies.flush(this.wire);
  }

  #startTransfer(effect: StartTransfer, now: number): void {
    if (this.closed) return; // sending 150 may have broken the connection
    const direct = effect.lines === undefined && this.slot.descriptor !== undefined &&
      this.wire.takesFile;
    const length = effect.direction === "send" ? this.slot.length : undefined;
    this.#data.start(effect, { length, direct, buffer: this.wire.buffer() }, now);
    this.wire.pursue();
  }

  #askOperator(id: number, prompt: string): void {
    this.#flush();
    if (this.closed) return;
    this.#question = this.tools.link.ask(prompt, (text, now) => {
      this.#question = undefined;
      this.#answer(id, { kind: "line", text }, now);
      this.wire.again(); // nobody else sees that octets are wanted again, or none any more
    });
  }
}
