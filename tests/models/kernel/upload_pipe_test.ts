/**
 * Uploads without a buffer: everything that comes gets into the file, by whichever way, and what a
 * file does not take is left to nobody.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { CALL_NAMES, unavailableReason } from "../../../models/libc/mod.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import { UploadPipe } from "../../../models/kernel/upload_pipe.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback, type Pair } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** A file system cannot be had that takes nothing from a pipe; a file opened to append refuses. */
const O_APPEND = 0o2000;

/** /dev/full takes nothing at all. */
const FULL = "/dev/full";

interface Stage extends Pair {
  readonly loopback: Loopback;
  readonly pipe: UploadPipe;
  readonly path: string;
  open(path: string, flags: number): number;
  called(name: string): number;
}

function pipeTest(name: string, body: (stage: Stage) => void): void {
  testWith(["ffi", "read", "write"], `UploadPipe, ${name}`, async () => {
    using loopback = new Loopback();
    const { libc } = loopback;
    const folder = await Deno.makeTempDir({ prefix: "ftplab-pipe-" });
    const pipe = new UploadPipe(libc, new Uint8Array(BULK_BYTES));
    try {
      body({
        ...loopback.connect(),
        loopback,
        pipe,
        path: `${folder}/file`,
        open: (path, flags) => loopback.open(libc.open(path, flags, 0o600)),
        called: (call) => libc.calls[CALL_NAMES.indexOf(call as never)]!,
      });
    } finally {
      pipe.close();
      await Deno.remove(folder, { recursive: true });
    }
  }, absent);
}

/** <sys/socket.h> */
const MSG_OOB = 1;

const FIRST = Uint8Array.from({ length: 10_000 }, (_, index) => index * 7);
const SECOND = Uint8Array.of(1, 2, 3);

for (const flags of [0, O_APPEND]) {
  const way = flags === 0 ? "moves" : "copies where the file takes nothing from a pipe";
  pipeTest(way, ({ loopback: { libc }, client, server, pipe, path, open, called }) => {
    const file = open(path, c.O_CREAT | c.O_WRONLY | flags);
    const give = (octets: Uint8Array<ArrayBuffer>) => {
      assertEquals(libc.send(client, octets, 0), octets.length);
      let moved = 0;
      while (moved < octets.length) {
        const count = pipe.move(server, file);
        assert(count > 0 && pipe.fileErrno === 0, `${count}, ${pipe.fileErrno}`);
        moved += count;
      }
      assertEquals(moved, octets.length);
    };
    assertEquals(pipe.move(server, file), -c.EAGAIN);
    give(FIRST);
    assertEquals([called("read") > 0, called("write") > 0], [flags !== 0, flags !== 0]);
    // What could not be moved once is not tried again: there is no pipe any more.
    const spliced = called("splice");
    give(SECOND);
    assertEquals(called("splice") > spliced, flags === 0);
    libc.shutdown(client, c.SHUT_WR);
    assertEquals([pipe.move(server, file), pipe.fileErrno], [0, 0]);
    assertEquals(Deno.readFileSync(path), Uint8Array.of(...FIRST, ...SECOND));
  });
}

pipeTest(
  "goes on behind an urgent octet, at the end of what came as in its midst",
  ({ loopback: { libc }, client, server, pipe, path, open }) => {
    const file = open(path, c.O_CREAT | c.O_WRONLY);
    const moved = (octets: number) => {
      for (let left = octets; left > 0;) {
        const count = pipe.move(server, file);
        assert(count > 0 && pipe.fileErrno === 0, `${count}, with ${left} to come`);
        left -= count;
      }
      assertEquals(pipe.move(server, file), -c.EAGAIN);
    };
    const urgent = () => assertEquals(libc.send(client, Uint8Array.of(255), MSG_OOB), 1);
    libc.send(client, FIRST, 0);
    urgent();
    moved(FIRST.length);
    libc.send(client, SECOND, 0);
    moved(SECOND.length);
    urgent();
    libc.send(client, FIRST, 0);
    moved(FIRST.length);
    urgent();
    libc.send(client, SECOND, 0);
    libc.shutdown(client, c.SHUT_WR);
    assertEquals(pipe.move(server, file), SECOND.length);
    assertEquals(pipe.move(server, file), 0);
    assertEquals(Deno.readFileSync(path), Uint8Array.of(...FIRST, ...SECOND, ...FIRST, ...SECOND));
  },
);

pipeTest(
  "after a file that took nothing, carries the next one's octets only",
  ({ loopback: { libc }, client, server, pipe, path, open }) => {
    for (const octets of [FIRST, SECOND]) {
      libc.send(client, octets, 0);
      pipe.move(server, open(FULL, c.O_WRONLY));
      assertEquals(pipe.fileErrno, c.ENOSPC);
    }
    const file = open(path, c.O_CREAT | c.O_WRONLY);
    libc.send(client, SECOND, 0);
    assertEquals([pipe.move(server, file), pipe.fileErrno], [SECOND.length, 0]);
    assertEquals(Deno.readFileSync(path), SECOND);
  },
);

pipeTest(
  "without a descriptor to spare copies, and has its pipe when there is one again",
  ({ loopback: { libc }, client, server, pipe, path, open, called }) => {
    const file = open(path, c.O_CREAT | c.O_WRONLY);
    const { pipe: makePipe } = libc;
    libc.pipe = () => -c.EMFILE;
    libc.send(client, FIRST, 0);
    assertEquals([pipe.move(server, file), called("splice")], [FIRST.length, 0]);
    libc.pipe = makePipe;
    libc.send(client, SECOND, 0);
    assertEquals([pipe.move(server, file), called("splice") > 0], [SECOND.length, true]);
    assertEquals(Deno.readFileSync(path), Uint8Array.of(...FIRST, ...SECOND));
  },
);

pipeTest("closes both ends", ({ loopback: { libc }, server, pipe, path, open, called }) => {
  const file = open(path, c.O_CREAT | c.O_WRONLY);
  for (let round = 0; round < 3; round++) {
    const before = called("close");
    assertEquals(pipe.move(server, file), -c.EAGAIN);
    pipe.close();
    pipe.close();
    assertEquals(called("close"), before + 2);
  }
  assertEquals(libc.calls[CALL_NAMES.indexOf("pipe2")], 3);
});
