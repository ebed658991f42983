/**
 * Commands that wait for their replies, as promises.
 *
 * control.ts keeps one `Exchanges`: conversation.ts says which reply belongs to which command.
 *
 * @module
 */

import type { Reply } from "./conversation.ts";

/** A command on its way. Both promises may be left alone: their failures are then unheard. */
export interface Exchange {
  /** The command's first word, for messages: the rest may hold a password. */
  readonly verb: string;
  /** The first reply, preliminary or final. */
  readonly first: Promise<Reply>;
  /** The last reply. */
  readonly final: Promise<Reply>;
}

interface Waiting extends Exchange {
  readonly resolveFirst: (reply: Reply) => void;
  readonly resolveFinal: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** All commands of one connection that are on their way. */
export class Exchanges {
  readonly #waiting = new Map<number, Waiting>();

  /** One more, under the id that its replies will have. */
  add(id: number, verb: string): Exchange {
    const first = Promise.withResolvers<Reply>();
    const final = Promise.withResolvers<Reply>();
    const waiting: Waiting = {
      verb,
      first: first.promise,
      final: final.promise,
      resolveFirst: first.resolve,
      resolveFinal: final.resolve,
      reject: (error) => {
        first.reject(error);
        final.reject(error);
      },
    };
    // A caller may wait for one of the two only, or for none.
    first.promise.catch(() => {});
    final.promise.catch(() => {});
    this.#waiting.set(id, waiting);
    return waiting;
  }

  /** A reply came for the command `id`. */
  answer(id: number, reply: Reply, final: boolean): void {
    const waiting = this.#waiting.get(id);
    if (final) this.#waiting.delete(id);
    waiting?.resolveFirst(reply);
    if (final) waiting?.resolveFinal(reply);
  }

  /** No reply will come any more. */
  fail(error: unknown): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
