/**
 * TYPE A: line ends between the served files (LF) and the network (CR LF), RFC 959 section
 * 3.1.1.1.
 *
 * Filters for transfers and for what counts their octets. They hold at most
 * one octet back, so the result never depends on how the octets were chunked.
 *
 * @module
 */

import type { LineConversion } from "../../effects.ts";

/** Converts octets on their way, whatever the pieces are that they come in. */
export interface Filter {
  /**
   * What can be said of all octets up to the end of `chunk`: new octets, never a part of `chunk`,
   * which is the caller's again.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What was held back until nothing follows. */
  end(): Uint8Array<ArrayBuffer>;
  /** Whether the result is shorter than what is to be left out of it, so far; where it is asked. */
  readonly isShort?: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

/** The filter that does what `lines` says. */
export function converter({ to, skip }: LineConversion): Filter {
  const filter = to === "network" ? toNetworkLines() : fromNetworkLines();
  return skip === 0 ? filter : dropFirst(skip, filter);
}

/** From a file to the network: LF becomes CR LF; a CR LF that is there already stays as it is. */
export function toNetworkLines(): Filter {
  let afterCr = false;
  return {
    push(chunk) {
      const isBare = (at: number) => at === 0 ? !afterCr : chunk[at - 1] !== CR;
      let count = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
        if (isBare(at)) count++;
      }
      const result = new Uint8Array(chunk.length + count);
      let [from, to] = [0, 0];
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
        if (!isBare(at)) continue;
        result.set(chunk.subarray(from, at), to);
        to += at - from;
        result[to++] = CR;
        from = at;
      }
      result.set(chunk.subarray(from), to);
      if (chunk.length > 0) afterCr = chunk[chunk.length - 1] === CR;
      return result;
    },
    end: () => NOTHING,
  };
}

/** From the network to a file: CR LF becomes LF; a CR before anything else stays. */
export function fromNetworkLines(): Filter {
  let heldCr = false;
  return {
    push(chunk) {
      if (chunk.length === 0) return NOTHING;
      const result = new Uint8Array(chunk.length + 1);
      let [from, to] = [0, 0];
      if (heldCr && chunk[0] !== LF) result[to++] = CR;
      heldCr = chunk[chunk.length - 1] === CR;
      const end = heldCr ? chunk.length - 1 : chunk.length;
      for (let at = chunk.indexOf(CR); at !== -1 && at < end; at = chunk.indexOf(CR, at + 1)) {
        if (chunk[at + 1] !== LF) continue;
        result.set(chunk.subarray(from, at), to);
        to += at - from;
        from = at + 1;
      }
      result.set(chunk.subarray(from, end), to);
      return result.subarray(0, to + end - from);
    },
    end: () => heldCr ? Uint8Array.of(CR) : NOTHING,
  };
}

/** `filter` without the first `count` octets of its result: REST in TYPE A (RFC 3659 5.3). */
export function dropFirst(count: number, filter: Filter): Filter {
  let left = count;
  const drop = (octets: Uint8Array<ArrayBuffer>) => {
    const dropped = Math.min(left, octets.length);
    left -= dropped;
    return octets.subarray(dropped);
  };
  return {
    push: (chunk) => drop(filter.push(chunk)),
    end: () => drop(filter.end()),
    get isShort() {
      return left > 0;
    },
  };
}
