/**
 * A download by calls of the kernel, over real sockets and a real file, when sendfile(2) does not
 * take the file: it is read and sent, or the failure is the file's and not the connection's. What
 * else than a full socket says EAGAIN is not waited for.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Transfer } from "../../../models/driver/transfer.ts";
import { diskStore } from "../../../models/files/disk.ts";
import { PlainChannel } from "../../../models/kernel/channel.ts";
import { KernelConnection } from "../../../models/kernel/data_connection.ts";
import { PassiveDescriptor } from "../../../models/kernel/sockets.ts";
import { UploadPipe } from "../../../models/kernel/upload_pipe.ts";
import * as c from "../../../models/libc/constants.ts";
import { type Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import { type Completion, concatenate, type Failure } from "../../../server/mod.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

const HOST = "127.0.0.1";

/** More than one block, and not a whole number of them. */
const CONTENT = Uint8Array.from({ length: BULK_BYTES + 5_000 }, (_, at) => at * 7 + (at >> 8));

/** Where the file is read from, as after REST. */
const OFFSET = 1_000;

/** How many turns a story may take: a guard. */
const TURNS_MAX = 10_000;

type SendFile = Libc["sendfile"];

/** Sends CONTENT from OFFSET on by what `odd` makes of sendfile(2). */
function download(
  odd: (sendfile: SendFile) => SendFile,
): { received: Uint8Array; completion: Completion | undefined } {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-" }));
  Deno.writeFileSync(`${folder}/file`, CONTENT);
  using loopback = new Loopback();
  const { libc } = loopback;
  libc.sendfile = odd(libc.sendfile.bind(libc));
  const store = diskStore(libc, folder);
  const slot = store.slot();
  slot.perform({ do: "openRead", path: "/file", offset: OFFSET }, () => {});
  const { fd, address } = loopback.listen(HOST, c.SOCK_NONBLOCK);
  const buffer = new Uint8Array(BULK_BYTES);
  const connection = new KernelConnection(
    {
      kernel: libc,
      counters: { add() {} },
      buffer,
      pipe: new UploadPipe(libc, buffer),
      socketFlags: c.SOCK_NONBLOCK,
      moveBytes: () => BULK_BYTES,
      adopt: () => undefined,
    },
    slot,
    address,
    new PlainChannel(libc, loopback.connect().server),
    new PassiveDescriptor(libc, fd, address.port, false),
  );
  const transfer = new Transfer("passive", HOST, Infinity);
  const effect = { kind: "startTransfer", id: 1, direction: "send", user: "", path: "" } as const;
  const timeouts = { connectTimeoutMs: 1e6, stallTimeoutMs: 1e6 };
  transfer.start({ ...effect, ...timeouts }, { length: slot.length, direct: true, buffer }, 0);
  const client = loopback.open(libc.socket(4, 0));
  assertEquals(libc.connect(client, address), 0);
  libc.setNonBlocking(client, true);
  const parts: Uint8Array[] = [];
  const part = new Uint8Array(BULK_BYTES);
  const drain = () => {
    const count = libc.recv(client, part, BigInt(part.length), 0);
    if (count > 0) parts.push(part.slice(0, count));
    return count;
  };
  for (let turns = 0; transfer.act !== "over"; turns++) {
    assert(turns < TURNS_MAX, `It waits at "${transfer.act}"`);
    connection.turn(transfer, 2, 0);
    drain();
  }
  for (let count = 1; count !== 0 && count !== -c.ECONNRESET;) count = drain();
  slot.close();
  store.close();
  Deno.removeSync(folder, { recursive: true });
  return { received: concatenate(parts), completion: transfer.completion };
}

/** The same, and all arrives. */
function completes(odd: (sendfile: SendFile) => SendFile): void {
  const { received, completion } = download(odd);
  assertEquals(received, CONTENT.subarray(OFFSET));
  assertEquals(completion, { kind: "transferred", octets: CONTENT.length - OFFSET });
}

for (const errno of [c.EINVAL, c.EAGAIN]) {
  testWith(
    ["ffi", "read", "write"],
    `KernelConnection reads and sends a file that sendfile(2) cannot move: error ${errno}`,
    () => completes(() => () => -errno),
    absent,
  );
}

testWith(
  ["ffi", "read", "write"],
  "KernelConnection goes on where the socket had room a moment later",
  () => {
    let calls = 0;
    completes((sendfile) => (socket, file) => {
      const isRefused = calls++ % 2 === 0;
      return isRefused ? -c.EAGAIN : sendfile(socket, file, BigInt(BULK_BYTES / 8));
    });
  },
  absent,
);

testWith(
  ["ffi", "read", "write"],
  "KernelConnection ends by a file that gives nothing in the middle, and does not wait for it",
  () => {
    let calls = 0;
    const { received, completion } = download((sendfile) => (socket, file) =>
      calls++ === 0 ? sendfile(socket, file, 1_000n) : -c.EAGAIN
    );
    assertEquals(received, CONTENT.subarray(OFFSET, OFFSET + 1_000));
    assertEquals(completion, { kind: "failed", failure: "busy", detail: "in use" });
  },
  absent,
);

const FAILURES: readonly (readonly [errno: number, failure: Failure])[] = [
  [c.EIO, "io"],
  [c.EUCLEAN, "io"],
  [c.ESTALE, "notFound"],
  [c.ENODEV, "denied"],
  [c.ENOTCONN, "io"],
  [c.EREMOTEIO, "io"],
  [c.EPIPE, "reset"],
  [c.ECONNABORTED, "reset"],
  [c.ETIMEDOUT, "reset"],
];

for (const [errno, failure] of FAILURES) {
  testWith(
    ["ffi", "read", "write"],
    `KernelConnection: error ${errno} of sendfile(2) is "${failure}"`,
    () => {
      const { completion } = download(() => () => -errno);
      assert(completion?.kind === "failed");
      assertEquals(completion.failure, failure);
    },
    absent,
  );
}
