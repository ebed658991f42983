/**
 * Lines of an FTP control connection: octets in, lines without Telnet out, and back.
 *
 * Both ends use it: the server's session for commands, the client for replies. It keeps at most
 * one unfinished line of a stated length and never throws for what a peer sent.
 *
 * What it takes out of the stream (RFC 959 section 3.1, RFC 854, RFC 2640 section 3.1):
 *
 * | octets                           | become                                            |
 * | -------------------------------- | ------------------------------------------------- |
 * | CR LF, or LF alone               | the end of a line                                 |
 * | CR NUL                           | CR inside the line                                |
 * | IAC IAC                          | one octet 0xFF                                    |
 * | IAC WILL, WONT, DO, DONT and one | nothing: every option is refused by not doing it  |
 * | IAC and another octet >= 0xF0    | nothing: IP, DM and the other Telnet functions    |
 * | IAC and any other octet          | the other octet; where there is no Synch, both    |
 * | octets >= 0xF0 before a line     | nothing; where there is no Synch, these octets    |
 *
 * The last two rows are what is left of a Synch where the system takes the urgent octet (the DM
 * of IAC DM) out of the stream or leaves it alone in front of the command.
 *
 * @module
 */

import { concatenate, encodeOctets, newOctets, writePlain } from "../../octets.ts";

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
/** The first Telnet function code (SE), RFC 854. */
const TELNET_FIRST = 0xf0;
/** WILL, WONT, DO and DONT are 0xFB to 0xFE; an option octet follows them. */
const WILL = 0xfb;
const IAC = 0xff;

/** The first size of the buffer that holds a line whose end has not come; it doubles. */
const KEPT_BYTES_START = 128;

/** What the octet before, if any, has left open. */
const enum Open {
  Nothing,
  Cr,
  Iac,
  Option,
}

const NOTHING = new Uint8Array(0);
const CR_LF = Uint8Array.of(CR, LF);

/** How the other side writes lines. */
export interface LineHabits {
  /**
   * Whether a line may be ended by its CR, when that is the last octet that came; default: never. A
   * client that sends a whole command as urgent data makes its LF the urgent octet, which a socket
   * without SO_OOBINLINE takes out of the stream. Where the line was only cut before its LF, that
   * is skipped when it comes.
   */
  readonly mayEndUrgently?: (line: Uint8Array) => boolean;
  /**
   * The other side sends no Synch, and what looks like the rest of one is text; default: it may.
   * Servers send none, and many do not double 0xFF, which is a letter in windows-1251.
   */
  readonly hasNoSynch?: boolean;
}

/** Cuts octets, however they are chunked, into lines. */
export class LineReader {
  /** The line that the last `read` completed, without its end; valid until the next `read`. */
  line: Uint8Array = NOTHING;
  /** Whether that line was longer than the limit; then `line` is empty. */
  tooLong = false;

  readonly #bytesMax: number;
  readonly #mayEndUrgently: (line: Uint8Array) => boolean;
  readonly #hasNoSynch: boolean;
  #kept = NOTHING;
  #length = 0;
  #open = Open.Nothing;
  /** A line was ended without its LF, which may still come. */
  #skipsLf = false;
  /** The rest of an over-long line is being dropped. */
  #dropping = false;

  /** A reader for lines of at most `bytesMax` octets, without their ends. */
  constructor(bytesMax: number, habits: LineHabits = {}) {
    this.#bytesMax = bytesMax;
    this.#mayEndUrgently = habits.mayEndUrgently ?? (() => false);
    this.#hasNoSynch = habits.hasNoSynch ?? false;
  }

  /**
   * Takes octets from `from` on until a line ends.
   *
   * @returns The offset after the line's end, or -1 when all octets were taken and none ended.
   */
  read(octets: Uint8Array, from: number): number {
    if (this.#skipsLf && from < octets.length) {
      this.#skipsLf = false;
      if (octets[from] === LF) return this.read(octets, from + 1);
    }
    if (this.#length === 0 && this.#open === Open.Nothing && !this.#dropping) {
      const next = this.#readWhole(octets, from);
      if (next > 0) return next;
    }
    for (let index = from; index < octets.length; index++) {
      if (this.#take(octets[index]!)) return index + 1;
    }
    if (this.#open !== Open.Cr || this.#dropping) return -1;
    if (!this.#mayEndUrgently(this.#kept.subarray(0, this.#length))) return -1;
    this.#open = Open.Nothing;
    this.#skipsLf = true;
    this.#endLine();
    return octets.length;
  }

  /** The usual line, whole in one chunk and without Telnet, is not copied; 0 for any other. */
  #readWhole(octets: Uint8Array, from: number): number {
    if (from < octets.length && octets[from]! >= TELNET_FIRST) return 0;
    for (let index = from; index < octets.length; index++) {
      const octet = octets[index]!;
      if (octet === LF) {
        const cr = index > from && octets[index - 1] === CR;
        const end = cr ? index - 1 : index;
        if (end - from > this.#bytesMax) return 0;
        this.line = octets.subarray(from, end);
        this.tooLong = false;
        return index + 1;
      }
      if (octet === IAC || octet === CR && octets[index + 1] !== LF) return 0;
    }
    return 0;
  }

  /** Takes one octet; true when it ended a line. */
  #take(octet: number): boolean {
    switch (this.#open) {
      case Open.Option:
        this.#open = Open.Nothing;
        return false;
      case Open.Iac:
        this.#open = octet >= WILL && octet < IAC ? Open.Option : Open.Nothing;
        if (octet === IAC) this.#keep(IAC);
        if (octet >= TELNET_FIRST) return false;
        if (this.#hasNoSynch) this.#keep(IAC);
        break;
      case Open.Cr:
        this.#open = Open.Nothing;
        if (octet === LF) return this.#endLine();
        this.#keep(CR);
        if (octet === NUL) return false;
        break;
    }
    if (octet === LF) return this.#endLine();
    if (octet === CR) this.#open = Open.Cr;
    else if (octet === IAC) this.#open = Open.Iac;
    else if (octet < TELNET_FIRST || this.#length > 0 || this.#hasNoSynch) this.#keep(octet);
    return false;
  }

  #keep(octet: number): void {
    if (this.#length === this.#bytesMax) this.#dropping = true;
    if (this.#dropping) return;
    if (this.#length === this.#kept.length) {
      const size = Math.min(this.#bytesMax, Math.max(KEPT_BYTES_START, 2 * this.#length));
      const grown = new Uint8Array(size);
      grown.set(this.#kept);
      this.#kept = grown;
    }
    this.#kept[this.#length++] = octet;
  }

  #endLine(): boolean {
    this.tooLong = this.#dropping;
    this.line = this.#kept.subarray(0, this.#dropping ? 0 : this.#length);
    // A connection that says little for long keeps no buffer: the next long line makes a new one.
    this.#kept = NOTHING;
    this.#length = 0;
    this.#dropping = false;
    return true;
  }
}

/**
 * One line for the control connection: names as octets (RFC 2640), CR as CR NUL (RFC 2640 section
 * 3.1), the octet 0xFF doubled (RFC 854), CR LF behind.
 *
 * @throws {TypeError} when `text` holds LF, for which FTP has no notation.
 */
export function encodeLine(text: string): Uint8Array {
  return encodePlainLine(text) ?? encodeUnusual(text);
}

/** `text` and CR LF, if it is ASCII without CR and LF; undefined for any other. */
export function encodePlainLine(text: string): Uint8Array<ArrayBuffer> | undefined {
  const { length } = text;
  const octets = newOctets(length + 2);
  if (writePlain(text, octets) < length) return undefined;
  octets[length] = CR;
  octets[length + 1] = LF;
  return octets;
}

/** A line that is more than ASCII, or cannot be written as it is. */
function encodeUnusual(text: string): Uint8Array {
  const octets = encodeOctets(`${text}\r\n`);
  const end = octets.length - 2;
  if (octets.indexOf(LF) !== end + 1) {
    throw new TypeError(`Cannot write ${JSON.stringify(text)} as one line: it holds LF`);
  }
  const isPlain = octets.indexOf(CR) === end && !octets.includes(IAC);
  return isPlain ? octets : concatenate([escapeTelnet(octets.subarray(0, end)), CR_LF]);
}

/** NUL behind each CR, and each 0xFF twice: no UTF-8 has that octet, but text has its escape. */
function escapeTelnet(octets: Uint8Array): Uint8Array {
  const escaped = new Uint8Array(2 * octets.length);
  let length = 0;
  for (const octet of octets) {
    escaped[length++] = octet;
    if (octet === CR) escaped[length++] = NUL;
    else if (octet === IAC) escaped[length++] = IAC;
  }
  return escaped.subarray(0, length);
}
