/**
 * How TLS ends: by its own word, an alert, or by an end of the connection below that anybody on the
 * way can make. The runtime tells both alike, so the records that come are followed here.
 *
 * tls.ts gives them, data.ts asks. Nothing is decrypted.
 *
 * @module
 */

/** The type of a record, its version, and its length, RFC 8446 section 5.1. */
const HEADER_BYTES = 5;

/** Types of records: what RFC 8446 section 5.1 calls them. */
const ALERT = 21, APPLICATION_DATA = 23;

/** An alert of TLS 1.3 looks as data do: two octets, the type behind them, a tag of AEAD. */
const SEALED_ALERT_BYTES = 2 + 1 + 16;

/** Follows the records that come from the other side. */
export class TlsRecords {
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** Octets of the header that have come, and those of the record that have not. */
  #known = 0;
  #left = 0;

  /** Octets come, in any pieces. */
  take(octets: Uint8Array): void {
    for (let at = 0; at < octets.length;) {
      if (this.#left === 0 && this.#known === HEADER_BYTES) this.#known = 0;
      if (this.#known < HEADER_BYTES) {
        this.#header[this.#known++] = octets[at++]!;
        if (this.#known === HEADER_BYTES) this.#left = this.#length;
        continue;
      }
      const count = Math.min(this.#left, octets.length - at);
      this.#left -= count;
      at += count;
    }
  }

  /**
   * Whether the last record is whole and is, as far as its outside tells, an alert. Only two octets
   * of data in a record of TLS 1.3 look the same.
   */
  get endByAlert(): boolean {
    if (this.#known < HEADER_BYTES || this.#left > 0) return false;
    const [type] = this.#header;
    return type === ALERT || type === APPLICATION_DATA && this.#length === SEALED_ALERT_BYTES;
  }

  get #length(): number {
    return this.#header[3]! << 8 | this.#header[4]!;
  }
}
