/**
 * Histograms of latencies as records keep them: written by the load, read and merged by whoever
 * claims something, since a percentile of several blocks is that of all their samples. Pure.
 *
 * @module
 */

import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";
import type { Latency } from "../record.ts";

/** A run that cannot be read; the message is one line for the user. */
export class RunError extends Error {
  /** As `Error.name`. */
  override name = "RunError";
}

/** What a record keeps of latencies, if there are any. */
export function latencyOf(histogram: Histogram): Latency | undefined {
  if (histogram.totalCount === 0) return undefined;
  return {
    count: histogram.totalCount,
    histogram: encodeIntoCompressedBase64(histogram),
    p50Us: histogram.getValueAtPercentile(50),
    p99Us: histogram.getValueAtPercentile(99),
    maxUs: histogram.maxValue,
  };
}

/** All `latencies` in one histogram, microseconds: percentiles are taken of it, never averaged. */
export function mergeLatencies(latencies: readonly Latency[]): Histogram | undefined {
  let merged: Histogram | undefined;
  for (const { histogram } of latencies) {
    const decoded = decode(histogram);
    if (merged === undefined) merged = decoded;
    else merged.add(decoded as never);
    merged.autoResize = true;
  }
  return merged;
}

function decode(text: string): Histogram {
  try {
    return decodeFromCompressedBase64(text);
  } catch (error) {
    // What the decoder throws depends on where the octets go wrong, and may not be an Error.
    const what = error instanceof Error ? error.message : String(error);
    throw new RunError(`Cannot read a histogram: ${what.split("\n")[0]}`);
  }
}
