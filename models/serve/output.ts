/**
 * One output stream of the process behind a bounded queue. terminal.ts writes to it and goes on at
 * once: whoever has the other end of a pipe and does not read it can never stop the server. What
 * there is no room for, or what the stream refuses, is dropped and counted, never waited for.
 *
 * @module
 */

import { pieceOf, untilReady } from "../../client/cli/flags.ts";
import { concatenate } from "../../server/mod.ts";

/** What waits for a reader of one stream, octets; more is dropped. */
export const TERMINAL_BYTES_MAX = 1_048_576;

/** What a text costs besides its octets, so that many short ones are bounded as well. */
const TEXT_OVERHEAD_BYTES = 64;

/** Stands before what follows a text that was cut off. */
const LINE_END = Uint8Array.of(0x0a);

/** Where octets go, as Deno.stdout has it. */
export interface OutputSink {
  /** Writes some of `octets`, and says how many. */
  write(octets: Uint8Array): Promise<number>;
}

/** Texts on their way to one stream, in their order. */
export class Output {
  readonly #encoder = new TextEncoder();
  readonly #sink: OutputSink;
  readonly #onRoom: (dropped: number) => void;
  readonly #inPieces: boolean;
  #waiting: Uint8Array[] = [];
  /** Texts that are being written. */
  #underWay: Uint8Array[] = [];
  /** What those of both cost. */
  #bytes = 0;
  #dropped = 0;
  #refused = false;
  /** A part of a text is the last that the stream took. */
  #isCut = false;
  /** Resolves when nothing is left to write; undefined: nothing is. */
  #draining: Promise<void> | undefined;

  /**
   * @param onRoom is told how many texts were dropped, when there is room again.
   * @param inPieces What is written to the sink must be so short that it is taken whole or not at
   * all where it would block: of more it does not tell what it took.
   */
  constructor(sink: OutputSink, onRoom: (dropped: number) => void, inPieces = false) {
    this.#sink = sink;
    this.#onRoom = onRoom;
    this.#inPieces = inPieces;
  }

  /** What is dropped, the stream has refused: a disk is full, or nobody has the other end. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Queues `text`, or drops it. */
  write(text: string): void {
    const octets = this.#encoder.encode(text);
    if (this.#bytes + costOf(octets) > TERMINAL_BYTES_MAX) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(octets);
    this.#bytes += costOf(octets);
    this.#draining ??= this.#drain();
  }

  /** Resolves when all is written, or after `ms`, with the number of texts that are lost. */
  async flush(ms: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.#draining, promise]);
    clearTimeout(timer);
    return this.#dropped + this.#underWay.length + this.#waiting.length;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#underWay = this.#waiting;
      this.#waiting = [];
      const texts = this.#underWay;
      const octets = concatenate(this.#isCut ? [LINE_END, ...texts] : texts);
      const written = await this.#writeAll(octets);
      for (const text of texts) this.#bytes -= costOf(text);
      this.#underWay = [];
      this.#dropped += this.#lostOf(texts, written);
      if (written < octets.length) {
        this.#refused = true;
      } else if (this.#dropped > 0) {
        const dropped = this.#dropped;
        this.#dropped = 0;
        this.#onRoom(dropped);
        this.#refused = false;
      }
    }
    this.#draining = undefined;
  }

  /** How many of `texts` the stream did not take whole, which took `written` octets. */
  #lostOf(texts: readonly Uint8Array[], written: number): number {
    let end = this.#isCut ? LINE_END.length : 0;
    this.#isCut = written !== end;
    let lost = 0;
    for (const { length } of texts) {
      end += length;
      if (written === end) this.#isCut = false;
      if (written < end) lost++;
    }
    return lost;
  }

  /** How many octets the stream took: fewer than there are where it has failed. */
  async #writeAll(octets: Uint8Array): Promise<number> {
    let at = 0;
    try {
      while (at < octets.length) {
        const rest = octets.subarray(at);
        const piece = this.#inPieces ? pieceOf(rest) : rest;
        at += await untilReady(() => this.#sink.write(piece));
      }
    } catch {
      // A disk is full, or nobody has the other end: what is left is dropped.
    }
    return at;
  }
}

function costOf(octets: Uint8Array): number {
  return octets.length + TEXT_OVERHEAD_BYTES;
}
