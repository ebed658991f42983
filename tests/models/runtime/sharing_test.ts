/**
 * How the transfers of one async worker make room for everybody else, by looks at all sockets.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ServeError } from "../../../models/model.ts";
import { Counters } from "../../../models/pool/counters.ts";
import { nearestTo, openPulse, type Pulse } from "../../../models/runtime/pulse.ts";
import { CALLS, Sharing } from "../../../models/runtime/sharing.ts";
import { testWith } from "../../permission.ts";

const LOOPBACK = { host: "127.0.0.1" };

/** More blocks than may pass between two looks. */
const BLOCKS = 64;

/** Beats in a row, each of which must let the runtime look. */
const BEATS = 200;

/** A case over a pulse of its own. */
function pulseCase(name: string, body: (pulse: Pulse) => Promise<void> | void): void {
  testWith(["net"], name, async () => {
    const pulse = await openPulse(LOOPBACK);
    try {
      await body(pulse);
    } finally {
      pulse.close();
    }
  });
}

function sharing(pulse: Pulse, alone: boolean): Sharing {
  return new Sharing(new Counters(Object.keys(CALLS)), pulse, () => alone);
}

/** The look that comes after some blocks, and how many those were. */
function firstLook(shared: Sharing): { look: Promise<void> | undefined; blocks: number } {
  for (let blocks = 1; blocks <= BLOCKS; blocks++) {
    const look = shared.breathe(1);
    if (look !== undefined) return { look, blocks };
  }
  return { look: undefined, blocks: BLOCKS };
}

/** Whether what has come to another socket is heard by the end of each of `beats`. */
async function looks(pulse: Pulse, beats: number): Promise<boolean> {
  using listener = Deno.listen({ hostname: LOOPBACK.host, port: 0 });
  using near = await Deno.connect({ hostname: LOOPBACK.host, port: listener.addr.port });
  using far = await listener.accept();
  const octet = new Uint8Array(1);
  for (let beat = 0; beat < beats; beat++) {
    let heard = false;
    const hears = far.read(octet).then(() => heard = true);
    await near.write(octet);
    await pulse.beat();
    if (!heard) return false;
    await hears;
  }
  return true;
}

pulseCase(
  "Pulse.beat: what has come to another socket is heard by its end, each time",
  async (pulse) => assert(await looks(pulse, BEATS), "The runtime had not looked"),
);

testWith(["net"], "Pulse.beat: what broke is made anew, as soon as it can be", async () => {
  const { connect, listen } = Deno;
  let near: Deno.TcpConn | undefined;
  Object.assign(Deno, {
    connect: async (options: Deno.ConnectOptions) => near = await connect(options),
  });
  const pulse = await openPulse(LOOPBACK).finally(() => Object.assign(Deno, { connect }));
  await near!.closeWrite();
  const fails = () => {
    throw new Error("EMFILE");
  };
  Object.assign(Deno, { listen: fails });
  try {
    for (let beats = 0; beats < 3; beats++) await pulse.beat();
  } finally {
    Object.assign(Deno, { listen });
  }
  assert(await looks(pulse, BEATS), "The runtime had not looked");
  pulse.close();
});

Deno.test("nearestTo: a server on all addresses connects to itself by the loopback one", () => {
  const hosts = ["0.0.0.0", "::", "127.0.0.1", "192.0.2.1", "2001:db8::1"];
  assertEquals(hosts.map(nearestTo), ["127.0.0.1", "::1", ...hosts.slice(2)]);
});

testWith(
  ["net"],
  "openPulse of a server on all addresses listens on the loopback one",
  async () => {
    const { connect, listen } = Deno;
    const hosts: (string | undefined)[] = [];
    Object.assign(Deno, {
      connect(options: Deno.ConnectOptions) {
        hosts.push(options.hostname);
        return connect(options);
      },
      listen(options: Deno.TcpListenOptions) {
        hosts.push(options.hostname);
        return listen(options);
      },
    });
    try {
      (await openPulse({ host: "0.0.0.0" })).close();
    } finally {
      Object.assign(Deno, { connect, listen });
    }
    assertEquals(hosts, [LOOPBACK.host, LOOPBACK.host]);
  },
);

testWith(["net"], "openPulse of a server on :: does without ::1, which not all have", async () => {
  const { listen } = Deno;
  const hosts: (string | undefined)[] = [];
  Object.assign(Deno, {
    listen(options: Deno.TcpListenOptions) {
      hosts.push(options.hostname);
      if (options.hostname !== "::1") return listen(options);
      throw new Deno.errors.AddrNotAvailable("Cannot assign requested address (os error 99)");
    },
  });
  try {
    const pulse = await openPulse({ host: "::" });
    await pulse.beat();
    pulse.close();
  } finally {
    Object.assign(Deno, { listen });
  }
  assertEquals(hosts, ["::1", LOOPBACK.host]);
});

testWith(["net"], "openPulse that cannot connect is an error in one line", async () => {
  const { connect } = Deno;
  const { ConnectionRefused } = Deno.errors;
  const refused = new ConnectionRefused("Connection refused (os error 111)");
  Object.assign(Deno, { connect: () => Promise.reject(refused) });
  try {
    const says = "Cannot connect a worker to itself: connection refused";
    await assertRejects(() => openPulse(LOOPBACK), ServeError, says);
  } finally {
    Object.assign(Deno, { connect });
  }
});

pulseCase("Pulse.close: whoever waits for a beat goes on", async (pulse) => {
  const beat = pulse.beat();
  pulse.close();
  await beat;
});

pulseCase("Sharing.breathe: a transfer that is alone never waits", (pulse) => {
  assertEquals(firstLook(sharing(pulse, true)).look, undefined);
});

pulseCase("Sharing.breathe: beside others all transfers wait for the same look", async (pulse) => {
  const shared = sharing(pulse, false);
  const { look, blocks } = firstLook(shared);
  assert(look !== undefined && blocks < BLOCKS);
  assertStrictEquals(shared.breathe(1), look);
  await look;
  assertEquals(firstLook(shared).blocks, blocks, "Counting begins again behind it");
});

pulseCase("Sharing.afterOthers: runs once everybody's sockets were looked at", async (pulse) => {
  await new Promise<void>((resolve) => sharing(pulse, true).afterOthers(resolve));
});
