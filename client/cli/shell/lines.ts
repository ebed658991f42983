/**
 * Where the shell's lines come from: a script, or a person at a terminal (editor.ts).
 *
 * @module
 */

import { LocalError } from "../../errors.ts";
import { decodeText } from "../../text.ts";

/** One line after the other. */
export interface LineSource extends Disposable {
  /** The next line without its end; undefined when there is none. */
  next(): Promise<string | undefined>;
  /** Forgets what was typed and not yet asked for. */
  flush(): void;
}

/** No line of a script is longer, octets: what is no script is not read into memory. */
const LINE_BYTES_MAX = 65_536;

const LF = 0x0a;

/** The lines of a file or of standard input. */
export class ScriptLines implements LineSource {
  readonly #read: (buffer: Uint8Array<ArrayBuffer>) => Promise<number | null>;
  readonly #close: () => void;
  readonly #buffer = new Uint8Array(LINE_BYTES_MAX);
  #from = 0;
  #to = 0;
  #isFirst = true;

  constructor(
    read: (buffer: Uint8Array<ArrayBuffer>) => Promise<number | null>,
    close: () => void = () => {},
  ) {
    this.#read = read;
    this.#close = close;
  }

  async next(): Promise<string | undefined> {
    for (let looked = this.#from;;) {
      const end = this.#buffer.subarray(0, this.#to).indexOf(LF, looked);
      if (end !== -1) return this.#take(end, end + 1);
      looked = this.#to;
      if (this.#from > 0) {
        this.#buffer.copyWithin(0, this.#from, this.#to);
        looked = this.#to -= this.#from;
        this.#from = 0;
      }
      if (this.#to === LINE_BYTES_MAX) {
        throw new LocalError(`Cannot read a line of more than ${LINE_BYTES_MAX} octets`);
      }
      const count = await this.#read(this.#buffer.subarray(this.#to));
      if (count === null) return this.#from < this.#to ? this.#take(this.#to, this.#to) : undefined;
      this.#to += count;
    }
  }

  flush(): void {}

  [Symbol.dispose](): void {
    this.#close();
  }

  #take(end: number, next: number): string {
    const line = decodeText(this.#buffer.subarray(this.#from, end)).replace(/\r$/, "");
    this.#from = next;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    // Some editors begin a file with a byte order mark.
    return isFirst ? line.replace(/^\ufeff/, "") : line;
  }
}
