/**
 * The messages of mini: `cmd|filename|filesize` in UTF-8, with nothing that marks their end.
 *
 * # Where a message ends
 *
 * The third field is a whole number in decimal, without leading zeros. So the message ends
 *
 * - at a "0", at once: no number goes on after it; every get of the field's programs ends so;
 * - before the first octet that is no digit: that octet belongs to the payload, or to the next
 *   message;
 * - else, with nothing after its digits, when nothing has come for NUMBER_WAIT_MS. Only time
 *   tells a number that is whole from one that the network cut.
 *
 * A put's payload may come with its message, unless it begins with a digit; the field's programs
 * wait for the answer. When more comes at once than SIZE and what is behind the payload begins no
 * message, there was no payload, but a field that is no number ("1e9").
 *
 * The session in session.ts reads through here; nothing here keeps state.
 *
 * @module
 */

import { NAME_BYTES_MAX } from "../octets.ts";
import { isAddressable } from "../paths.ts";

/**
 * How long digits at the end of the input wait for more, milliseconds: what Nagle's algorithm
 * holds back follows the delayed acknowledgement of what went before, 40 ms on Linux.
 */
export const NUMBER_WAIT_MS = 100;

/** How long the rest of a message may take, milliseconds: some retransmissions. */
export const MESSAGE_WAIT_MS = 5_000;

/** How much a message may take before its third field: what the field's programs receive at once. */
const HEAD_BYTES_MAX = 1024;

/** A petabyte less one octet: no file is longer, and a number holds it exactly. */
const SIZE_DIGITS_MAX = 15;

const BAR = 0x7c, ZERO = 0x30, NINE = 0x39;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a client can ask for. */
export type MiniCommand = "get" | "put";

const COMMANDS: readonly (readonly [MiniCommand, Uint8Array])[] = (["get", "put"] as const).map(
  (command) => [command, encoder.encode(`${command}|`)],
);

/** One whole message. */
export interface Message {
  readonly command: MiniCommand;
  /** A plain file name, or undefined when the second field is none. */
  readonly name: string | undefined;
  /** Octets. */
  readonly size: number;
  /** The message as it was sent; a get's pulls repeat it. */
  readonly octets: Uint8Array;
}

/** What the first octets of the input are. */
export type Reading =
  /** The beginning of a message. */
  | { readonly kind: "partial" }
  /** A message; `open` says that its number may go on, so that only time can end it. */
  | { readonly kind: "message"; readonly message: Message; readonly open: boolean }
  /** Not a message, whatever follows. `command` where that much was understood. */
  | { readonly kind: "bad"; readonly command: MiniCommand | undefined; readonly reason: string };

/** Reads the message that begins at the first octet of `input`, which is not empty. */
export function readMessage(input: Uint8Array): Reading {
  const found = COMMANDS.find(([, head]) => startsAlike(input, head));
  if (found === undefined) return bad(undefined, "Command is neither get nor put");
  const [command, head] = found;
  if (input.length <= head.length) return { kind: "partial" };
  const bar = input.subarray(0, HEAD_BYTES_MAX).indexOf(BAR, head.length);
  if (bar === -1) {
    return input.length < HEAD_BYTES_MAX
      ? { kind: "partial" }
      : bad(command, `Message takes more than ${HEAD_BYTES_MAX} bytes`);
  }
  let end = bar + 1;
  while (isDigit(input[end])) {
    end++;
    if (input[bar + 1] === ZERO) break;
    if (end - bar - 1 > SIZE_DIGITS_MAX) return bad(command, "Size is too large");
  }
  if (end === bar + 1) {
    return end === input.length ? { kind: "partial" } : bad(command, "Size is not a whole number");
  }
  const size = Number(decoder.decode(input.subarray(bar + 1, end)));
  const next = input.subarray(end + size);
  if (
    command === "put" && next.length > 0 && !COMMANDS.some(([, head]) => startsAlike(next, head))
  ) {
    return bad(command, "Size is not a whole number");
  }
  const name = plainName(input.subarray(head.length, bar));
  const message = { command, name, size, octets: input.slice(0, end) };
  return { kind: "message", message, open: end === input.length && input[bar + 1] !== ZERO };
}

/** Whether one of the two begins with the other. */
export function startsAlike(one: Uint8Array, other: Uint8Array): boolean {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

function bad(command: MiniCommand | undefined, reason: string): Reading {
  return { kind: "bad", command, reason };
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= ZERO && octet <= NINE;
}

/**
 * A name of one component on every system, or undefined: the field's programs give it to their own
 * as it is, and some of those take a backslash for a separator.
 */
function plainName(octets: Uint8Array): string | undefined {
  if (octets.length === 0 || octets.length > NAME_BYTES_MAX) return undefined;
  try {
    const name = decoder.decode(octets);
    const plain = name !== "." && name !== ".." && !/[\\/]/.test(name) && isAddressable(name);
    return plain ? name : undefined;
  } catch {
    return undefined; // not UTF-8
  }
}
