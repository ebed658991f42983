/**
 * The bounded queue before an output stream: order, what is dropped when nobody reads, and that it
 * is told.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Output, TERMINAL_BYTES_MAX } from "../../models/serve/output.ts";

/** A stream whose reader reads when it is told to. */
class Pipe {
  text = "";
  #gate = Promise.withResolvers<void>();
  #failure: Error | undefined;
  #chunk: number;

  /** @param chunk octets taken by one write. */
  constructor(chunk = Infinity) {
    this.#chunk = chunk;
  }

  /** Lets every write go through from now on, or fail. */
  open(failure?: Error): void {
    this.#failure = failure;
    this.#gate.resolve();
  }

  close(): void {
    this.#gate = Promise.withResolvers();
  }

  async write(octets: Uint8Array): Promise<number> {
    await this.#gate.promise;
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      if (failure instanceof Deno.errors.WouldBlock) this.#failure = undefined;
      throw failure;
    }
    const taken = octets.subarray(0, this.#chunk);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }
}

/** Longer than any test takes. */
const PATIENCE_MS = 10_000;

Deno.test("Output writes what it is given in its order, however little is taken at a time", async () => {
  const pipe = new Pipe(3);
  pipe.open();
  const output = new Output(pipe, () => {});
  for (let line = 0; line < 100; line++) output.write(`line ${line}\n`);
  assertEquals(await output.flush(PATIENCE_MS), 0);
  assertEquals(pipe.text, Array.from({ length: 100 }, (_, line) => `line ${line}\n`).join(""));
});

for (const length of [1, 500]) {
  Deno.test(`Output drops lines of ${length} that find no room, counts them and says so`, async () => {
    const pipe = new Pipe();
    const told: number[] = [];
    const output = new Output(pipe, (dropped) => {
      told.push(dropped);
      output.write(`${dropped} dropped\n`);
    });
    const line = "x".repeat(length - 1) + "\n";
    const count = Math.ceil(TERMINAL_BYTES_MAX / Math.max(length, 20));
    for (let at = 0; at < count; at++) output.write(line);
    const lost = await output.flush(1);
    assertEquals(lost, count); // none of them is written yet
    assertEquals(told, []);
    pipe.open();
    assertEquals(await output.flush(PATIENCE_MS), 0);
    assertEquals(told.length, 1);
    const kept = count - told[0]!;
    assert(kept * length <= TERMINAL_BYTES_MAX && kept > 0);
    assertEquals(pipe.text, line.repeat(kept) + `${told[0]} dropped\n`);
  });
}

Deno.test("Output counts what a stream without a reader does not take, and goes on", async () => {
  const pipe = new Pipe();
  const told: number[] = [];
  const output = new Output(pipe, (dropped) => told.push(dropped));
  pipe.open(new Deno.errors.BrokenPipe());
  output.write("lost\n");
  assertEquals(await output.flush(PATIENCE_MS), 1);
  pipe.open();
  output.write("kept\n");
  assertEquals(await output.flush(PATIENCE_MS), 0);
  assertEquals([pipe.text, told], ["kept\n", [1]]);
});

Deno.test("Output tries again when a stream is non-blocking and full", async () => {
  const pipe = new Pipe();
  const output = new Output(pipe, () => {});
  pipe.open(new Deno.errors.WouldBlock());
  output.write("kept\n");
  assertEquals(await output.flush(PATIENCE_MS), 0);
  assertEquals(pipe.text, "kept\n");
});

Deno.test("Output brings each line once to a pipe that does not block, though it is full", async () => {
  let [text, room] = ["", 5_000];
  const output = new Output(
    {
      /** As a full pipe has it behind the runtime: what it takes of too much is not told. */
      write(octets) {
        const isMore = octets.length > room;
        if (!isMore || octets.length > 4_096) {
          text += new TextDecoder().decode(octets.subarray(0, room));
        }
        room = isMore ? 8_000 : room - octets.length;
        return isMore
          ? Promise.reject(new Deno.errors.WouldBlock())
          : Promise.resolve(octets.length);
      },
    },
    () => {},
    true,
  );
  const lines = Array.from({ length: 200 }, (_, line) => `line ${line}`.padEnd(99) + "\n");
  for (const line of lines) output.write(line);
  assertEquals(await output.flush(PATIENCE_MS), 0);
  assertEquals(text, lines.join(""));
});

/** A file on a disk that has room for so many octets. */
class Disk {
  text = "";

  constructor(public room: number) {}

  write(octets: Uint8Array): Promise<number> {
    if (this.room === 0) return Promise.reject(new Error("No space left on device"));
    const taken = octets.subarray(0, this.room);
    this.room -= taken.length;
    this.text += new TextDecoder().decode(taken);
    return Promise.resolve(taken.length);
  }
}

for (const [room, cut] of [[6, ""], [8, "se\n"], [13, "second\n"]] as const) {
  Deno.test(`Output on a disk that is full behind ${room} octets glues no lines together`, async () => {
    const disk = new Disk(room);
    const told: [dropped: number, refused: boolean][] = [];
    const output = new Output(disk, (dropped) => told.push([dropped, output.refused]));
    for (const line of ["first\n", "second\n", "third\n"]) output.write(line);
    const lost = room < 13 ? 2 : 1;
    assertEquals([await output.flush(PATIENCE_MS), output.refused], [lost, true]);
    disk.room = Infinity;
    output.write("fourth\n");
    output.write("fifth\n");
    assertEquals([await output.flush(PATIENCE_MS), output.refused], [0, false]);
    assertEquals(disk.text, `first\n${cut}fourth\nfifth\n`);
    assertEquals(told, [[lost, true]]);
  });
}
