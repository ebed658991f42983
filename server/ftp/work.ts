/**
 * What is under way in one FTP session: its parameters, the ask or the transfer that it waits for,
 * and the effects that are to be taken. Commands work on it as their CommandContext; session.ts
 * feeds it, and decides which command comes next.
 *
 * It opens nothing and waits for nothing: it only writes effects down.
 *
 * @module
 */

import type { Access } from "../accounts.ts";
import type {
  Address,
  Completion,
  Effect,
  Failure,
  FileOperation,
  LineConversion,
  StoreAbilities,
} from "../effects.ts";
import { takeFirst } from "../octets.ts";
import type { Peer } from "../session.ts";
import type { FtpSettings } from "../settings.ts";
import type { Answer, CommandContext, TransferCommand } from "./commands/context.ts";
import { factsOfStore } from "./commands/help.ts";
import { FAILURE_REPLIES } from "./failures.ts";
import type { Course } from "./state.ts";
import type { FactName } from "./words/facts.ts";
import { encodeReply } from "./words/replies.ts";

/** An effect that waits for its one answer. */
interface Ask {
  readonly id: number;
  readonly kind: Completion["kind"];
  // The kind is checked before the call, so each answer is what its taker expects.
  readonly then: (answer: never) => void;
  readonly failed: (failure: Failure) => void;
}

/** A reply held back until its time. */
interface Hold {
  readonly until: number;
  readonly then: () => void;
}

/** The work of one session. */
export class Work implements CommandContext {
  /** See CommandContext. */
  user: string | undefined;
  /** See CommandContext. */
  loginFailures = 0;
  /** See CommandContext. */
  directory = "/";
  /** See CommandContext. */
  type: "A" | "I" = "A";
  /** See CommandContext. */
  restart = 0;
  /** See CommandContext. */
  expected: number | undefined;
  /** See CommandContext. */
  renameFrom: string | undefined;
  /** See CommandContext. */
  route: "passive" | Address | undefined;
  /** See CommandContext. */
  onlyExtendedPassive = false;
  /** See CommandContext. */
  facts: readonly FactName[];

  /** The peer has closed its side. */
  ended = false;

  readonly #effects: Effect[] = [];
  #lastId = 0;
  #ask: Ask | undefined;
  #progress: { readonly id: number; readonly then: (octets: number) => void } | undefined;
  #hold: Hold | undefined;
  #transfer: TransferCommand | undefined;
  #access: Access | undefined;
  /** Since when nobody is logged in. */
  #strangerSince: number;
  /** When the last command came or ended. */
  #quietSince: number;

  /** Nothing is under way at first; `course` is where the session keeps its state. */
  constructor(
    readonly settings: FtpSettings,
    readonly peer: Peer,
    public now: number,
    readonly can: StoreAbilities,
    readonly course: Course,
  ) {
    this.facts = factsOfStore(can);
    this.#quietSince = now;
    this.#strangerSince = now;
  }

  /** See CommandContext. */
  get access(): Access | undefined {
    return this.#access;
  }

  /** See CommandContext. */
  get transfer(): TransferCommand | undefined {
    return this.#transfer;
  }

  /** See CommandContext. */
  get isMoving(): boolean {
    return this.course.state === "moving";
  }

  /** See CommandContext. */
  get isConnected(): boolean {
    return this.course.state === "moving" || this.course.state === "connecting";
  }

  /** The running transfer was asked how far it is. */
  get asksProgress(): boolean {
    return this.#progress !== undefined;
  }

  /** When it is told that too much time has passed, or Infinity for never. */
  get deadline(): number {
    const { state } = this.course;
    if (state === "closed") return Infinity;
    const idle = state === "free"
      ? this.#quietSince + this.settings.limits.idleTimeoutMs
      : Infinity;
    return Math.min(this.#hold?.until ?? idle, this.loginDeadline);
  }

  /** Nothing that a client says puts it off; Infinity once somebody is logged in. */
  get loginDeadline(): number {
    if (this.#access !== undefined) return Infinity;
    return this.#strangerSince + this.settings.limits.loginTimeoutMs;
  }

  /** The next effect to carry out. */
  takeEffect(): Effect | undefined {
    return takeFirst(this.#effects);
  }

  /** A command begins: the client is not idle. */
  hear(): void {
    this.#quietSince = this.now;
  }

  /** Goes on with what waited for the answer to the effect of this id. */
  answer(id: number, completion: Completion): void {
    if (this.#ask?.id === id) {
      const ask = this.#ask;
      this.#ask = undefined;
      this.#quietSince = this.now;
      if (completion.kind === "failed") ask.failed(completion.failure);
      else if (completion.kind === ask.kind) ask.then(completion as never);
      else throw new Error(`Cannot use "${completion.kind}" as the answer to a "${ask.kind}" ask`);
      if (this.course.state === "asking" && this.#ask === undefined) this.course.become("free");
    } else if (this.#progress?.id === id) {
      const progress = this.#progress;
      this.#progress = undefined;
      progress.then(completion.kind === "progress" ? completion.octets : 0);
    } else {
      throw new Error(`Cannot use completion ${id}: nothing asked for it`);
    }
  }

  /** Says the reply that was held back; false when there is none. */
  release(): boolean {
    const hold = this.#hold;
    if (hold === undefined) return false;
    this.#hold = undefined;
    this.#quietSince = this.now;
    hold.then();
    if (this.course.state === "holding") this.course.become("free");
    return true;
  }

  /** Drops the reply that is held back. */
  dropHold(): void {
    if (this.#hold === undefined) return;
    this.#hold = undefined;
    this.course.become("free");
  }

  /** See CommandContext. */
  send(octets: Uint8Array): void {
    this.#emit({ kind: "send", octets });
  }

  /** See CommandContext. */
  reply(code: number, text: string): void {
    this.send(encodeReply(code, text));
  }

  /** See CommandContext. */
  fail(failure: Failure): void {
    this.send(FAILURE_REPLIES[failure]);
  }

  /** See CommandContext. */
  file<Kind extends Completion["kind"]>(
    operation: FileOperation,
    kind: Kind,
    then: (answer: Answer<Kind>) => void,
    failed: (failure: Failure) => void = (failure) => this.fail(failure),
  ): void {
    const id = this.#open(kind, then, failed);
    this.#emit({ kind: "file", id, operation });
  }

  /** See CommandContext. */
  openPassive(then: (port: number) => void): void {
    this.route = undefined;
    const id = this.#open("passive", ({ port }: Answer<"passive">) => {
      this.route = "passive";
      then(port);
    }, (failure) => this.fail(failure));
    this.#emit({ kind: "openPassive", id });
  }

  /** See CommandContext. */
  dropRoute(): void {
    if (this.route === "passive") this.#emit({ kind: "closePassive" });
    this.route = undefined;
  }

  /** See CommandContext. */
  openTransfer(
    transfer: TransferCommand,
    operation: FileOperation,
    then: (opened: Answer<"opened">) => void,
    failed: (failure: Failure) => void,
  ): void {
    this.course.become("opening");
    this.#transfer = transfer;
    this.file(operation, "opened", then, failed);
  }

  /** See CommandContext. */
  connectData(address: Address, then: () => void, failed: (failure: Failure) => void): void {
    this.course.become("connecting");
    this.route = undefined;
    const id = this.#open("connected", then, failed);
    const timeoutMs = this.settings.limits.connectTimeoutMs;
    this.#emit({ kind: "connectData", id, address, timeoutMs });
  }

  /** See CommandContext. */
  startTransfer(
    lines: LineConversion | undefined,
    then: () => void,
    failed: (failure: Failure) => void,
  ): void {
    this.course.become("moving");
    this.route = undefined;
    const id = this.#open("transferred", then, failed);
    const { direction, path } = this.#transfer!;
    const { connectTimeoutMs, stallTimeoutMs } = this.settings.limits;
    const effect = {
      kind: "startTransfer",
      id,
      direction,
      user: this.user ?? "",
      path,
      connectTimeoutMs,
      stallTimeoutMs,
    } as const;
    this.#emit(lines === undefined ? effect : { ...effect, lines });
  }

  /** See CommandContext. */
  abortTransfer(): void {
    this.#emit({ kind: "abortTransfer" });
  }

  /** See CommandContext. */
  closeTransfer(
    by: "commitUpload" | "closeFile",
    then: () => void,
    failed: (failure: Failure) => void,
  ): void {
    if (this.course.state !== "closing") this.course.become("closing");
    this.file({ do: by }, "done", then, failed);
  }

  /** See CommandContext. */
  endTransfer(): void {
    this.#transfer = undefined;
    this.course.become("free");
  }

  /** See CommandContext. */
  askProgress(then: (octets: number) => void): void {
    const id = ++this.#lastId;
    this.#progress = { id, then };
    this.#emit({ kind: "askProgress", id });
  }

  /** See CommandContext. */
  attemptLogin(then: (attempt: Answer<"attempt">) => void): void {
    const id = this.#open("attempt", then, (failure) => this.fail(failure));
    const { loginDelayMs: delayMs } = this.settings.limits;
    this.#emit({ kind: "attemptLogin", id, delayMs });
  }

  /** See CommandContext. */
  logIn(access: Access): void {
    this.#access = access;
    this.#emit({ kind: "loggedIn", user: this.user ?? "", access });
  }

  /** See CommandContext. */
  logOut(): void {
    if (this.#access === undefined) return;
    this.#access = undefined;
    this.#strangerSince = this.now;
    this.#emit({ kind: "loggedOut" });
  }

  /** See CommandContext. */
  loginFailed(reason: string): void {
    this.#emit({ kind: "loginFailed", user: this.user ?? "", reason });
  }

  /** See CommandContext. */
  hold(delayMs: number, then: () => void): void {
    this.course.become("holding");
    this.#hold = { until: this.now + delayMs, then };
  }

  /** See CommandContext. */
  refuse(reply: Uint8Array, reason: string): void {
    this.send(reply);
    this.#emit({ kind: "refused", reason });
    this.close();
  }

  /** See CommandContext. */
  close(): void {
    this.#emit({ kind: "close" });
    this.course.become("closed");
    this.#hold = undefined;
  }

  #open<Kind extends Completion["kind"]>(
    kind: Kind,
    then: (answer: Answer<Kind>) => void,
    failed: (failure: Failure) => void,
  ): number {
    if (this.#ask !== undefined) throw new Error(`Cannot ask for "${kind}" while asking`);
    if (this.course.state === "free") this.course.become("asking");
    const id = ++this.#lastId;
    this.#ask = { id, kind, then, failed };
    return id;
  }

  #emit(effect: Effect): void {
    this.#effects.push(effect);
  }
}
