/**
 * What carries octets, over real sockets: both ways, to the end, and whether somebody is there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { PlainChannel } from "../../../models/kernel/channel.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** A channel over one end of a connection, and the other end. */
function channelTest(
  name: string,
  run: (channel: PlainChannel, client: number, loopback: Loopback) => void,
): void {
  testWith(["ffi"], `PlainChannel ${name}`, () => {
    using loopback = new Loopback();
    const { server, client } = loopback.connect();
    run(new PlainChannel(loopback.libc, server), client, loopback);
  }, absent);
}

const WORDS = Uint8Array.of(1, 2, 3, 4, 5);

channelTest(
  "receives what was sent, as much as is wanted, to the end",
  (channel, client, loopback) => {
    const buffer = new Uint8Array(16);
    assertEquals(channel.receive(buffer, 16n), -c.EAGAIN);
    loopback.libc.send(client, WORDS, 0);
    assertEquals(channel.receive(buffer, 2n), 2);
    assertEquals(channel.receive(buffer.subarray(2), 14n), 3);
    assertEquals(buffer.subarray(0, 5), WORDS);
    loopback.libc.shutdown(client, c.SHUT_WR);
    assertEquals(channel.receive(buffer, 16n), 0);
  },
);

channelTest("sends until nothing more is taken", (channel, client, loopback) => {
  const block = new Uint8Array(65_536);
  let sent = 0;
  for (let count = 1; count > 0;) {
    count = channel.send(block, block.length);
    if (count > 0) sent += count;
    else assertEquals(count, -c.EAGAIN);
  }
  let received = 0;
  while (received < sent) {
    const count = loopback.drain(client);
    assert(count > 0, "octets are lost");
    received += count;
    if (received < sent) loopback.libc.sleep(1);
  }
});

channelTest(
  "is alive while the peer is there, whether it says something or not",
  (channel, client, loopback) => {
    assert(channel.alive());
    loopback.libc.send(client, WORDS, 0);
    assert(channel.alive());
    const buffer = new Uint8Array(16);
    assertEquals(channel.receive(buffer, 16n), WORDS.length); // looking took nothing
    loopback.libc.shutdown(client, c.SHUT_WR);
    assert(!channel.alive());
  },
);

channelTest("is not alive once the peer has closed, whatever is left to read", (
  channel,
  client,
  loopback,
) => {
  loopback.libc.send(client, WORDS, 0);
  loopback.libc.shutdown(client, c.SHUT_WR);
  assert(!channel.alive());
  assertEquals(channel.receive(new Uint8Array(16), 16n), WORDS.length);
});

channelTest(
  "is alive though its receiving side is shut, until the peer has closed",
  (channel, client, loopback) => {
    loopback.libc.shutdown(channel.fd, c.SHUT_RD);
    assert(channel.alive());
    loopback.libc.shutdown(client, c.SHUT_WR);
    assert(!channel.alive());
  },
);

channelTest("is not alive after a reset", (channel, client, loopback) => {
  loopback.libc.send(channel.fd, WORDS, 0);
  loopback.close(client); // with something unread, that is a reset
  assert(!channel.alive());
});

/** Sends of a file to a peer that receives nothing. */
const SENDS = 100;

channelTest(
  "sendFile says EAGAIN as long as the socket is full, however often, and then goes on",
  (channel, client, loopback) => {
    const { libc } = loopback;
    const path = new URL(import.meta.url).pathname;
    const file = loopback.open(libc.open(path, c.O_RDONLY, 0));
    loopback.fill(channel.fd);
    for (let sends = 0; sends < SENDS; sends++) {
      assertEquals(channel.sendFile(file, 100n), -c.EAGAIN);
    }
    loopback.drain(client);
    assertEquals(channel.sendFile(file, 100n), 100);
  },
);

testWith(["ffi"], "PlainChannel.alive never waits, on a socket that blocks neither", () => {
  using loopback = new Loopback();
  const { server } = loopback.connect();
  loopback.libc.setNonBlocking(server, false);
  assert(new PlainChannel(loopback.libc, server).alive());
}, absent);
