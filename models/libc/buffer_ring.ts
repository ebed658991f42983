/**
 * Buffers that the kernel picks one of when octets have come (io_uring_register(2),
 * IORING_REGISTER_PBUF_RING): connections that say nothing hold none.
 *
 * Whoever hears of a completion with a buffer gives it back before the next `enter`, or receives
 * end by ENOBUFS. The memory stays where it is for as long as the ring is open.
 *
 * @module
 */

import { memoryAddress, type Ring } from "./uring.ts";
import * as abi from "./uring_abi.ts";
import { RingError } from "./uring_setup.ts";

/** What the ring of buffers is aligned to: a page, of which those of arm64 are the largest. */
const PAGE_BYTES_MAX = 65_536;

/** One ring of buffers, a group of a Ring. */
export class BufferRing {
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #address: number;
  readonly #view: DataView<ArrayBuffer>;
  readonly #tails: Uint16Array<ArrayBuffer>;
  /** Where the first buffer begins in the memory. */
  readonly #first: number;
  #tail = 0;

  /**
   * @param group its number, which submissions name
   * @param count how many buffers: a power of two, at most 32768
   * @param bytes the size of each
   * @throws {RingError} when the kernel does not take it
   */
  constructor(ring: Ring, readonly group: number, readonly count: number, readonly bytes: number) {
    this.#first = count * abi.BUF_BYTES;
    const room = new Uint8Array(this.#first + count * bytes + PAGE_BYTES_MAX);
    const skipped = -memoryAddress(room) & PAGE_BYTES_MAX - 1;
    this.#memory = room.subarray(skipped, skipped + this.#first + count * bytes);
    this.#address = memoryAddress(this.#memory);
    this.#view = new DataView(room.buffer, skipped, this.#first);
    this.#tails = new Uint16Array(room.buffer, skipped + abi.BUF_TAIL, 1);
    const argument = new Uint8Array(abi.BUF_REG_BYTES);
    const fields = new DataView(argument.buffer);
    fields.setBigUint64(0, BigInt(this.#address), true);
    fields.setUint32(abi.BUF_REG_ENTRIES, count, true);
    fields.setUint16(abi.BUF_REG_GROUP, group, true);
    const result = ring.register(abi.REGISTER_PBUF_RING, argument, 1);
    if (result < 0) throw new RingError("io_uring_register(2)", -result);
    for (let buffer = 0; buffer < count; buffer++) this.#give(buffer);
  }

  /** What a completion with these `flags` brought, `length` octets, until `giveBack`. */
  octets(flags: number, length: number): Uint8Array<ArrayBuffer> {
    const start = this.#first + (flags >>> abi.CQE_BUFFER_SHIFT) * this.bytes;
    return this.#memory.subarray(start, start + length);
  }

  /** The buffer that a completion with these `flags` brought is the kernel's again. */
  giveBack(flags: number): void {
    this.#give(flags >>> abi.CQE_BUFFER_SHIFT);
  }

  #give(buffer: number): void {
    const view = this.#view;
    const at = (this.#tail & this.count - 1) * abi.BUF_BYTES;
    const address = this.#address + this.#first + buffer * this.bytes;
    view.setUint32(at, address, true);
    view.setUint32(at + 4, address / 2 ** 32, true);
    view.setUint32(at + abi.BUF_LEN, this.bytes, true);
    view.setUint16(at + abi.BUF_BID, buffer, true); // the tail stands behind that of the first
    this.#tail = this.#tail + 1 & 0xffff;
    Atomics.store(this.#tails, 0, this.#tail);
  }
}
