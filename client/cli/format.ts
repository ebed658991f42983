/**
 * How the command line writes sizes, times and modes: pure functions of values to text.
 *
 * @module
 */

import type { Entry } from "../listing.ts";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `1.2 MiB`: at most 10 columns. */
export function formatSize(octets: number): string {
  if (octets < 1024) return `${Math.round(octets)} B`;
  let value = octets / 1024;
  let unit = 0;
  // 1023.95 would be written as 1024.0.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `3.0 MiB/s`. */
export function formatRate(octetsPerSecond: number): string {
  return `${formatSize(octetsPerSecond)}/s`;
}

/** A time that has passed: `38 ms`, `0.4 s`, `1:05 min`, `1:02:03 h`. */
export function formatElapsed(ms: number): string {
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return formatMinutes(ms);
}

/** A time of a minute or more: `1:05 min`, `1:02:03 h`. */
export function formatMinutes(ms: number): string {
  return `${formatClock(ms)} ${ms < 3_599_500 ? "min" : "h"}`;
}

/** A time to wait: `0:05`, `1:02:03`; `-:--` when it is not known or over 99 hours. */
export function formatLeft(ms: number | undefined): string {
  return ms === undefined || !(ms < 99.5 * 3_600_000) ? "-:--" : formatClock(ms);
}

/** `0:05`, `1:02:03`. */
export function formatClock(ms: number): string {
  const total = Math.round(ms / 1000);
  const [hours, minutes, seconds] = [total / 3600 | 0, (total / 60 | 0) % 60, total % 60];
  const two = (number: number) => String(number).padStart(2, "0");
  return hours === 0 ? `${minutes}:${two(seconds)}` : `${hours}:${two(minutes)}:${two(seconds)}`;
}

/** `drwxr-xr-x`; question marks where the server does not tell. */
export function formatMode(entry: Entry): string {
  const letter = { file: "-", directory: "d", link: "l", other: "?" }[entry.kind];
  const mode = entry.mode;
  if (mode === undefined) return `${letter}?????????`;
  let text = letter;
  for (const [index, special] of ["s", "s", "t"].entries()) {
    const bits = mode >> (6 - 3 * index);
    text += (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-");
    const isSpecial = (mode & 0o4000 >> index) !== 0;
    if (isSpecial) text += bits & 1 ? special : special.toUpperCase();
    else text += bits & 1 ? "x" : "-";
  }
  return text;
}

/** `2026-11-23 23:12:05`, UTC. */
export function formatDate(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}
