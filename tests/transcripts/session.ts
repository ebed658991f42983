/**
 * Runs dialogues on the models' driver over a tree in memory, without a socket, under several ways to cut the client's octets.
 *
 * @module
 */

import { assert, assertEquals, fail } from "@std/assert";
import { concatenate, decodeOctets } from "../../server/mod.ts";
import { DrivenSession } from "../driven/session.ts";
import { PEER } from "../driven/settings.ts";
import { type Dialogue, encodeClientLine, matches, placeOf, type Step } from "./dialogue.ts";

/**
 * How the client's octets arrive: each piece as it was sent; one octet at a time; or each piece
 * with all but the last octet of the next one behind it.
 */
export const CHUNKINGS = ["whole", "byte by byte", "with trailing bytes"] as const;

/** One of them. */
export type Chunking = typeof CHUNKINGS[number];

/** The port that {hostport} and {extended} name; nobody listens there. */
const ACTIVE_PORT = 40_000;

/** How data is cut where commands come octet by octet: as well, but soon done with large files. */
const STEP_BYTES = 1;
const LARGE_STEP_BYTES = 4_099;
const WHOLE_BYTES = 65_536;

/** Runs one dialogue; throws an AssertionError that says where it went another way. */
export function runOnSession(dialogue: Dialogue, chunking: Chunking): void {
  const driver = new DrivenSession();
  for (const { path, content, modifiedMs } of dialogue.tree) {
    const octets = content === undefined ? undefined : new TextEncoder().encode(content);
    driver.tree.put(path, octets, modifiedMs);
  }
  const pieces = dialogue.steps.map((step) =>
    step.kind === "client"
      ? concatenate(step.lines.map((line) => encodeClientLine(line, fill)))
      : NONE
  );
  const run = new Run(dialogue, driver, pieces, chunking);
  for (const index of dialogue.steps.keys()) run.step(index);
  assertEquals(driver.takeSaid(), "", `${dialogue.title}: the server says more`);
}

const NONE = new Uint8Array(0);

function fill(placeholder: string): string {
  const { host } = PEER.remote;
  switch (placeholder) {
    case "host":
      return host.replaceAll(".", ",");
    case "hostport":
      return `${host.replaceAll(".", ",")},${ACTIVE_PORT >> 8},${ACTIVE_PORT & 255}`;
    case "extended":
      return `|1|${host}|${ACTIVE_PORT}|`;
  }
  throw new SyntaxError(`Cannot fill "{${placeholder}}"`);
}

class Run {
  /** The octets of each piece that went before their turn. */
  readonly #sent = new Map<number, number>();

  constructor(
    readonly dialogue: Dialogue,
    readonly driver: DrivenSession,
    readonly pieces: readonly Uint8Array[],
    readonly chunking: Chunking,
  ) {}

  step(index: number): void {
    const { driver, dialogue } = this;
    const step = dialogue.steps[index]!;
    const place = placeOf(dialogue, step);
    switch (step.kind) {
      case "client":
        return this.#send(index);
      case "server":
        return this.#expectLine(step.pattern, place);
      case "skip":
        return this.#skip(dialogue.steps[index + 1], place);
      case "download": {
        const text = decodeOctets(driver.download(this.#stepBytes(step.content)));
        const matching = step.isPattern ? matches(text, step.content) : text === step.content;
        if (!matching) fail(`${place}: got ${JSON.stringify(text)}`);
        return;
      }
      case "upload":
        return driver.upload(
          new TextEncoder().encode(step.content),
          this.#stepBytes(step.content),
        );
      case "expect":
        return assertEquals(textOf(driver.tree.file(step.path)), step.content, place);
      case "absent":
        return assert(!driver.tree.has(step.path), place);
      case "hangup":
        return driver.hangUp();
      case "closed":
        return assert(driver.closed, `${place}: the connection is still open`);
      case "pass":
        return driver.pass(step.ms);
      case "stop":
        return driver.stop();
      case "fail":
        return driver.failNext(step.what, step.failure);
    }
  }

  #send(index: number): void {
    const rest = this.pieces[index]!.subarray(this.#sent.get(index) ?? 0);
    switch (this.chunking) {
      case "whole":
        return this.driver.input(rest);
      case "byte by byte":
        for (const octet of rest) this.driver.input(Uint8Array.of(octet));
        return;
      case "with trailing bytes": {
        const next = this.dialogue.steps.findIndex((step, later) =>
          later > index && step.kind === "client"
        );
        if (next === -1) return this.driver.input(rest);
        // Never a whole line of the next piece, nor one that lacks its LF only (an urgent ABOR):
        // its time has not come.
        const first = this.pieces[next]!;
        const end = first.indexOf(0x0a);
        const ahead = Math.max(
          0,
          first[end - 1] === 0x0d ? end - 1 : Math.min(end, first.length - 1),
        );
        this.#sent.set(next, ahead);
        return this.driver.input(concatenate([rest, first.subarray(0, ahead)]));
      }
    }
  }

  #stepBytes(content: string): number {
    if (this.chunking !== "byte by byte") return WHOLE_BYTES;
    return content.length < LARGE_STEP_BYTES ? STEP_BYTES : LARGE_STEP_BYTES;
  }

  #takeLine(): string | undefined {
    const { driver } = this;
    const end = driver.said.indexOf(0x0a);
    if (end === -1) return undefined;
    const line = decodeOctets(driver.said.subarray(0, end + 1));
    driver.said = driver.said.subarray(end + 1);
    assert(line.endsWith("\r\n"), `${JSON.stringify(line)} ends with CR LF`);
    return line.slice(0, -2);
  }

  #expectLine(pattern: string, place: string): void {
    const line = this.#takeLine();
    if (line === undefined) fail(`${place}: the server says nothing`);
    if (!matches(line, pattern)) fail(`${place}: the server says ${JSON.stringify(line)}`);
  }

  #skip(next: Step | undefined, place: string): void {
    if (next?.kind !== "server") fail(`${place}: "..." needs a line to end with`);
    for (;;) {
      const before = this.driver.said;
      const line = this.#takeLine();
      if (line === undefined) fail(`${place}: the line ${next.pattern} never came`);
      if (!matches(line, next.pattern)) continue;
      this.driver.said = before;
      return;
    }
  }
}

function textOf(octets: Uint8Array | undefined): string | undefined {
  return octets === undefined ? undefined : new TextDecoder().decode(octets);
}
