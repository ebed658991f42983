/**
 * How much is read of a control connection at once, and what is kept of it while nobody wants it.
 * The wire asks for room before each read, and hears what this gives back; no socket is touched
 * here.
 *
 * A read stops at urgent data, and the runtime takes a buffer that was not filled for the end of
 * what has come: it then waits for more, though octets stand behind the mark. What follows a Synch
 * (RFC 854) would not be heard. Only a full buffer is safe, and only one octet always fills one:
 *
 *     a transfer is under way, or Telnet came lately      octet by octet
 *     the session is young, or a transfer was just over   the first octet alone, then the rest
 *     any other time                                      all at once
 *     a protocol without Telnet                           all at once, into a larger buffer
 *
 * Urgent data is for who waits for a transfer to end. Who has long said nothing but whole lines
 * without one is read at once, which costs a third less for a NOOP; if a Synch comes nevertheless,
 * what stands behind it may be heard only together with the octets that come next.
 *
 * # What is held
 *
 * An upload is whole only if its client is alive at its end, and the end of a connection is heard
 * by a read alone: so one stays pending while an upload runs, whatever the session still takes. What
 * it brings is held, up to CONTROL_BYTES. The end of a client that has said more is not known before
 * the session takes commands again; by then its upload has its name.
 *
 * @module
 */

import { CONTROL_BYTES } from "../limits.ts";
import type { ControlBuffer, Sharing } from "./sharing.ts";

/** Telnet's IAC, and what ends a line. */
const IAC = 0xff, LF = 0x0a;

/** One read of a client whose commands come whole; a longer line takes another. */
const LINE_BYTES = 512;

/** How many pieces of input are begun with one octet when a session begins. */
const CAREFUL_PIECES = 64;

/** How many lines are read octet by octet once one had Telnet in it. */
const CAREFUL_LINES = 4;

/** Turns of the runtime, of some hundred reads, in which an upload's end waits for what was said. */
const HEARING_TURNS_MAX = 256;

/** The input of one control connection. */
export class ControlInput {
  /** The client's side has ended. */
  ended = false;
  readonly #first = new Uint8Array(1);
  /** Where octets are read to at once, since the first time that they are. */
  #whole: Uint8Array<ArrayBuffer> | undefined;
  /** Where the first octet of a piece waits for the rest of it. */
  #rest: ControlBuffer | undefined;
  /** Where a protocol without urgent data has its input: its pieces are no lines. */
  #piece: ControlBuffer | undefined;
  /** What `room` said. */
  #room: Uint8Array<ArrayBuffer> = this.#first;
  #pieces = CAREFUL_PIECES;
  #lines = 0;
  #reads = 0;
  /** Octets that came and are not wanted yet, and how many. */
  #held: ControlBuffer | undefined;
  #heldBytes = 0;

  /**
   * @param telnet whether the protocol has urgent data
   * @param transferring whether a transfer is under way
   */
  constructor(
    readonly sharing: Pick<Sharing, "takeControl" | "giveControl">,
    readonly telnet: boolean,
    readonly transferring: () => boolean,
  ) {}

  /** A transfer begins: when it is over, who waits for it does not know that yet. */
  transferBegins(): void {
    this.#pieces ||= 1;
  }

  /** What the next read may fill. */
  room(): Uint8Array<ArrayBuffer> {
    if (!this.telnet) return (this.#piece ??= this.sharing.takeControl()).whole;
    return this.#room = this.#rest !== undefined
      ? this.#rest.behindFirst
      : this.#pieces > 0 || this.#byOctets
      ? this.#first
      : this.#whole ??= new Uint8Array(LINE_BYTES);
  }

  /**
   * `count` octets came to the last room, or null: the end.
   *
   * @returns what is to be heard now, valid until the next call of `room`; it may be nothing yet
   */
  received(count: number | null): Uint8Array<ArrayBuffer> | undefined {
    this.#reads += 1;
    this.ended = count === null;
    if (this.#piece !== undefined) return this.#receivedPiece(count);
    if (this.#rest !== undefined) return this.#receivedRest(count ?? 0);
    if (count === null) return undefined;
    if (this.#room === this.#first) return this.#receivedFirst();
    if (this.#room[count - 1] !== LF) this.#pieces ||= 1;
    return this.#room.subarray(0, count);
  }

  /** Whether the client's side is open when all that has come is read, as far as it is read now. */
  async alive(): Promise<boolean> {
    for (let turns = 0, reads = -1; reads !== this.#reads && turns < HEARING_TURNS_MAX; turns++) {
      reads = this.#reads;
      await new Promise((resume) => setImmediate(resume));
    }
    return !this.ended;
  }

  /** Whether anything is held. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** Whether the next read of a transfer finds room: of an octet, or of the rest of a piece. */
  get mayHold(): boolean {
    return this.#heldBytes + (this.#rest === undefined ? 1 : CONTROL_BYTES) <= CONTROL_BYTES;
  }

  /** Keeps a copy of what was received behind what is held. */
  hold(octets: Uint8Array<ArrayBuffer>): void {
    this.#held ??= this.sharing.takeControl();
    this.#held.whole.set(octets, this.#heldBytes);
    this.#heldBytes += octets.length;
  }

  /** What is held, which is no longer; valid until the next call of `room` or `hold`. */
  takeHeld(): Uint8Array<ArrayBuffer> {
    const octets = this.#held!.whole.subarray(0, this.#heldBytes);
    this.sharing.giveControl(this.#held!);
    this.#held = undefined;
    this.#heldBytes = 0;
    return octets;
  }

  get #byOctets(): boolean {
    return this.#lines > 0 || this.transferring();
  }

  #receivedFirst(): Uint8Array<ArrayBuffer> | undefined {
    const octet = this.#first[0]!;
    if (octet === IAC) this.#lines = CAREFUL_LINES;
    if (octet === LF || this.#byOctets) {
      if (octet === LF && this.#lines > 0) this.#lines -= 1;
      return this.#first;
    }
    if (this.#pieces > 0) this.#pieces -= 1;
    this.#rest = this.sharing.takeControl();
    this.#rest.whole[0] = octet;
    return undefined;
  }

  #receivedPiece(count: number | null): Uint8Array<ArrayBuffer> | undefined {
    const { whole } = this.#piece!;
    this.sharing.giveControl(this.#piece!);
    this.#piece = undefined;
    return count === null ? undefined : whole.subarray(0, count);
  }

  #receivedRest(count: number): Uint8Array<ArrayBuffer> {
    const { whole } = this.#rest!;
    this.sharing.giveControl(this.#rest!);
    this.#rest = undefined;
    return whole.subarray(0, 1 + count);
  }
}
