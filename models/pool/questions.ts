/**
 * The questions that sessions have for the operator, put one at a time. A question whose client
 * has gone is withdrawn: it is not put any more, and what is typed then answers the next one.
 *
 * Each session has one question at most, so there are no more of them than sessions.
 *
 * @module
 */

import type { Terminal } from "../model.ts";

/** Who asks: a worker, and the number of the question there. */
interface Question<W> {
  readonly worker: W;
  readonly ask: number;
  readonly prompt: string;
  readonly withdrawn: AbortController;
}

/** Questions of workers, in the order in which they came. */
export class Questions<W> {
  readonly #waiting: Question<W>[] = [];
  #put: Question<W> | undefined;

  /** @param deliver gives a worker its answer; resolves when the next one can be given */
  constructor(
    readonly terminal: Terminal,
    readonly deliver: (worker: W, ask: number, line: string | undefined) => Promise<void>,
  ) {}

  /** A session asks. */
  add(worker: W, ask: number, prompt: string): void {
    this.#waiting.push({ worker, ask, prompt, withdrawn: new AbortController() });
    if (this.#put === undefined) this.#work();
  }

  /** Nobody waits for the answer to `ask`, or to any question of `worker`, any more. */
  withdraw(worker: W, ask?: number): void {
    const meant = (question: Question<W>) =>
      question.worker === worker && (ask === undefined || question.ask === ask);
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      if (meant(this.#waiting[at]!)) this.#waiting.splice(at, 1);
    }
    if (this.#put !== undefined && meant(this.#put)) this.#put.withdrawn.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#put = next;
      const { worker, ask, prompt, withdrawn } = next;
      const line = await this.terminal.ask(prompt, withdrawn.signal);
      if (!withdrawn.signal.aborted) await this.deliver(worker, ask, line);
    }
    this.#put = undefined;
  }
}
