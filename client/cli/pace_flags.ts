/**
 * How often transfers are tried again, and how fast they may be: --retries, --limit-rate.
 *
 * Pure; arguments.ts reads a command line's share of flags with it.
 *
 * @module
 */

import type { Flags } from "./flags.ts";

/** What the flags say of it. */
export interface TransferPace {
  /** How often a transfer is tried again after what passes by itself. */
  readonly retries?: number;
  /** Octets per second that all transfers may have together. */
  readonly limitRate?: number;
}

/** More attempts than this are a loop of the shell's. */
const RETRIES_MAX = 1_000;

/** What the letters behind a rate mean: powers of 1024, as curl and wget have them. */
const RATE_UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * Reads both.
 *
 * @throws {UsageError} naming the flag and what it takes.
 */
export function parsePace(flags: Flags<"retries" | "limit-rate">): TransferPace {
  const retries = flags.whole("retries", 0, RETRIES_MAX, undefined);
  const limitRate = parseRate(flags);
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(limitRate === undefined ? {} : { limitRate }),
  };
}

/** A number of octets per second, with a unit behind it or not. */
function parseRate(flags: Flags<"limit-rate">): number | undefined {
  const takes = "octets per second, with k, m or g behind them or not";
  const text = flags.text("limit-rate", takes);
  if (text === undefined) return undefined;
  const match = /^(\d{1,12}(?:\.\d{1,12})?)([kmg]?)$/i.exec(text);
  const unit = RATE_UNITS[(match?.[2] ?? "").toLowerCase()] ?? 1;
  const rate = Math.round(Number(match?.[1]) * unit);
  if (!(rate >= 1)) throw flags.wrong("limit-rate", takes);
  return rate;
}
