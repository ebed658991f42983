/**
 * The rest of a server around one driven session: its supervisor with the operator's terminal, and
 * its gate. Both write down what they are told, and see that it is balanced.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Admission, Attempt } from "../../models/admission.ts";
import { type ServeOptions, serveOptions } from "../../models/mod.ts";
import type { WorkerLink } from "../../models/model.ts";
import type { ServerEvent, Settings } from "../../server/mod.ts";

/** A question that waits for the operator. */
export interface AskedQuestion {
  readonly ask: number;
  readonly prompt: string;
  readonly answer: (line: string | undefined, now: number) => void;
}

/** The way to a supervisor. */
export class TestLink implements WorkerLink {
  readonly options: ServeOptions;
  /** What was counted, by name. */
  readonly counted = { octetsIn: 0, octetsOut: 0, octetsCopied: 0, delayedReads: 0 };
  readonly counters = {
    add: (counter: keyof TestLink["counted"], amount: number) => {
      this.counted[counter] += amount;
    },
  };
  readonly printed: string[] = [];
  readonly questions: AskedQuestion[] = [];
  readonly events: ServerEvent[] = [];
  /** What sessions threw; a test that expects it takes it away. */
  readonly crashes: unknown[] = [];
  /** Sessions that ended. */
  ended = 0;
  #asked = 0;

  constructor(settings: Settings) {
    this.options = serveOptions({ root: "/", settings });
  }

  beginSession(): number {
    return 1;
  }

  endSession(): void {
    this.ended++;
  }

  sessionCrashed(_: number, error: unknown): void {
    this.crashes.push(error);
  }

  event(event: ServerEvent): void {
    this.events.push(event);
  }

  print(text: string): void {
    this.printed.push(text);
  }

  ask(prompt: string, answer: AskedQuestion["answer"]): number {
    const ask = ++this.#asked;
    this.questions.push({ ask, prompt, answer });
    return ask;
  }

  withdraw(ask: number): void {
    const index = this.questions.findIndex((question) => question.ask === ask);
    assert(index !== -1, "only a question that is open is withdrawn");
    this.questions.splice(index, 1);
  }

  /** The operator answers the oldest question. */
  reply(text: string | undefined, now: number): void {
    const question = this.questions.shift();
    assert(question !== undefined, "nothing was asked");
    question.answer(text, now);
  }

  /** Throws what a session threw, unless it is expected. */
  assertSound(): void {
    const [crash] = this.crashes;
    if (crash !== undefined && !this.expectsCrashes) throw crash;
  }

  /** Crashes are what the test is about. */
  expectsCrashes = false;
}

/** A gate that lets everybody in, and sees that who came in also leaves. */
export class TestAdmission implements Admission {
  /** Whether and how the next attempts to log in are let go on. */
  next: Attempt = { allowed: true, delayMs: 500 };
  /** Sessions by host, and those of them that are logged in. */
  readonly open = new Map<string, number>();
  readonly users = new Map<string, number>();
  /** Attempts that nothing took back. */
  failed = 0;

  admit(host: string): undefined {
    add(this.open, host, 1);
  }

  leave(host: string, loggedIn: boolean): void {
    add(this.open, host, -1);
    if (loggedIn) add(this.users, host, -1);
  }

  attempt(host: string): Attempt {
    assert((this.open.get(host) ?? 0) > 0, "who attempts to log in has a session");
    if (this.next.allowed) this.failed++;
    return this.next;
  }

  loggedIn(host: string): void {
    this.failed--;
    add(this.users, host, 1);
  }

  loggedOut(host: string): void {
    add(this.users, host, -1);
  }

  /** Nobody is in any more. */
  assertEmpty(): void {
    assertEquals([...this.open.values(), ...this.users.values()].filter((count) => count > 0), []);
  }
}

function add(counts: Map<string, number>, host: string, amount: number): void {
  const count = (counts.get(host) ?? 0) + amount;
  assert(count >= 0, `"${host}" leaves what it never entered`);
  counts.set(host, count);
}
