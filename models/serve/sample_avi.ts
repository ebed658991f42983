/**
 * A small film, so that a new server has something to serve: a.avi, one second of a sweeping bar.
 *
 * The format is RIFF AVI with uncompressed 24-bit frames, which every player knows.
 *
 * @module
 */

import { concatenate } from "../../server/mod.ts";

const WIDTH = 64;
const HEIGHT = 48;
const FRAMES = 25;
/** Three octets a pixel; rows of 192 octets need no padding to four. */
const FRAME_BYTES = WIDTH * HEIGHT * 3;

/** AVIF_HASINDEX of the main header, AVIIF_KEYFRAME of an index entry. */
const HAS_INDEX = 0x10;
const KEY_FRAME = 0x10;

/** The film as the octets of a file. */
export function sampleAvi(): Uint8Array<ArrayBuffer> {
  const frames = Array.from({ length: FRAMES }, (_, index) => chunk("00db", frame(index)));
  const index = frames.map((_, count) =>
    concatenate([text("00db"), u32(KEY_FRAME, 4 + count * (FRAME_BYTES + 8), FRAME_BYTES)])
  );
  return chunk(
    "RIFF",
    concatenate([
      text("AVI "),
      list("hdrl", [
        chunk("avih", mainHeader()),
        list("strl", [chunk("strh", streamHeader()), chunk("strf", bitmapHeader())]),
      ]),
      list("movi", frames),
      chunk("idx1", concatenate(index)),
    ]),
  );
}

/** AVIMAINHEADER */
function mainHeader(): Uint8Array {
  const microseconds = 1_000_000 / FRAMES;
  const rate = FRAME_BYTES * FRAMES;
  return u32(
    ...[microseconds, rate, 0, HAS_INDEX, FRAMES, 0, 1, FRAME_BYTES, WIDTH, HEIGHT, 0, 0, 0, 0],
  );
}

/** AVISTREAMHEADER: FRAMES frames, FRAMES a second. */
function streamHeader(): Uint8Array {
  return concatenate([
    text("vids"),
    text("DIB "),
    u32(0, 0, 0, 1, FRAMES, 0, FRAMES, FRAME_BYTES, 0xffffffff, 0),
    u16(0, 0, WIDTH, HEIGHT),
  ]);
}

/** BITMAPINFOHEADER: one plane of 24 bits, not compressed. */
function bitmapHeader(): Uint8Array {
  return concatenate([
    u32(40, WIDTH, HEIGHT),
    u16(1, 24),
    u32(0, FRAME_BYTES, 0, 0, 0, 0),
  ]);
}

/** A bright bar that moves from left to right over a ground that changes its colour. */
function frame(count: number): Uint8Array {
  const pixels = new Uint8Array(FRAME_BYTES);
  const bar = Math.floor(count * WIDTH / FRAMES);
  for (let at = 0; at < FRAME_BYTES; at += 3) {
    const column = at / 3 % WIDTH;
    const lit = Math.abs(column - bar) < 4;
    pixels[at] = lit ? 255 : 96;
    pixels[at + 1] = lit ? 255 : count * 8;
    pixels[at + 2] = lit ? 255 : column * 3;
  }
  return pixels;
}

function list(kind: string, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return chunk("LIST", concatenate([text(kind), ...parts]));
}

function chunk(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatenate([text(name), u32(content.length), content]);
}

function text(letters: string): Uint8Array {
  return new TextEncoder().encode(letters);
}

function u32(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function u16(...values: number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}
