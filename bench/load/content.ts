/**
 * The octets of every file that the benchmark moves: each 32-bit word tells its own place, so that
 * a lost, repeated or shifted piece shows wherever one looks. run/workplace.ts makes the served
 * files with it, the load process verifies what it downloads, uploads.ts what has arrived.
 *
 * @module
 */

/** An odd multiplier (2^32 divided by the golden ratio): no two places share a word. */
const MULTIPLIER = 0x9e3779b1;

/** The octet at `offset` of every file; offsets up to 16 GiB differ. */
export function octetAt(offset: number): number {
  const index = Math.floor(offset / 4);
  return Math.imul(index + 1, MULTIPLIER) >>> 8 * (offset % 4) & 0xff;
}

/** What a file holds from `offset` on, a multiple of 4. */
export function contentBlock(offset: number, length: number): Uint8Array<ArrayBuffer> {
  // Word by word, since octet by octet is 20 times slower. Every machine that Deno runs on is
  // little-endian, as octetAt() is.
  const words = new Uint32Array(Math.ceil(length / 4));
  const first = offset / 4 + 1;
  for (let index = 0; index < words.length; index++) {
    words[index] = Math.imul(first + index, MULTIPLIER);
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Neighbouring octets compared at a place: fewer than a word would let shifted content pass. */
const SAMPLE_BYTES = 8;

/**
 * Whether the first `length` octets of `octets` are what a file holds from `offset` on, looking at
 * the beginning, the middle and the end only.
 */
export function contentMatches(octets: Uint8Array, length: number, offset: number): boolean {
  return sampleMatches(octets, 0, length, offset) &&
    sampleMatches(octets, length >>> 1, length, offset) &&
    sampleMatches(octets, Math.max(0, length - SAMPLE_BYTES), length, offset);
}

function sampleMatches(octets: Uint8Array, from: number, length: number, offset: number): boolean {
  const end = Math.min(length, from + SAMPLE_BYTES);
  for (let index = from; index < end; index++) {
    if (octets[index] !== octetAt(offset + index)) return false;
  }
  return true;
}

/** Octets written or read at a time: a whole number of words, small against any cache. */
const BLOCK_BYTES = 1 << 20;

/** Makes the file `path` of `size` octets, readable for every user. */
export async function createContentFile(path: string, size: number): Promise<void> {
  using file = await Deno.create(path);
  for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
    const block = contentBlock(offset, Math.min(BLOCK_BYTES, size - offset));
    for (let written = 0; written < block.length;) {
      written += await file.write(block.subarray(written));
    }
  }
  await Deno.chmod(path, 0o644);
}

/** Between two places that `verifyContentFile` looks at: a page, the least that gets lost. */
const STRIDE_BYTES = 4096;

/** What is wrong with the file `path` that should hold `size` octets, or undefined. */
export function verifyContentFile(path: string, size: number): string | undefined {
  using file = Deno.openSync(path);
  const found = file.statSync().size;
  if (found !== size) return `wrong size: ${found} of ${size} octets`;
  const block = new Uint8Array(BLOCK_BYTES);
  for (let offset = 0; offset < size;) {
    const count = file.readSync(block);
    if (count === null) return `wrong size: ${offset} of ${size} octets`;
    for (let at = 0; at < count; at += STRIDE_BYTES) {
      const piece = block.subarray(at, Math.min(count, at + STRIDE_BYTES));
      if (!contentMatches(piece, piece.length, offset + at)) return "wrong octets";
    }
    offset += count;
  }
  return undefined;
}
