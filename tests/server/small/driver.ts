/**
 * Drives a small protocol's session without any I/O: carries file effects out on a tree in memory
 * and keeps what the session says, shows and asks. The tests of echo, hello, chat and mini
 * use it; it checks on the way what every session owes its model.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type Completion,
  DEFAULT_SETTINGS,
  type Effect,
  type Failure,
  type FileOperation,
  type Protocol,
  type Session,
  type Settings,
} from "../../../server/mod.ts";
import { Tree } from "../../transcripts/tree.ts";

/** Everybody may get and put, in the root. */
export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  mini: { ...DEFAULT_SETTINGS.mini, anonymous: "write" },
};

const LOOPBACK = { family: 4, host: "127.0.0.1", port: 8000 } as const;
const encoder = new TextEncoder();

/** Effects that one input may cause; more is a loop. */
const EFFECTS_MAX = 100_000;

/** One session and everything around it. */
export class SmallDriver {
  readonly tree = new Tree();
  readonly session: Session;
  /** What the session showed on the server's terminal. */
  readonly printed: string[] = [];
  /** Questions to the operator that wait for their answers. */
  readonly questions: { readonly id: number; readonly prompt: string }[] = [];
  /** Every file operation, by name. */
  readonly operations: string[] = [];
  /** The close effect came. */
  closed = false;
  now = Date.UTC(2024, 5, 1);
  /** Keeps the answers of file operations back until `answer`. */
  holdsAnswers = false;
  readonly #held: [number, FileOperation][] = [];
  readonly #failures = new Map<string, Failure>();
  /** One entry for every turn in which something was sent: what one segment could hold. */
  #said: string[] = [];

  constructor(protocol: Protocol, settings: Settings = SETTINGS, number = 1) {
    const peer = { local: LOOPBACK, remote: LOOPBACK, number };
    this.session = protocol.createSession(settings, peer, this.now);
    this.#drain();
  }

  /** Lets the next operation of this name fail. */
  failNext(operation: FileOperation["do"], failure: Failure): void {
    this.#failures.set(operation, failure);
  }

  /** One input, as octets or text, and all its effects. */
  input(octets: Uint8Array | string): void {
    assert(this.session.wantsInput || this.closed, "The session wants no input now");
    const given = typeof octets === "string" ? encoder.encode(octets) : octets.slice();
    this.session.handleInput(given, this.now);
    given.fill(0x21); // input is borrowed: a session that kept it would now see this
    this.#drain();
  }

  /** The same input octet by octet. */
  inputSlowly(octets: Uint8Array | string): void {
    const given = typeof octets === "string" ? encoder.encode(octets) : octets;
    for (const octet of given) this.input(Uint8Array.of(octet));
  }

  end(): void {
    this.session.handleEnd(this.now);
    this.#drain();
  }

  stop(): void {
    this.session.handleStop(this.now);
    this.#drain();
  }

  /** Time goes by; the session is told of every deadline on the way. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const deadline = this.session.pollDeadline();
      if (deadline === undefined || deadline > end) break;
      this.now = Math.max(this.now, deadline);
      this.session.handleTimeout(this.now);
      this.#drain();
      const next = this.session.pollDeadline();
      assert(next === undefined || next > this.now, "A deadline that has passed stays");
    }
    this.now = end;
  }

  /** The operator answers the oldest question. */
  reply(text: string | undefined): void {
    const question = this.questions.shift();
    assert(question !== undefined, "Nothing was asked");
    this.session.handleCompletion(question.id, { kind: "line", text }, this.now);
    this.#drain();
  }

  /** Lets the oldest file operation that is held back be carried out and answered. */
  answer(): void {
    const [id, operation] = this.#held.shift()!;
    this.session.handleCompletion(id, this.#perform(operation), this.now);
    this.#drain();
  }

  /** What the session said since it was last asked, one entry for each turn. */
  heard(): string[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  #drain(): void {
    const answers: [number, FileOperation][] = [];
    let said = "";
    for (let count = 0; count < EFFECTS_MAX; count++) {
      const effect = this.session.pollEffect(this.now);
      if (effect !== undefined) {
        assert(!this.closed, `An effect after close: ${effect.kind}`);
        if (effect.kind === "file" && this.holdsAnswers) {
          this.#held.push([effect.id, effect.operation]);
        } else if (effect.kind === "file") answers.push([effect.id, effect.operation]);
        else said += this.#carryOut(effect);
        continue;
      }
      const answer = answers.shift();
      if (answer === undefined) {
        if (said !== "") this.#said.push(said);
        if (this.closed) assertEquals(this.session.pollDeadline(), undefined);
        return;
      }
      this.session.handleCompletion(answer[0], this.#perform(answer[1]), this.now);
    }
    throw new Error(`More than ${EFFECTS_MAX} effects of one input`);
  }

  #perform(operation: FileOperation): Completion {
    this.operations.push(operation.do);
    const failure = this.#failures.get(operation.do);
    this.#failures.delete(operation.do);
    if (failure !== undefined) return { kind: "failed", failure, detail: "on purpose" };
    return this.tree.perform(operation);
  }

  /** Returns what was sent, one character for each octet. */
  #carryOut(effect: Effect): string {
    switch (effect.kind) {
      case "send":
        return latin1(effect.octets);
      case "print":
        this.printed.push(effect.text);
        return "";
      case "askOperator":
        this.questions.push({ id: effect.id, prompt: effect.prompt });
        return "";
      case "close":
        this.closed = true;
        this.tree.perform({ do: "closeFile" });
        return "";
      default:
        throw new Error(`Not an effect of a small protocol: ${effect.kind}`);
    }
  }
}

/** One character for each octet. */
export function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}
