/**
 * Which hosts count as one: an IPv4 address, or an IPv6 network of 64 bits, since that is the
 * least that one customer of a provider owns (RFC 6177 section 2).
 *
 * The gate asks for a key with every session; nothing here is looked up or waited for.
 *
 * @module
 */

/** The high half of an IPv4 host's key: in IPv6 it would be multicast, which nobody connects from. */
const IPV4 = -1;

/** 64 bits: two hosts of one network have the same. */
export interface HostKey {
  /** The first 32 bits of an IPv6 network, as a signed number. */
  readonly high: number;
  /** The other 32 bits of it, or an IPv4 address, as a signed number. */
  readonly low: number;
}

/** The key of a numeric address as Address.host has it; a zone behind "%" is of no account. */
export function hostKey(host: string): HostKey {
  return host.includes(":") ? networkOf(host) : { high: IPV4, low: ipv4Of(host) };
}

function ipv4Of(host: string): number {
  let address = 0;
  let octet = 0;
  for (let index = 0; index < host.length; index++) {
    const code = host.charCodeAt(index);
    if (code === DOT) {
      address = address << 8 | octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - ZERO;
    }
  }
  return address << 8 | octet;
}

const DOT = 0x2e, ZERO = 0x30;

/** The first four groups; "::" stands for as many zero groups as are missing of eight. */
function networkOf(host: string): HostKey {
  const [head = "", tail] = host.split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const last = tail === "" ? [] : tail.split(":");
    while (groups.length + last.length < 8) groups.push("0");
    groups.push(...last);
  }
  const [a, b, c, d] = groups.map((group) => parseInt(group, 16)) as [
    number,
    number,
    number,
    number,
  ];
  return { high: a << 16 | b, low: c << 16 | d };
}
