/**
 * Which hosts count as one, and which of them a full table forgets.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { hostKey } from "../../../models/pool/host_key.ts";
import { FAILURE_MS, FAILURE_SLICE_MS, HostTable } from "../../../models/pool/host_table.ts";

const NOW = 1_800_000_000_000;

function table(size: number): HostTable {
  const words = new Int32Array(new SharedArrayBuffer(HostTable.wordsFor(size) * 4));
  return new HostTable(words, 7);
}

/** A place for `host`, which has failed once at `now`. */
function failed(hosts: HostTable, host: string, now: number): number {
  const at = hosts.make(host);
  assert(at !== undefined);
  hosts.failures(at, now);
  hosts.addFailure(at);
  return at;
}

Deno.test("hostKey is one for two texts of one IPv6 network, with and without a zone", () => {
  for (
    const [one, other] of [
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
      ["2001:db8::1", "2001:db8:0:0:1::1"],
      ["2001:0db8:0000:0000::", "2001:DB8::ffff:0:0:1"],
      ["::1", "::"],
      ["::", "0:0:0:0:1:2:3:4"],
      ["fe80::1%eth0", "fe80::2%lo"],
      ["1:2:3::4:5:6:7", "1:2:3:0::"],
      ["ffff:ffff:ffff:ffff::", "ffff:ffff:ffff:ffff:1::"],
    ] as const
  ) assertEquals(hostKey(one), hostKey(other), `${one} ${other}`);
});

Deno.test("hostKey differs for two IPv6 networks and for two IPv4 addresses", () => {
  const hosts = [
    "2001:db8:1:2::1",
    "2001:db8:1:3::1",
    "2001:db8:2:2::1",
    "2001:db9:1:2::1",
    "2002:db8:1:2::1",
    "1::",
    "0:1::",
    "0:0:1::",
    "::1:0:0:0:0",
    "::1",
    "127.0.0.1",
    "127.0.0.2",
    "127.0.1.1",
    "127.1.0.1",
    "0.0.0.1",
    "255.255.255.255",
  ];
  for (const one of hosts) {
    for (const other of hosts) {
      if (one !== other) assertNotEquals(hostKey(one), hostKey(other), `${one} ${other}`);
    }
  }
});

Deno.test("HostTable finds what it made, and nothing else", () => {
  const hosts = table(8);
  assertEquals(hosts.find("::1"), undefined);
  const places = ["::1", "127.0.0.1", "127.0.0.2"].map((host) => [host, hosts.make(host)] as const);
  assertEquals(new Set(places.map(([, at]) => at)).size, 3);
  for (const [host, at] of places) assertEquals(hosts.find(host), at);
  assertEquals(hosts.find("127.0.0.3"), undefined);
});

Deno.test("HostTable forgets the host whose failure is longest ago when it is full", () => {
  const hosts = table(4);
  const times = [20, 10, 40, 30].map((seconds) => NOW + seconds * 1_000);
  for (const [index, now] of times.entries()) failed(hosts, `192.0.2.${index}`, now);
  failed(hosts, "198.51.100.1", NOW + 50_000);
  assertEquals(hosts.find("192.0.2.1"), undefined);
  for (const index of [0, 2, 3]) {
    const at = hosts.find(`192.0.2.${index}`)!;
    assertEquals(hosts.failures(at, NOW + 50_000), 1);
  }
});

Deno.test("HostTable forgets a host that never failed before one that has", () => {
  const hosts = table(2);
  failed(hosts, "192.0.2.1", NOW);
  hosts.make("192.0.2.2");
  hosts.make("192.0.2.3");
  assertEquals(hosts.find("192.0.2.2"), undefined);
  assert(hosts.find("192.0.2.1") !== undefined);
});

Deno.test("HostTable never forgets a host with sessions, and says when all have some", () => {
  const hosts = table(4);
  for (let index = 0; index < 4; index++) {
    hosts.addSessions(failed(hosts, `192.0.2.${index}`, NOW), 1);
  }
  assertEquals(hosts.make("198.51.100.1"), undefined);
  const last = hosts.find("192.0.2.3")!;
  hosts.addSessions(last, -1);
  assertEquals(hosts.make("198.51.100.1"), last);
  for (let index = 0; index < 3; index++) {
    assertEquals(hosts.sessions(hosts.find(`192.0.2.${index}`)!), 1);
  }
});

Deno.test("HostTable knows nothing of the host that was in a place before", () => {
  const hosts = table(1);
  failed(hosts, "192.0.2.1", NOW);
  const at = hosts.make("192.0.2.2")!;
  assertEquals([hosts.failures(at, NOW), hosts.sessions(at)], [0, 0]);
});

Deno.test("HostTable counts the failures of the last minute as it slides", () => {
  const hosts = table(1);
  const at = hosts.make("192.0.2.1")!;
  for (let second = 0; second < 300; second++) {
    const now = NOW + second * 1_000;
    const failures = hosts.failures(at, now);
    const [least, most] = [FAILURE_MS / 1_000, (FAILURE_MS + FAILURE_SLICE_MS) / 1_000];
    assert(
      failures >= Math.min(second, least) && failures <= Math.min(second, most),
      `${failures}`,
    );
    hosts.addFailure(at);
  }
  assertEquals(hosts.failures(at, NOW + 86_400_000), 0);
});

Deno.test("HostTable takes back the last failure, and none where there is none", () => {
  const hosts = table(1);
  const at = failed(hosts, "192.0.2.1", NOW);
  assertEquals(hosts.failures(at, NOW + 30_000), 1);
  hosts.addFailure(at);
  hosts.takeFailureBack(at);
  assertEquals(hosts.failures(at, NOW + 30_000), 1);
  assertEquals(hosts.failures(at, NOW + FAILURE_MS + FAILURE_SLICE_MS), 0);
  hosts.takeFailureBack(at);
  assertEquals(hosts.failures(at, NOW + FAILURE_MS + FAILURE_SLICE_MS), 0);
  const other = hosts.make("192.0.2.2")!;
  hosts.takeFailureBack(other);
  assertEquals(hosts.failures(other, NOW), 0);
});
