/**
 * One FTP control connection as a machine without I/O (RFC 959 and the extensions that FEAT
 * names). Models drive it through the contract of server/session.ts; the commands themselves are
 * in commands/, and commands/mod.ts has the one table that says what each verb may do and when.
 *
 * # How it works
 *
 * Octets become lines (lines.ts), lines become commands, and commands stand in one queue. The
 * session takes the next one whenever it is free, so pipelined commands are answered in order. A
 * command either replies at once, or asks the model for something (a file operation, a passive
 * port, a transfer) and goes on in the answer; the session is free again when an answer came and
 * nothing new was asked.
 *
 *     state     meaning                            what takes commands from the queue
 *     free      nothing is under way               its head, whatever it is
 *     asking    one ask is open                    ABOR, when the ask is a transfer command's
 *     moving    that ask is startTransfer itself   ABOR and STAT from anywhere, NOOP at the head
 *     holding   a 530 waits for its time           nothing
 *     closed    the close effect was emitted       nothing, ever
 *
 * That ABOR and STAT overtake what waits is what RFC 959 section 4.1.3 has them for; the table
 * says it of each verb. QUIT waits like the rest, so it takes effect after the transfer.
 *
 *     free -> asking | moving | holding     a command began
 *     asking, moving, holding -> free       its last answer, or its time, came
 *     free, holding -> closed               the peer left, the server stops, nobody spoke for long
 *     any -> closed                         QUIT and the third failed login, as commands
 *
 * A transfer command goes through three phases, each an ask of its own:
 *
 *     opening   openRead, openUpload or openDirectory; then 150
 *     moving    startTransfer, which makes the data connection; then
 *     closing   commitUpload for a complete upload, else closeFile; then 226, 425, 426, 451 ...
 *
 * The passive slot or the address of PORT is used up when the second phase begins. What a client
 * sends too fast stays where it is: `wantsInput` is false until the queue has room again.
 *
 * Replies that never change are encoded once and shared by all sessions: a model reads the octets
 * of a send effect, it does not write into them.
 *
 * @module
 */

import type { Access } from "../accounts.ts";
import type { Address, Completion, Effect, Failure, FileOperation } from "../effects.ts";
import type { Peer, Session, Settings } from "../session.ts";
import type { Command } from "./commands/mod.ts";
import { FAILURE_REPLIES, READ_ONLY_REPLY } from "./failures.ts";
import { FACT_NAMES, type FactName } from "./words/facts.ts";
import { CommandQueue } from "./queue.ts";
import { encodeReply } from "./words/replies.ts";

/** A transfer command under way, from the opening of its file to its last reply. */
export interface Transfer {
  /** What it moves, in the words of its 150 reply. */
  readonly subject: string;
  /** See the header of this file. */
  phase: "opening" | "moving" | "closing";
  /** ABOR commands that wait for the end of it. */
  aborts: number;
}

/** An effect that waits for its one answer. */
interface Ask {
  readonly id: number;
  readonly kind: Completion["kind"];
  // The kind is checked before the call, so each answer is what its taker expects.
  readonly then: (answer: never) => void;
  readonly failed: (failure: Failure) => void;
}

type Answer<Kind extends Completion["kind"]> = Extract<Completion, { kind: Kind }>;

/** A reply held back until its time. */
interface Hold {
  readonly until: number;
  readonly then: () => void;
}

const GREETING = encodeReply(220, "ftplab ready");
const IDLE = encodeReply(421, "Closing: no command for too long");
const STOPPING = encodeReply(421, "Closing: the server stops");
const NOT_LOGGED_IN = encodeReply(530, "Log in with USER and PASS");
const NO_ARGUMENT = encodeReply(501, "Takes no argument");
const ARGUMENT_MISSING = encodeReply(501, "Needs an argument");

/** The session of one client; what its commands share is public to them. */
export class FtpSession implements Session {
  /** The name given with USER. */
  user: string | undefined;
  /** The rights of the user who is logged in; undefined when nobody is. */
  access: Access | undefined;
  /** Failed logins on this connection, whoever tried. */
  loginFailures = 0;
  /** The current directory, a virtual path. */
  directory = "/";
  /** TYPE; "A" at first (RFC 959 section 5.1). */
  type: "A" | "I" = "A";
  /** The offset given with REST for the next transfer. */
  restart = 0;
  /** The octets announced with ALLO for the next upload. */
  expected: number | undefined;
  /** The path given with RNFR, for the RNTO that must follow at once. */
  renameFrom: string | undefined;
  /** Where the next data connection comes from or goes to. */
  route: "passive" | Address | undefined;
  /** EPSV ALL was given: no other way to a data connection is accepted (RFC 2428 section 4). */
  onlyExtendedPassive = false;
  /** The facts chosen with OPTS MLST. */
  facts: readonly FactName[] = FACT_NAMES;
  /** The transfer command under way. */
  transfer: Transfer | undefined;
  /** The time of the input that is being handled, milliseconds since the epoch. */
  now: number;

  readonly #queue = new CommandQueue();
  #effects: Effect[] = [];
  #effectsTaken = 0;
  #lastId = 0;
  #ask: Ask | undefined;
  #progress: { readonly id: number; readonly then: (octets: number) => void } | undefined;
  #hold: Hold | undefined;
  /** When the last command came or ended. */
  #quietSince: number;
  #ended = false;
  #stopping = false;
  #closed = false;

  /** A session that has its greeting to send. */
  constructor(readonly settings: Settings, readonly peer: Peer, now: number) {
    this.now = now;
    this.#quietSince = now;
    this.send(GREETING);
  }

  /** See Session. */
  get wantsInput(): boolean {
    return !this.#closed && !this.#ended && this.#queue.hasRoom;
  }

  /** The peer has closed its side: what it asked for is finished, but no transfer is begun. */
  get ended(): boolean {
    return this.#ended;
  }

  /** See Session. */
  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed || this.#ended) return;
    this.now = now;
    this.#queue.lend(octets);
    this.#advance();
    this.#queue.keep();
  }

  /** See Session. */
  handleEnd(now: number): void {
    if (this.#closed || this.#ended) return;
    this.now = now;
    this.#ended = true;
    if (this.transfer?.phase === "moving") this.#emit({ kind: "abortTransfer" });
    if (this.#hold !== undefined) return this.close();
    this.#advance();
  }

  /** See Session. */
  handleCompletion(id: number, completion: Completion, now: number): void {
    if (this.#closed) return;
    this.now = now;
    if (this.#ask?.id === id) {
      const ask = this.#ask;
      this.#ask = undefined;
      this.#quietSince = now;
      if (completion.kind === "failed") ask.failed(completion.failure);
      else if (completion.kind === ask.kind) ask.then(completion as never);
      else throw new Error(`Cannot use "${completion.kind}" as the answer to a "${ask.kind}" ask`);
    } else if (this.#progress?.id === id) {
      const progress = this.#progress;
      this.#progress = undefined;
      progress.then(completion.kind === "progress" ? completion.octets : 0);
    } else {
      throw new Error(`Cannot use completion ${id}: nothing asked for it`);
    }
    this.#advance();
  }

  /** See Session. */
  handleTimeout(now: number): void {
    const deadline = this.pollDeadline();
    if (deadline === undefined || now < deadline) return;
    this.now = now;
    if (this.#hold === undefined) {
      this.send(IDLE);
      this.close();
      return;
    }
    const hold = this.#hold;
    this.#hold = undefined;
    this.#quietSince = now;
    hold.then();
    this.#advance();
  }

  /** See Session. */
  handleStop(now: number): void {
    if (this.#closed) return;
    this.now = now;
    this.#stopping = true;
    this.#hold = undefined;
    this.#advance();
  }

  /** See Session. */
  pollEffect(): Effect | undefined {
    const effect = this.#effects[this.#effectsTaken];
    if (effect !== undefined) {
      this.#effectsTaken++;
    } else if (this.#effectsTaken > 0) {
      this.#effects = [];
      this.#effectsTaken = 0;
    }
    return effect;
  }

  /** See Session. */
  pollDeadline(): number | undefined {
    if (this.#closed || this.#ask !== undefined) return undefined;
    if (this.#hold !== undefined) return this.#hold.until;
    return this.#quietSince + this.settings.limits.idleTimeoutMs;
  }

  /** Sends octets that are, or hold, whole replies. */
  send(octets: Uint8Array): void {
    this.#emit({ kind: "send", octets });
  }

  /** Sends a reply of one line. */
  reply(code: number, text: string): void {
    this.send(encodeReply(code, text));
  }

  /** Sends the usual reply to a failure. */
  fail(failure: Failure): void {
    this.send(FAILURE_REPLIES[failure]);
  }

  /** Asks for a file operation, which `kind` answers; `failed` replies unless told otherwise. */
  file<Kind extends Completion["kind"]>(
    operation: FileOperation,
    kind: Kind,
    then: (answer: Answer<Kind>) => void,
    failed: (failure: Failure) => void = (failure) => this.fail(failure),
  ): void {
    const id = this.#open(kind, then, failed);
    this.#emit({ kind: "file", id, operation });
  }

  /** Asks for a passive port, which becomes the route. */
  openPassive(then: (port: number) => void): void {
    this.route = undefined;
    const id = this.#open("passive", ({ port }: Answer<"passive">) => {
      this.route = "passive";
      then(port);
    }, (failure) => this.fail(failure));
    this.#emit({ kind: "openPassive", id });
  }

  /** Forgets the route and gives the passive slot back. */
  dropRoute(): void {
    if (this.route === "passive") this.#emit({ kind: "closePassive" });
    this.route = undefined;
  }

  /** Starts the transfer of the file slot over `route`, and so uses the route up. */
  startTransfer(
    route: "passive" | Address,
    direction: "send" | "receive",
    filter: Extract<Effect, { kind: "startTransfer" }>["filter"],
    then: () => void,
    failed: (failure: Failure) => void,
  ): void {
    this.route = undefined;
    const id = this.#open("transferred", then, failed);
    const { connectTimeoutMs, stallTimeoutMs } = this.settings.limits;
    const effect = {
      kind: "startTransfer",
      id,
      direction,
      route,
      connectTimeoutMs,
      stallTimeoutMs,
    } as const;
    this.#emit(filter === undefined ? effect : { ...effect, filter });
  }

  /** Closes the running transfer; its own answer comes as for any other failure. */
  abortTransfer(): void {
    this.#emit({ kind: "abortTransfer" });
  }

  /** Asks how many octets the running transfer has moved. */
  askProgress(then: (octets: number) => void): void {
    const id = ++this.#lastId;
    this.#progress = { id, then };
    this.#emit({ kind: "askProgress", id });
  }

  /** Lets `then` reply after `delayMs`; commands wait meanwhile. */
  hold(delayMs: number, then: () => void): void {
    this.#hold = { until: this.now + delayMs, then };
  }

  /** The last effect. */
  close(): void {
    this.#emit({ kind: "close" });
    this.#closed = true;
    this.#hold = undefined;
    this.#queue.clear();
  }

  #open<Kind extends Completion["kind"]>(
    kind: Kind,
    then: (answer: Answer<Kind>) => void,
    failed: (failure: Failure) => void,
  ): number {
    if (this.#ask !== undefined) throw new Error(`Cannot ask for "${kind}" while asking`);
    const id = ++this.#lastId;
    this.#ask = { id, kind, then, failed };
    return id;
  }

  #emit(effect: Effect): void {
    if (!this.#closed) this.#effects.push(effect);
  }

  get #free(): boolean {
    return this.#ask === undefined && this.#hold === undefined;
  }

  /** Goes as far as it can without another input. */
  #advance(): void {
    for (let command = this.#take(); command !== undefined; command = this.#take()) {
      this.#run(command);
    }
    this.#queue.fill();
    if (this.#closed || !this.#free) return;
    if (this.#stopping) this.send(STOPPING);
    if (this.#stopping || this.#ended) this.close();
  }

  /** The next command that may run now. */
  #take(): Command | undefined {
    if (this.#closed) return undefined;
    if (this.#free) return this.#stopping ? undefined : this.#queue.take(() => true);
    if (this.transfer === undefined || this.#progress !== undefined) return undefined;
    // Between 150 and the last reply a client expects others; elsewhere they would be taken for
    // the reply to the transfer command itself, or to ABOR.
    const mayReply = this.transfer.phase === "moving" && this.transfer.aborts === 0;
    return this.#queue.take(({ verb, argument }, index) => {
      if (verb === undefined || argument !== "") return false;
      if (verb.during === "aborts") return true;
      return mayReply && (verb.during === "overtakes" || verb.during === "atOnce" && index === 0);
    });
  }

  #run({ verb, argument, fault }: Command): void {
    this.#quietSince = this.now;
    if (verb?.name !== "RNTO") this.renameFrom = undefined;
    if (verb === undefined) return this.send(fault);
    if (verb.access !== "none" && this.access === undefined) return this.send(NOT_LOGGED_IN);
    if (verb.argument === "none" && argument !== "") return this.send(NO_ARGUMENT);
    if (verb.argument === "required" && argument === "") return this.send(ARGUMENT_MISSING);
    if (verb.access === "write" && this.access !== "write") return this.send(READ_ONLY_REPLY);
    verb.run(this, argument);
  }
}
