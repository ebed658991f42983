/**
 * Both sides of a control connection over the ring: what is held while nobody listens, what waits
 * while the peer does not read, and that nothing is given back too early.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import * as c from "../../../models/libc/constants.ts";
import { CONTROL_BYTES } from "../../../models/limits.ts";
import { Input, type Listening } from "../../../models/uring/input.ts";
import { ReplyOutput } from "../../../models/uring/output.ts";
import { RingMemory } from "../../../models/uring/memory.ts";
import { Owner, type Stage, stageTest } from "./stage.ts";

const BUFFER_BYTES = 512;

/** <asm-generic/socket.h> */
const SO_SNDBUF = 7;

/** What a socket may hold of a long reply, and how long that is. */
const SOCKET_BYTES = 65_536, LONG_BYTES = 64 * SOCKET_BYTES;

/** Somebody who listens when told to. */
class Listener implements Listening {
  wantsInput = true;
  text = "";
  readonly ends: number[] = [];

  heard(octets: Uint8Array): void {
    this.text += new TextDecoder().decode(octets);
  }
  ended(result: number): void {
    this.ends.push(result);
  }
}

function inputOf(stage: Stage) {
  const { server, client } = stage.loopback.connect();
  const buffers = new BufferRing(stage.ring, 0, 64, BUFFER_BYTES);
  const [listener, owner] = [new Listener(), new Owner()];
  const input = new Input(stage.loop, buffers, server, listener, owner);
  let kept = 0;
  owner.does = (_, result, flags) => {
    if (result > 0 && !listener.wantsInput) kept += result;
    input.completed(result, flags);
    input.settle();
  };
  input.settle();
  const say = (text: string) => {
    assertEquals(stage.loopback.libc.send(client, new TextEncoder().encode(text), 0), text.length);
  };
  return { client, listener, input, say, kept: () => kept };
}

stageTest("Input tells what comes, in order, whatever the buffers are", (stage) => {
  const { listener, say } = inputOf(stage);
  const words = Array.from({ length: 100 }, (_, index) => `word ${index};`);
  for (const word of words) say(word);
  say("x".repeat(50_000)); // more than all buffers
  const sent = words.join("") + "x".repeat(50_000);
  stage.rounds(() => listener.text.length === sent.length);
  assertEquals(listener.text, sent);
});

stageTest("Input holds what nobody wants, and no more than that; nothing is lost", (stage) => {
  const { listener, input, say, kept } = inputOf(stage);
  stage.rounds(() => !input.idle);
  listener.wantsInput = false;
  const sent = "0123456789".repeat(20_000);
  say(sent);
  stage.rounds(() => input.idle); // it was cancelled
  assertEquals(listener.text, "");
  // One burst of the kernel's is no longer than 32 buffers, or than there are.
  assert(kept() > 0 && kept() <= CONTROL_BYTES + 64 * BUFFER_BYTES, `${kept()} are held`);
  listener.wantsInput = true;
  input.settle();
  stage.rounds(() => listener.text.length === sent.length);
  assertEquals(listener.text, sent);
});

stageTest("Input tells the end behind what was held, and once", (stage) => {
  const { client, listener, input, say } = inputOf(stage);
  stage.rounds(() => !input.idle);
  listener.wantsInput = false;
  say("last words");
  stage.loopback.libc.shutdown(client, c.SHUT_WR);
  stage.rounds(() => input.idle);
  assertEquals([listener.text, listener.ends], ["", []]);
  listener.wantsInput = true;
  for (let turns = 0; turns < 3; turns++) input.settle();
  assertEquals([listener.text, listener.ends], ["last words", [0]]);
});

stageTest("Input.end: idle when the kernel has let go, and nothing is told any more", (stage) => {
  const { listener, input, say } = inputOf(stage);
  stage.rounds(() => !input.idle);
  input.end();
  say("too late");
  stage.rounds(() => input.idle);
  input.release();
  assertEquals([listener.text, listener.ends], ["", []]);
});

function outputOf(stage: Stage, bytes = 64) {
  const { server, client } = stage.loopback.connect();
  const owner = new Owner();
  const output = new ReplyOutput(stage.loop, new RingMemory(bytes, Infinity), server, owner);
  const broken: boolean[] = [];
  owner.does = (_, result) => broken.push(!output.completed(result));
  const say = (text: string) => {
    const octets = new TextEncoder().encode(text);
    output.send(octets, octets.length);
    octets.fill(0); // they were borrowed
  };
  return { server, client, output, say, broken };
}

/** What has come to `fd`. */
function received(stage: Stage, fd: number): string {
  const buffer = new Uint8Array(65_536);
  const count = stage.loopback.libc.recv(fd, buffer, BigInt(buffer.length), 0);
  return new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
}

stageTest("ReplyOutput sends at once, and what comes behind it in order", (stage) => {
  const { client, output, say } = outputOf(stage);
  say("one ");
  assertEquals([output.congested, output.idle], [false, false]);
  say("two ");
  say("three");
  assert(output.congested);
  stage.rounds(() => output.idle);
  assertEquals([received(stage, client), output.congested], ["one two three", false]);
});

stageTest("ReplyOutput sends what is longer than its memory in parts", (stage) => {
  const { client, output, say } = outputOf(stage, 7);
  say("a reply of some length");
  stage.rounds(() => output.idle);
  assertEquals(received(stage, client), "a reply of some length");
});

stageTest("ReplyOutput is congested while the peer does not read, and then not", (stage) => {
  const { server, client, output, say, broken } = outputOf(stage);
  const before = stage.loopback.fill(server);
  say("first");
  say("second");
  assert(output.congested);
  let drained = 0;
  stage.rounds(() => {
    drained += stage.loopback.drain(client);
    return output.idle && drained === before + "firstsecond".length;
  });
  assertEquals(broken.includes(true), false);
});

stageTest("ReplyOutput.end lets the kernel go first", (stage) => {
  const { server, output, say, broken } = outputOf(stage);
  stage.loopback.fill(server);
  say("first");
  say("second");
  stage.loop.later({ resume() {}, crashed() {} });
  stage.loop.round();
  output.end();
  assertEquals([output.congested, output.idle], [false, false]);
  stage.rounds(() => output.idle);
  output.release();
  assertEquals(broken.at(-1), true);
  say("nobody is there any more");
  assert(output.idle);
});

stageTest(
  "ReplyOutput.end before the kernel has said that it takes nothing ends it, too",
  (stage) => {
    const { server, output, say } = outputOf(stage);
    stage.loopback.fill(server);
    say("first");
    output.end(); // it was written down, and not handed over
    stage.rounds(() => output.idle);
    output.release();
  },
);

stageTest(
  "ReplyOutput.end where no cancel finds the send: the next part that goes is the last",
  (stage) => {
    const { server, client, output, say, broken } = outputOf(stage, LONG_BYTES);
    const { libc } = stage.loopback;
    libc.setOption(server, c.SOL_SOCKET, SO_SNDBUF, SOCKET_BYTES);
    stage.loopback.fill(server);
    say("x".repeat(LONG_BYTES));
    let rounds = 0;
    stage.rounds(() => rounds++ === 3); // it waits for the peer
    stage.ring.cancel = () => {}; // as if the kernel was just at it
    output.end();
    assert(!output.idle);
    let taken = 0;
    stage.rounds(() => {
      taken += received(stage, client).length;
      return output.idle;
    });
    assert(taken < LONG_BYTES / 2, `${taken}`);
    assertEquals(broken.at(-1), true);
    output.release();
  },
);

stageTest("ReplyOutput says that the connection broke", (stage) => {
  const { client, output, say, broken } = outputOf(stage);
  stage.loopback.close(client);
  stage.rounds(() => {
    if (output.idle && !broken.includes(true)) say("hello");
    return broken.includes(true);
  });
  assert(output.idle);
});
