/**
 * A thread that exchanges two names in a folder as fast as it can, as somebody else on the server
 * may: races_test.ts has file operations run against it. Ends when it is told, or by itself.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import * as c from "../../../models/libc/constants.ts";
import { FileCalls, Libc } from "../../../models/libc/mod.ts";

/** Exchanges at most: some seconds of them. */
const EXCHANGES_MAX = 3_000_000;

/** What it is told: the folder, the two names, and memory whose first number stops it. */
export interface SwapOrder {
  readonly folder: string;
  readonly names: readonly [string, string];
  readonly stop: Int32Array;
}

self.onmessage = ({ data }: MessageEvent<SwapOrder>) => {
  const encoder = new TextEncoder();
  const libc = new Libc();
  const files = new FileCalls(libc.calls);
  const [folder, one, other] = [data.folder, ...data.names].map((name) =>
    encoder.encode(`${name}\0`)
  ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  const root = files.openat(c.AT_FDCWD, folder, c.O_PATH | c.O_DIRECTORY, 0);
  self.postMessage("begun");
  let count = 0;
  while (count < EXCHANGES_MAX && Atomics.load(data.stop, 0) === 0) {
    files.renameat2(root, one, root, other, c.RENAME_EXCHANGE);
    count++;
  }
  libc.close(root);
  self.postMessage(count);
};
