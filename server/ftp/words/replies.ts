/**
 * Replies of an FTP server (RFC 959 section 4.2): written by the session, read by the client.
 *
 * Pure functions and one small reader; nothing here knows what a code means.
 *
 * @module
 */

import { concatenate } from "../../octets.ts";
import { encodeLine } from "./lines.ts";

/** A reply as a client sees it. */
export interface Reply {
  /** 100 to 599. */
  readonly code: number;
  /**
   * The text of each line: the code and the character behind it are taken off the first and the
   * last line, lines in between are as they came.
   */
  readonly lines: readonly string[];
}

/** A reply of one line. */
export function encodeReply(code: number, text: string): Uint8Array {
  return encodeLine(`${code} ${text}`);
}

/**
 * A reply of several lines: `first` and `last` carry the code, each of `between` a space in front,
 * so that none of them can be taken for the last one.
 */
export function encodeReplyLines(
  code: number,
  first: string,
  between: readonly string[],
  last: string,
): Uint8Array {
  const lines = [`${code}-${first}`, ...between.map((line) => ` ${line}`), `${code} ${last}`]
    .map(encodeLine);
  return concatenate(lines);
}

const NOTHING = new Uint8Array(0);
const LF = 0x0a;
const SPACE = 0x20;
const IAC = 0xff;

/**
 * The lines between the first and the last of a reply, made of octets as they come: a space before
 * each, so that none can be taken for the last one, and 0xFF doubled (RFC 854).
 */
export class ReplyBody {
  #atStart = true;

  /** What `octets` are in the reply, as new octets. */
  push(octets: Uint8Array): Uint8Array {
    // The space of a line stands where its LF is not doubled; the last line may lack that.
    const result = new Uint8Array(2 * octets.length + 1);
    let length = 0;
    for (const octet of octets) {
      if (this.#atStart) result[length++] = SPACE;
      if (octet === IAC) result[length++] = IAC;
      result[length++] = octet;
      this.#atStart = octet === LF;
    }
    return result.subarray(0, length);
  }

  /** What is to stand before the reply's last line: the end of a line that was cut. */
  end(): Uint8Array {
    return this.#atStart ? NOTHING : encodeLine("");
  }
}

/** Three digits (RFC 959 section 4.2), and what may follow them. */
const CODE = /^[1-5]\d\d(?:[ -]|$)/;

/** Puts lines together to replies. */
export class ReplyReader {
  readonly #linesMax: number;
  #code = 0;
  #lines: string[] = [];

  /** A reader for replies of at most `linesMax` lines. */
  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** Whether a reply of several lines has begun and not ended. */
  get unfinished(): boolean {
    return this.#code !== 0;
  }

  /**
   * Takes one line without its end.
   *
   * @returns The reply that it completes, undefined when more lines are to come, or "malformed"
   * when the line cannot stand here or is one too many; the reader is then as new.
   */
  read(line: string): Reply | "malformed" | undefined {
    const code = this.#codeOf(line);
    const mark = line[3];
    if (this.#code === 0) {
      if (code === 0) return "malformed";
      if (mark !== "-") return { code, lines: [line.slice(4)] };
      this.#code = code;
      this.#lines = [line.slice(4)];
      return undefined;
    }
    if (this.#lines.length >= this.#linesMax) {
      this.#code = 0;
      return "malformed";
    }
    if (code !== this.#code || mark === "-") {
      this.#lines.push(line);
      return undefined;
    }
    this.#code = 0;
    this.#lines.push(line.slice(4));
    return { code, lines: this.#lines };
  }

  /** The code that `line` begins with, or 0. */
  #codeOf(line: string): number {
    return CODE.test(line) ? Number(line.slice(0, 3)) : 0;
  }
}

/** A path as a 257 reply carries it: in quotes, each quote inside doubled (RFC 959 appendix II). */
export function quotePath(path: string): string {
  return `"${path.includes('"') ? path.replaceAll('"', '""') : path}"`;
}

/**
 * The path in the text of a 257 reply, or undefined when there is none. A single quote inside that
 * the server did not double is told from the end by what follows: the end of a word comes last.
 */
export function parseQuotedPath(text: string): string | undefined {
  const match = /"((?:[^"]|""|"(?!"|[.,;:)]*(?:\s|$)))*)"/.exec(text);
  return match?.[1]?.replaceAll('""', '"');
}
