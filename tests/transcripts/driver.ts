/**
 * Drives an FTP session without any I/O: the smallest model there is. It carries effects out on a
 * Tree, keeps what the session says, and lets the caller be the data connection and the clock. It
 * checks on the way what every session owes its model (server/session.ts).
 *
 * @module
 */

import { assert, assertEquals, fail } from "@std/assert";
import {
  type Address,
  type Completion,
  converter,
  decodeOctets,
  DEFAULT_SETTINGS,
  type Effect,
  type Failure,
  type FileOperation,
  type Filter,
  type FtpLimits,
  type Peer,
  type Session,
  type Settings,
  type StoreAbilities,
  unreachable,
} from "../../server/mod.ts";
import { FtpSession } from "../../server/ftp/session.ts";
import { Course } from "../../server/ftp/state.ts";
import { PASSWORDS } from "./dialogue.ts";
import { concat, Tree } from "./tree.ts";

type Transfer = Extract<Effect, { kind: "startTransfer" }>;

const { limits } = DEFAULT_SETTINGS.ftp;

/** What a session alone is driven with; the names and passwords are those that dialogues use. */
export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  ftp: {
    accounts: {
      users: [{ name: "writer", password: PASSWORDS["writer"]!, access: "write" }],
      anonymous: "read",
    },
    limits,
  },
};

/** What the tree is able to do. */
const EVERYTHING: StoreAbilities = { append: true, rename: true, modes: true, times: true };

/** The two ends of a connection on IPv4. */
export const PEER: Peer = {
  local: { family: 4, host: "127.0.0.1", port: 2121 },
  remote: { family: 4, host: "127.0.0.1", port: 50_000 },
  number: 1,
};

/** The same on IPv6. */
export const PEER_6: Peer = {
  local: { family: 6, host: "::1", port: 2121 },
  remote: { family: 6, host: "::1", port: 50_000 },
  number: 1,
};

/** Effects that one input may cause: more is a loop. */
const EFFECTS_MAX = 100_000;

const PASSIVE_PORT = 20_001;
/** 2024-06-01 UTC: half a year after the tree was made has not passed. */
const START_MS = Date.UTC(2024, 5, 1);

/** One session and everything around it. */
export class Driver {
  readonly tree = new Tree();
  readonly session: Session;
  /** Where the session keeps its state. */
  readonly course: Course;
  /** What the session said and nobody has taken yet. */
  said: Uint8Array = new Uint8Array(0);
  /** The close effect came. */
  closed = false;
  now = START_MS;
  /** The transfer that waits for its data connection. */
  transfer: Transfer | undefined;
  /** Where the data connection of PORT or EPRT was made to. */
  connected: Address | undefined;
  /** Whether and how the next attempts to log in are let go on. */
  attempt = { allowed: true, delayMs: limits.loginDelayMs };
  /** A data connection to PORT's address is neither made nor refused before `endConnecting`. */
  slowToConnect = false;
  /** The connectData effect that waits. */
  connecting: Extract<Effect, { kind: "connectData" }> | undefined;
  /** The slot of PASV is lent. */
  passive = false;
  /** Answers to file operations wait for `release`, as with a model whose files are slow. */
  slow = false;
  /** The last file operation. */
  operation: FileOperation | undefined;
  /** Every effect but send, by kind, in order. */
  readonly effects: string[] = [];
  #held: (() => void) | undefined;
  readonly #failures: { what: string; failure: Failure }[] = [];

  /** The filter of the transfer under way. */
  #filter: Filter | undefined;

  /** A session that has just said its greeting. */
  constructor(
    settings: Settings = SETTINGS,
    peer: Peer = PEER,
    can: StoreAbilities = EVERYTHING,
    course: Course = new Course(),
  ) {
    this.course = course;
    this.session = new FtpSession(settings.ftp, peer, this.now, can, course);
    this.#drain();
  }

  /** A driver with the usual settings but for these limits. */
  static withLimits(limits: Partial<FtpLimits>): Driver {
    const { ftp } = SETTINGS;
    return new Driver({ ...SETTINGS, ftp: { ...ftp, limits: { ...ftp.limits, ...limits } } });
  }

  /** The octets come from the client. */
  input(octets: Uint8Array): void {
    // Sessions are lent the octets for the call only: what they keep must be a copy.
    const lent = octets.slice();
    this.session.handleInput(lent, this.now);
    lent.fill(0x2a);
    this.#drain();
  }

  /** The client sends lines, and what the session then says is given back. */
  say(...lines: string[]): string {
    this.input(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
    return this.takeSaid();
  }

  /** Takes what the session said. */
  takeSaid(): string {
    const text = decodeOctets(this.said);
    this.said = new Uint8Array(0);
    return text;
  }

  /** Logs in with all rights, or as another user. */
  login(name = "writer"): void {
    this.takeSaid();
    assertEquals(this.say(`USER ${name}`).slice(0, 3), "331");
    assertEquals(this.say(`PASS ${PASSWORDS[name]}`).slice(0, 3), "230");
  }

  /** The client's side ends. */
  hangUp(): void {
    this.session.handleEnd(this.now);
    this.#drain();
  }

  /** The server is told to stop. */
  stop(): void {
    this.session.handleStop(this.now);
    this.#drain();
  }

  /** Time passes, and the session is told whenever its deadline comes. */
  pass(ms: number): void {
    const end = this.now + ms;
    let deadline = this.session.pollDeadline();
    while (deadline !== undefined && deadline <= end) {
      this.now = Math.max(this.now, deadline);
      this.session.handleTimeout(this.now);
      this.#drain();
      const next = this.session.pollDeadline();
      assert(next === undefined || next > this.now, "a deadline that came is not asked for again");
      deadline = next;
    }
    this.now = end;
  }

  /** The next operation, or other effect, of this name will fail. */
  failNext(what: string, failure: Failure): void {
    this.#failures.push({ what, failure });
  }

  /** Makes the data connection and takes all that comes, `step` octets a read. */
  download(step = 65_536): Uint8Array {
    this.#running("send");
    const filter = this.#filter;
    const parts: Uint8Array[] = [];
    for (;;) {
      const answer = this.tree.perform({ do: "read", length: step });
      if (answer.kind !== "octets") fail(`reading ended with "${answer.kind}"`);
      parts.push(filter === undefined ? answer.octets : filter.push(answer.octets));
      if (answer.ended) break;
    }
    if (filter !== undefined) parts.push(filter.end());
    const whole = concat(parts);
    this.endTransfer({ kind: "transferred", octets: whole.length });
    return whole;
  }

  /** Makes the data connection, sends the octets, `step` at a time, and closes it. */
  upload(octets: Uint8Array, step = 65_536): void {
    this.receive(octets, step);
    this.#running("receive");
    const filter = this.#filter;
    if (filter !== undefined) this.tree.perform({ do: "write", octets: filter.end() });
    this.endTransfer({ kind: "transferred", octets: octets.length });
  }

  /** Makes the data connection and sends the octets, with more to come. */
  receive(octets: Uint8Array, step = 65_536): void {
    this.#running("receive");
    const filter = this.#filter;
    for (let at = 0; at < octets.length; at += step) {
      const part = octets.slice(at, at + step);
      const written = filter === undefined ? part : filter.push(part);
      assertEquals(this.tree.perform({ do: "write", octets: written }).kind, "done");
    }
  }

  /** Gives the answer that `slow` holds back, if there is one. */
  release(): void {
    const answer = this.#held;
    this.#held = undefined;
    answer?.();
    this.#drain();
  }

  /** The transfer ends so. */
  endTransfer(completion: Completion): void {
    const { id } = this.transfer!;
    this.transfer = undefined;
    this.connected = undefined;
    this.passive = false;
    this.session.handleCompletion(id, completion, this.now);
    this.#drain();
  }

  /** The data connection to PORT's address is made, or fails so. */
  endConnecting(failure?: Failure): void {
    const { id, address } = this.connecting!;
    this.connecting = undefined;
    if (failure === undefined) this.connected = address;
    const completion: Completion = failure === undefined
      ? { kind: "connected" }
      : { kind: "failed", failure, detail: "" };
    this.session.handleCompletion(id, completion, this.now);
    this.#drain();
  }

  #running(direction: "send" | "receive"): Transfer {
    const transfer = this.transfer;
    if (transfer?.direction !== direction) fail(`no transfer to ${direction} is under way`);
    return transfer;
  }

  #drain(): void {
    const { session } = this;
    for (let count = 0;; count++) {
      if (count === EFFECTS_MAX) fail("the session never stops asking");
      const effect = session.pollEffect(this.now);
      if (effect === undefined) break;
      assert(!this.closed, "nothing follows the close effect");
      this.#carryOut(effect);
    }
    assert(
      !this.closed || session.pollDeadline() === undefined,
      "a closed session has no deadline",
    );
    assert(!this.closed || !session.wantsInput, "a closed session wants nothing");
  }

  #carryOut(effect: Effect): void {
    const { session } = this;
    if (effect.kind === "send") {
      this.said = concat([this.said, effect.octets]);
      return;
    }
    this.effects.push(effect.kind === "file" ? effect.operation.do : effect.kind);
    switch (effect.kind) {
      case "file":
        return this.#perform(effect.id, effect.operation);
      case "openPassive": {
        const failed = this.#failed("openPassive");
        this.passive = failed === undefined;
        return session.handleCompletion(
          effect.id,
          failed ?? { kind: "passive", port: PASSIVE_PORT },
          this.now,
        );
      }
      case "closePassive":
        assert(this.passive, "only a lent slot is given back");
        this.passive = false;
        return;
      case "connectData": {
        assert(this.connecting === undefined && this.transfer === undefined, "one at a time");
        this.connecting = effect;
        const failed = this.#failed("connectData");
        if (failed?.kind === "failed") return this.endConnecting(failed.failure);
        return this.slowToConnect ? undefined : this.endConnecting();
      }
      case "attemptLogin":
        return session.handleCompletion(effect.id, { kind: "attempt", ...this.attempt }, this.now);
      case "loggedIn":
      case "loggedOut":
      case "loginFailed":
      case "refused":
        return;
      case "startTransfer": {
        assert(this.transfer === undefined, "one transfer at a time");
        assert(this.tree.isOpen, "a transfer has an open file");
        assert(this.connected !== undefined || this.passive, "a transfer has its connection");
        this.transfer = effect;
        this.#filter = effect.lines && converter(effect.lines);
        const failed = this.#failed("startTransfer");
        if (failed !== undefined) this.endTransfer(failed);
        return;
      }
      case "abortTransfer":
        if (this.connecting !== undefined) return this.endConnecting("aborted");
        assert(this.transfer !== undefined, "there is a transfer to abort");
        return this.endTransfer({ kind: "failed", failure: "aborted", detail: "" });
      case "askProgress":
        assert(this.transfer !== undefined, "there is a transfer to ask about");
        return session.handleCompletion(effect.id, { kind: "progress", octets: 0 }, this.now);
      case "close":
        this.closed = true;
        return;
      case "print":
      case "askOperator":
        fail(`an FTP session has no use for "${effect.kind}"`);
        break;
      default:
        unreachable(effect);
    }
  }

  #perform(id: number, operation: FileOperation): void {
    this.operation = operation;
    const completion = this.#failed(operation.do) ?? this.tree.perform(operation);
    assert(this.#held === undefined, "one file operation at a time");
    const answer = () => this.session.handleCompletion(id, completion, this.now);
    if (this.slow) this.#held = answer;
    else answer();
  }

  #failed(what: string): Completion | undefined {
    const index = this.#failures.findIndex((failure) => failure.what === what);
    if (index === -1) return undefined;
    const { failure } = this.#failures.splice(index, 1)[0]!;
    return { kind: "failed", failure, detail: "" };
  }
}
