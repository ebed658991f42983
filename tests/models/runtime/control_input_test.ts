/**
 * How much is read of a control connection at once, over a socket that stops at urgent data and a
 * runtime that does not look behind it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { CONTROL_BYTES } from "../../../models/limits.ts";
import { ControlInput } from "../../../models/runtime/control_input.ts";
import { ControlBuffer } from "../../../models/runtime/sharing.ts";

/** Octets that were sent, of which one in brackets was urgent: IAC, IP and DM by their names. */
const SENT: Readonly<Record<string, string>> = {
  "IAC IP IAC DM as RFC 854 has it": "IAC IP IAC [DM] ABOR CRLF",
  "IAC IP IAC DM as 4.3BSD has it": "IAC IP [IAC] DM ABOR CRLF",
  "IAC IP alone": "IAC [IP] ABOR CRLF",
  "IAC DM alone": "IAC [DM] ABOR CRLF",
  "DM alone": "[DM] ABOR CRLF",
  "all of it": "IAC IP IAC [DM] ABOR CRLF IAC IP IAC [DM] ABOR CRLF",
  "a command behind it": "IAC IP IAC [DM] ABOR CRLF NOOP CRLF",
};

const OCTETS: Readonly<Record<string, number[]>> = {
  IAC: [255],
  IP: [244],
  DM: [242],
  ABOR: [65, 66, 79, 82],
  NOOP: [78, 79, 79, 80],
  CRLF: [13, 10],
};

/** One connection: a socket without SO_OOBINLINE, and the runtime's reads of it. */
class Stage {
  reads = 0;
  transferring = false;
  readonly heard: number[] = [];
  readonly input: ControlInput;
  /** Octets from one mark to the next. */
  #parts: number[][] = [];

  constructor(telnet = true) {
    const buffer = new ControlBuffer();
    const sharing = { takeControl: () => buffer, giveControl() {} };
    this.input = new ControlInput(sharing, telnet, () => this.transferring);
  }

  /** Everything comes before anything is read. */
  come(sent: string): void {
    this.#parts = [[]];
    for (const word of sent.split(" ")) {
      if (word.startsWith("[")) this.#parts.push([]);
      else this.#parts.at(-1)!.push(...OCTETS[word]!);
    }
    if (this.#parts[0]!.length === 0) this.#parts.shift();
    this.#readOn();
  }

  /** As `come`, of octets without a mark. */
  bring(octets: number[]): void {
    this.#parts = [[...octets]];
    this.#readOn();
  }

  /** Reads until one finds nothing, or does not fill its buffer. */
  #readOn(): void {
    for (let isFull = true; isFull && this.#parts.length > 0;) {
      const room = this.input.room();
      const octets = this.#parts[0]!.splice(0, room.length);
      room.set(octets);
      if (this.#parts[0]!.length === 0) this.#parts.shift();
      isFull = octets.length === room.length;
      this.reads += 1;
      this.heard.push(...this.input.received(octets.length) ?? []);
    }
  }
}

/** What is to be heard: all but what was urgent. */
function inBand(sent: string): number[] {
  return sent.split(" ").filter((word) => !word.startsWith("[")).flatMap((word) => OCTETS[word]!);
}

const NOOP = inBand("NOOP CRLF");

for (const [name, sent] of Object.entries(SENT)) {
  Deno.test(`ControlInput (async) hears what stands behind urgent data: ${name}`, () => {
    for (const state of ["young", "transferring", "transferred"]) {
      const stage = new Stage();
      if (state === "transferred") { for (let count = 0; count < 100; count++) stage.bring(NOOP); }
      stage.heard.length = 0;
      if (state !== "young") stage.input.transferBegins();
      stage.transferring = state === "transferring";
      for (let round = 0; round < 2; round++) stage.come(sent);
      assertEquals(stage.heard, [...inBand(sent), ...inBand(sent)], state);
    }
  });
}

Deno.test("ControlInput (async) reads once for a command of who says nothing of Telnet", () => {
  const stage = new Stage();
  for (let count = 0; count < 100; count++) stage.bring(NOOP);
  stage.reads = 0;
  for (let count = 0; count < 10; count++) stage.bring(NOOP);
  assertEquals(stage.reads, 10);
  stage.input.transferBegins();
  for (let count = 0; count < 10; count++) stage.bring(NOOP);
  assertEquals(stage.reads, 21, "the first octet after a transfer comes alone");
});

Deno.test("ControlInput (async) begins a line with care that did not come whole", () => {
  const stage = new Stage();
  for (let count = 0; count < 100; count++) stage.bring(NOOP);
  stage.reads = 0;
  stage.bring(NOOP.slice(0, 3));
  stage.bring(NOOP.slice(3));
  assertEquals(stage.reads, 3);
  assertEquals(stage.heard.slice(-6), NOOP);
});

Deno.test("ControlInput (async) hears as much as comes, and the end", () => {
  for (const telnet of [true, false]) {
    const stage = new Stage(telnet);
    const octets = Array.from({ length: 2 * CONTROL_BYTES }, (_, index) => index % 100);
    for (let round = 0; round < 2; round++) stage.bring(octets);
    assertEquals(stage.heard, [...octets, ...octets]);
    stage.input.room();
    assertEquals(stage.input.received(null), undefined);
  }
});

Deno.test("ControlInput (async) hears a first octet when the end comes instead of the rest", () => {
  const { input } = new Stage();
  const first = input.room();
  first[0] = 65;
  assertEquals(input.received(1), undefined);
  assert(input.room() !== first);
  assertEquals(input.received(null), new Uint8Array([65]));
});

Deno.test("ControlInput (async) without Telnet reads all at once", () => {
  const stage = new Stage(false);
  stage.input.transferBegins();
  stage.transferring = true;
  for (let count = 0; count < 10; count++) stage.bring(NOOP);
  assertEquals(stage.reads, 10);
});
