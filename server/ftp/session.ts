/**
 * One FTP control connection as a machine without I/O (RFC 959 and the extensions that FEAT
 * names). Models drive it through the contract of server/session.ts; the commands themselves are
 * in commands/, and commands/mod.ts has the one table that says what each verb may do and when.
 *
 * # How it works
 *
 * Octets become lines (words/lines.ts), lines become commands, and commands stand in one queue.
 * Nothing runs before the session is polled: it then takes the next command that its state allows
 * (state.ts), until there is an effect to give. A command either replies at once, or asks the
 * driver for something and goes on in the answer; the session is free again when an answer came
 * and nothing new was asked. So pipelined commands are answered in order, and no faster than their
 * effects are taken.
 *
 * What a client sends too fast stays where it is: `wantsInput` is false until the queue has room
 * again. What one session holds is bounded: the queue, the rest of one read, and the effects of
 * one command.
 *
 * Replies that never change are encoded once and shared by all sessions: a model reads the octets
 * of a send effect, it does not write into them.
 *
 * @module
 */

import type { Completion, Effect, StoreAbilities } from "../effects.ts";
import type { Peer, Session } from "../session.ts";
import type { FtpSettings } from "../settings.ts";
import type { Verb } from "./commands/verb.ts";
import { READ_ONLY_REPLY } from "./failures.ts";
import { STRANGE_COMMANDS_MAX } from "./limits.ts";
import { type Command, FAULT_REPLIES } from "./parse.ts";
import { CommandQueue } from "./queue.ts";
import { Course, TAKES } from "./state.ts";
import { Work } from "./work.ts";
import { encodeReply } from "./words/replies.ts";

const GREETING = encodeReply(220, "ftplab ready");
const IDLE = encodeReply(421, "Closing: no command for too long");
const STOPPING = encodeReply(421, "Closing: the server stops");
const LOGIN_LATE = encodeReply(421, "Closing: no login for too long");
const NOT_FTP = encodeReply(421, "Closing: this is no HTTP server");
const TOO_STRANGE = encodeReply(421, "Closing: too many unknown commands");
const NOT_LOGGED_IN = encodeReply(530, "Log in with USER and PASS");
const NO_ARGUMENT = encodeReply(501, "Takes no argument");
const ARGUMENT_MISSING = encodeReply(501, "Needs an argument");

const ANY = () => true;

/** The session of one client. */
export class FtpSession implements Session {
  readonly #queue = new CommandQueue();
  readonly #work: Work;
  readonly #course: Course;
  /** Commands that are none, before the login. */
  #strangeCommands = 0;
  #stopping = false;

  /** A session that has its greeting to send; `course` is where it keeps its state. */
  constructor(
    settings: FtpSettings,
    peer: Peer,
    now: number,
    can: StoreAbilities,
    course: Course = new Course(),
  ) {
    this.#course = course;
    this.#work = new Work(settings, peer, now, can, course);
    this.#work.send(GREETING);
  }

  /** See Session. */
  get wantsInput(): boolean {
    return !this.#closed && !this.#work.ended && this.#queue.hasRoom;
  }

  /** See Session. */
  get leaving(): boolean {
    return this.#queue.holds("QUIT");
  }

  get #closed(): boolean {
    return this.#course.state === "closed";
  }

  /** See Session. */
  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed || this.#work.ended) return;
    this.#work.now = now;
    this.#queue.push(octets);
  }

  /**
   * See Session. A download that has begun is finished, because half-closing is a way to say that
   * no command follows; an upload is not, because a client that was killed ends both connections
   * and its file is not whole. Behind QUIT it is: only a close that is not expected does what ABOR
   * and QUIT do (RFC 959 section 4.1.1).
   */
  handleEnd(now: number): void {
    const work = this.#work;
    if (this.#closed || work.ended) return;
    work.now = now;
    work.ended = true;
    if (work.transfer?.direction === "receive" && !this.leaving) {
      work.transfer.abandoned = true;
      if (work.isConnected) work.abortTransfer();
    }
    if (this.#course.state === "holding") this.#work.close();
  }

  /** See Session. */
  handleCompletion(id: number, completion: Completion, now: number): void {
    if (this.#closed) return;
    this.#work.now = now;
    this.#work.answer(id, completion);
  }

  /** See Session. */
  handleTimeout(now: number): void {
    const work = this.#work;
    if (now < work.deadline) return;
    work.now = now;
    if (now >= work.loginDeadline) {
      work.refuse(LOGIN_LATE, "no login in time");
    } else if (work.release()) {
      return;
    } else if (!this.#queue.isEmpty) {
      work.hear(); // it is not the client that is waited for
    } else {
      work.refuse(IDLE, "no command for too long");
    }
  }

  /** See Session. */
  handleStop(now: number): void {
    if (this.#closed) return;
    this.#work.now = now;
    this.#stopping = true;
    this.#work.dropHold();
  }

  /** See Session. */
  pollEffect(now: number): Effect | undefined {
    this.#work.now = now;
    for (;;) {
      const effect = this.#work.takeEffect();
      if (effect !== undefined || !this.#advance()) return effect;
    }
  }

  /** See Session. */
  pollDeadline(): number {
    return this.#work.deadline;
  }

  /** Does one thing more, if there is one that can be done without another input. */
  #advance(): boolean {
    const command = this.#take();
    if (command !== undefined) {
      this.#run(command);
      return true;
    }
    if (this.#course.state !== "free" || !this.#stopping && !this.#work.ended) return false;
    if (this.#stopping) this.#work.send(STOPPING);
    this.#work.close();
    return true;
  }

  /** The next command that may run now. */
  #take(): Command | undefined {
    const takes = TAKES[this.#course.state];
    if (takes === "nothing") return undefined;
    if (takes === "any") return this.#stopping ? undefined : this.#queue.take(ANY);
    if (this.#work.transfer!.aborted || this.#work.asksProgress) return undefined;
    return this.#queue.take(({ verb, argument }) => {
      if (verb === undefined || argument !== "") return false;
      return verb.during === "aborts" || verb.during === "overtakes" && takes !== "abort";
    });
  }

  #run(command: Command): void {
    const work = this.#work;
    work.hear();
    if (command.verb === undefined) return this.#answerFault(command);
    const { verb, argument } = command;
    const refusal = this.#refusalOf(verb, argument);
    if (refusal !== undefined) {
      work.send(refusal);
    } else {
      if (verb.endsRename) work.renameFrom = undefined;
      verb.run(work, argument);
    }
    // They were said for this transfer, and are no other's, whatever came of it.
    if (verb.transfers !== undefined) work.restart = 0;
    if (verb.transfers === "receive") work.expected = undefined;
  }

  #refusalOf(verb: Verb, argument: string): Uint8Array | undefined {
    const { access, can } = this.#work;
    if (verb.access !== "none" && access === undefined) return NOT_LOGGED_IN;
    if (verb.needs !== undefined && !can[verb.needs]) return FAULT_REPLIES.notImplemented;
    if (verb.argument === "none" && argument !== "") return NO_ARGUMENT;
    if (verb.argument === "required" && argument === "") return ARGUMENT_MISSING;
    if (verb.access === "write" && access !== "write") return READ_ONLY_REPLY;
    return undefined;
  }

  /** Who is not logged in and speaks no FTP is sent away, before more of it is carried out. */
  #answerFault({ fault }: Extract<Command, { verb: undefined }>): void {
    const work = this.#work;
    if (work.access === undefined && fault !== "notImplemented") {
      if (fault === "http") return work.refuse(NOT_FTP, "it speaks HTTP");
      if (++this.#strangeCommands >= STRANGE_COMMANDS_MAX) {
        return work.refuse(TOO_STRANGE, "too many unknown commands before the login");
      }
    }
    work.send(FAULT_REPLIES[fault]);
  }
}
