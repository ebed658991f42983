/**
 * Data addresses as FTP writes them: PORT and 227 (RFC 959), EPRT and 229 (RFC 2428).
 *
 * Pure text, for the session and the client alike; whether an address may be used is not decided
 * here.
 *
 * @module
 */

import type { Address } from "../../effects.ts";

export type { Address };

/** `h1,h2,h3,h4,p1,p2`: the argument of PORT and what a 227 reply has in parentheses. */
export function formatHostPort(address: Address): string {
  return `${address.host.replaceAll(".", ",")},${address.port >> 8},${address.port & 0xff}`;
}

/** Reads `h1,h2,h3,h4,p1,p2`; undefined when it is anything else. */
export function parseHostPort(text: string): Address | undefined {
  const fields = text.split(",");
  if (fields.length !== 6) return undefined;
  const numbers: number[] = [];
  for (const field of fields) {
    const number = parseDecimal(field, 255);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  const [high, low] = [numbers[4]!, numbers[5]!];
  return { family: 4, host: numbers.slice(0, 4).join("."), port: high << 8 | low };
}

/**
 * Reads the argument of EPRT, `|1|IPv4|port|` or `|2|IPv6|port|` with any delimiter from "!" to "~".
 *
 * @returns The address, "family" when its protocol number is neither 1 nor 2, or undefined when
 * the text is not such an argument.
 */
export function parseExtended(text: string): Address | "family" | undefined {
  const delimiter = text[0];
  if (delimiter === undefined || delimiter < "!" || delimiter > "~") return undefined;
  const fields = text.split(delimiter);
  if (fields.length !== 5 || fields[4] !== "") return undefined;
  const [, protocol, host, portText] = fields as [string, string, string, string, string];
  if (parseDecimal(protocol, 0xffff) === undefined) return undefined;
  if (protocol !== "1" && protocol !== "2") return "family";
  const port = parseDecimal(portText, 0xffff);
  if (port === undefined) return undefined;
  if (protocol === "1") {
    const numbers = host.split(".").map((field) => parseDecimal(field, 255));
    if (numbers.length !== 4 || numbers.includes(undefined)) return undefined;
    return { family: 4, host: numbers.join("."), port };
  }
  const canonical = canonicalIpv6(host);
  return canonical === undefined ? undefined : { family: 6, host: canonical, port };
}

/**
 * The address in the text of a 227 reply, with or without parentheses (RFC 1123 section 4.1.2.6);
 * some put blanks around its commas.
 */
export function parsePassive(text: string): Address | undefined {
  const match = /(?:^|\D)(\d{1,3}(?: *, *\d{1,3}){5})(?!\d| *, *\d)/.exec(text);
  return match === null ? undefined : parseHostPort(match[1]!.replaceAll(" ", ""));
}

/** The port in the text of a 229 reply. */
export function parseExtendedPassive(text: string): number | undefined {
  const match = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(text);
  return match === null ? undefined : parseDecimal(match[2]!, 0xffff);
}

/**
 * The one text for an IPv6 address: lower case, no leading zeros, the longest run of zeros as
 * "::" (RFC 5952), so that two addresses are equal when their texts are. An IPv4-mapped one stays
 * in hexadecimal, a zone ("%eth0") is refused.
 */
export function canonicalIpv6(text: string): string | undefined {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text) || !text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return formatGroups([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** The groups in one side of "::"; the last one may be written as an IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const fields = text.split(":");
  for (const [index, field] of fields.entries()) {
    if (field.includes(".")) {
      const numbers = field.split(".").map((part) => parseDecimal(part, 255) ?? -1);
      if (!last || index !== fields.length - 1 || numbers.length !== 4) return undefined;
      const [a, b, c, d] = numbers as [number, number, number, number];
      if (Math.min(a, b, c, d) < 0) return undefined;
      groups.push(a << 8 | b, c << 8 | d);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(field)) return undefined;
      groups.push(parseInt(field, 16));
    }
  }
  return groups;
}

function formatGroups(groups: readonly number[]): string {
  let [bestStart, bestLength] = [0, 1];
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > bestLength) [bestStart, bestLength] = [start, length];
  }
  const hex = groups.map((group) => group.toString(16));
  if (bestLength < 2) return hex.join(":");
  return `${hex.slice(0, bestStart).join(":")}::${hex.slice(bestStart + bestLength).join(":")}`;
}

/** A number of decimal digits only, at most `max`. */
function parseDecimal(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 5) return undefined;
  let number = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number <= max ? number : undefined;
}
