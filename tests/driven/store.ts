/**
 * A file store on a stage: it does what the store below it does, writes down what it was asked for,
 * fails when it is told to, and keeps answers to operations back as long as it is told to.
 *
 * @module
 */

import type { FileSlot, FileStore, SlotClient } from "../../models/files/contract.ts";
import type { Completion, Failure, FileOperation, StoreAbilities } from "../../server/mod.ts";

/** What is said of every failure that a test asked for. */
export const ON_PURPOSE = "on purpose";

/** One store, for one connection. */
export class StagedStore implements FileStore {
  /** Every operation of the session, in order. */
  readonly operations: FileOperation[] = [];
  /** Answers to the session's operations wait for `release`. */
  slow = false;
  /** The file slot holds something. */
  isOpen = false;
  readonly #failures: { readonly what: string; readonly failure: Failure }[] = [];
  readonly #held: (() => void)[] = [];

  constructor(readonly below: FileStore, readonly can: StoreAbilities = below.can) {}

  slot(): FileSlot {
    return new StagedSlot(this, this.below.slot());
  }

  sweep(days: number, now: number): ReturnType<FileStore["sweep"]> {
    return this.below.sweep(days, now);
  }

  close(): void {
    this.below.close();
  }

  /** The next operation of this name fails, whoever asks for it. */
  failNext(what: string, failure: Failure): void {
    this.#failures.push({ what, failure });
  }

  /** The failure that was ordered for `what`, which is then over. */
  takeFailure(what: string): Failure | undefined {
    const index = this.#failures.findIndex((failure) => failure.what === what);
    return index === -1 ? undefined : this.#failures.splice(index, 1)[0]!.failure;
  }

  /** Answers now, or when it is released. */
  answer(answer: () => void): void {
    if (this.slow) this.#held.push(answer);
    else answer();
  }

  /** Gives the oldest answer that is kept back; false: there is none. */
  release(): boolean {
    const answer = this.#held.shift();
    answer?.();
    return answer !== undefined;
  }
}

class StagedSlot implements FileSlot {
  constructor(readonly store: StagedStore, readonly below: FileSlot) {}

  perform(operation: FileOperation, complete: (completion: Completion) => void): void {
    const { store } = this;
    store.operations.push(operation);
    const completion = this.#failed(operation) ?? this.#performed(operation);
    const closes = operation.do === "closeFile" || operation.do === "commitUpload" ||
      operation.do.startsWith("open");
    if (closes) store.isOpen = completion.kind === "opened";
    store.answer(() => complete(completion));
  }

  get descriptor(): number | undefined {
    return this.below.descriptor;
  }

  get length(): number | undefined {
    return this.below.length;
  }

  read(buffer: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    this.#move("read", client, () => this.below.read(buffer, client));
  }

  write(octets: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    this.#move("write", client, () => this.below.write(octets, client));
  }

  failureOf(errno: number): ReturnType<FileSlot["failureOf"]> {
    return this.below.failureOf(errno);
  }

  close(): void {
    this.store.isOpen = false;
    this.below.close();
  }

  #move(what: string, client: SlotClient, move: () => void): void {
    const failure = this.store.takeFailure(what);
    if (failure === undefined) move();
    else client.fileFailed(failure, ON_PURPOSE);
  }

  #failed({ do: what }: FileOperation): Completion | undefined {
    const failure = this.store.takeFailure(what);
    if (failure === undefined) return undefined;
    if (what === "commitUpload") this.below.close(); // as every store: what failed is not open
    return { kind: "failed", failure, detail: ON_PURPOSE };
  }

  #performed(operation: FileOperation): Completion {
    let completion: Completion | undefined;
    this.below.perform(operation, (answer) => completion = answer);
    return completion!;
  }
}
