/**
 * A filter for a listening socket that lets the packets of one host through and drops all others
 * in the kernel: a classic BPF program (socket(7) SO_ATTACH_FILTER, the kernel's
 * networking/filter.rst). What is dropped never takes a place in the backlog, and gets no answer.
 * Where the kernel lets only root attach one, strangers are turned away when they are accepted.
 *
 * @module
 */

/** Opcodes of classic BPF: load a word or an octet, and, jump if equal, return. */
const LOAD_WORD = 0x20, LOAD_OCTET = 0x30, AND = 0x54, JUMP_EQUAL = 0x15, RETURN = 0x06;

/** Where the network header begins, as an offset for the loads (SKF_NET_OFF). */
const NETWORK_HEADER = 0xfff00000;

/** Where the source address stands in an IPv4 and in an IPv6 header. */
const IPV4_SOURCE = 12, IPV6_SOURCE = 8;

/** struct sock_filter {u16 code; u8 jt; u8 jf; u32 k;} */
export const SOCK_FILTER_BYTES = 8;
/** struct sock_fprog {unsigned short len; struct sock_filter *filter;} */
export const SOCK_FPROG_BYTES = 16;

/** Accepts a packet whole, or drops it. */
const WHOLE = 0xffffffff, NOTHING = 0;

/** The program that lets `source`, 4 or 16 octets of an address, through. */
export function onlyFrom(source: Uint8Array): Uint8Array<ArrayBuffer> {
  const ipv4 = source.length === 4;
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const words = Array.from({ length: source.length / 4 }, (_, index) => view.getUint32(index * 4));
  const first = NETWORK_HEADER + (ipv4 ? IPV4_SOURCE : IPV6_SOURCE);
  const tests: [load: number, at: number, equal: number][] = words.map(
    (word, index) => [LOAD_WORD, first + index * 4, word],
  );
  const program: [code: number, jt: number, jf: number, k: number][] = [
    [LOAD_OCTET, 0, 0, NETWORK_HEADER],
    [AND, 0, 0, 0xf0],
    [JUMP_EQUAL, 0, tests.length * 2 + 1, ipv4 ? 0x40 : 0x60],
  ];
  for (const [index, [load, at, equal]] of tests.entries()) {
    program.push([load, 0, 0, at]);
    program.push([JUMP_EQUAL, 0, (tests.length - index) * 2 - 1, equal]);
  }
  program.push([RETURN, 0, 0, WHOLE], [RETURN, 0, 0, NOTHING]);
  const octets = new Uint8Array(program.length * SOCK_FILTER_BYTES);
  const out = new DataView(octets.buffer);
  for (const [index, [code, jt, jf, k]] of program.entries()) {
    const at = index * SOCK_FILTER_BYTES;
    out.setUint16(at, code, true);
    out.setUint8(at + 2, jt);
    out.setUint8(at + 3, jf);
    out.setUint32(at + 4, k >>> 0, true);
  }
  return octets;
}
