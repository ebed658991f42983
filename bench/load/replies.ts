/**
 * Reads FTP replies octet by octet without making any object: the load's inner loop. ftp_client.ts
 * calls it; it never looks at what a reply means, except for the port in a 229.
 *
 * @module
 */

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const BAR = 0x7c;

/** As much of a reply's last line as an error message repeats. */
const TEXT_BYTES_MAX = 100;

/** Replies of one control connection (RFC 959 section 4.2). */
export class ReplyReader {
  /** The port of the last 229 reply, "(|||PORT|)" (RFC 2428 section 3); 0 before one. */
  port = 0;
  #column = 0;
  #code = 0;
  #final = false;
  /** The code that a reply of several lines began with, until its last line; 0 outside one. */
  #openCode = 0;
  #bars = 0;
  readonly #text = new Uint8Array(TEXT_BYTES_MAX);
  #textLength = 0;

  /** Takes one octet; returns the code of the reply that it completes, else 0. */
  push(octet: number): number {
    if (octet === LINE_FEED) return this.#endLine();
    const column = this.#column++;
    if (column === 0) {
      this.#code = 0;
      this.#bars = 0;
      this.#final = false;
      this.#textLength = 0;
    }
    if (column < 3) {
      const digit = octet - ZERO;
      // A line within a reply may hold anything: -1 marks one that begins with no code.
      this.#code = digit >= 0 && digit <= 9 && this.#code >= 0 ? this.#code * 10 + digit : -1;
    } else if (column === 3) {
      this.#final = octet === SPACE;
    } else if (this.#code === 229) {
      this.#readPort(octet);
    }
    if (this.#textLength < TEXT_BYTES_MAX && octet !== CARRIAGE_RETURN) {
      this.#text[this.#textLength++] = octet;
    }
    return 0;
  }

  /** The last line read. */
  text(): string {
    return new TextDecoder().decode(this.#text.subarray(0, this.#textLength));
  }

  #readPort(octet: number): void {
    if (octet === BAR) {
      this.#bars++;
      if (this.#bars === 3) this.port = 0;
    } else if (this.#bars === 3 && octet >= ZERO && octet <= NINE) {
      this.port = this.port * 10 + octet - ZERO;
    }
  }

  #endLine(): number {
    const complete = this.#column > 3;
    this.#column = 0;
    if (!complete || this.#code < 0) return 0;
    if (this.#openCode !== 0 && this.#code !== this.#openCode) return 0;
    this.#openCode = this.#final ? 0 : this.#code;
    return this.#final ? this.#code : 0;
  }
}
