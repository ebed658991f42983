/**
 * The gate: every limit of sessions and of logins, what is given back, and that several threads
 * which use it at the same time count exactly.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { AdmissionLimits } from "../../../models/admission.ts";
import { LOGIN_DELAY_MS_MAX } from "../../../models/limits.ts";
import { Gate } from "../../../models/pool/gate.ts";
import { FAILURE_MS, FAILURE_SLICE_MS } from "../../../models/pool/host_table.ts";
import { testWith } from "../../permission.ts";
import type { Orders, Seen } from "./gate_worker.ts";

const HOST = "192.0.2.1", OTHER = "192.0.2.2";

/** Any time: the gate has no clock. */
const NOW = 1_800_000_000_000;

const FULL = "Too many sessions, try again later";
const FULL_FOR_HOST = "Too many sessions from your address";
const FULL_OF_WAITING = "Too many sessions wait for a login, try again later";

const LIMITS: AdmissionLimits = {
  sessionsMax: 100,
  sessionsPerHostMax: 0,
  failedLoginsPerMinuteMax: 0,
};

function memory(limits: Partial<AdmissionLimits>, logsIn = false): SharedArrayBuffer {
  return Gate.allocate({ ...LIMITS, ...limits }, logsIn);
}

function gate(limits: Partial<AdmissionLimits>, logsIn = false): Gate {
  return new Gate(memory(limits, logsIn), 0);
}

/** How many sessions find room that log in, and how many that do not; all of them leave again. */
function roomOf(one: Gate): [loggedIn: number, waiting: number] {
  const fill = (logsIn: boolean) => {
    const hosts: string[] = [];
    const next = () => `10.0.${hosts.length >> 8}.${hosts.length & 255}`;
    for (let host = next(); one.admit(host) === undefined; host = next()) {
      if (logsIn) one.loggedIn(host);
      hosts.push(host);
    }
    for (const host of hosts) one.leave(host, logsIn);
    return hosts.length;
  };
  return [fill(true), fill(false)];
}

Deno.test("Gate admits as many sessions as there may be, and one more when one has left", () => {
  const one = gate({ sessionsMax: 3 });
  for (const host of [HOST, HOST, OTHER]) assertEquals(one.admit(host), undefined);
  assertEquals(one.admit(HOST), FULL);
  assertEquals(one.admit("192.0.2.3"), FULL);
  one.leave(OTHER, false);
  assertEquals(one.admit("192.0.2.3"), undefined);
  assertEquals(one.admit(OTHER), FULL);
});

Deno.test("Gate admits nobody where no session may be", () => {
  assertEquals(gate({ sessionsMax: 0 }).admit(HOST), FULL);
});

Deno.test("Gate limits the sessions of each host apart from those of others", () => {
  const one = gate({ sessionsPerHostMax: 2 });
  for (const host of [HOST, HOST, OTHER]) assertEquals(one.admit(host), undefined);
  assertEquals(one.admit(HOST), FULL_FOR_HOST);
  assertEquals(one.admit(OTHER), undefined);
  one.leave(HOST, false);
  assertEquals(one.admit(HOST), undefined);
  assertEquals(one.admit(HOST), FULL_FOR_HOST);
});

Deno.test("Gate tells a host at its own limit so, also when there is no room at all", () => {
  const one = gate({ sessionsMax: 1, sessionsPerHostMax: 1 });
  one.admit(HOST);
  assertEquals(one.admit(HOST), FULL_FOR_HOST);
  assertEquals(one.admit(OTHER), FULL);
});

Deno.test("Gate counts an IPv6 network of 64 bits as one host", () => {
  const one = gate({ sessionsPerHostMax: 2 });
  assertEquals(one.admit("2001:db8:1:2::1"), undefined);
  assertEquals(one.admit("2001:db8:1:2:a:b:c:d"), undefined);
  assertEquals(one.admit("2001:db8:1:2:ffff::"), FULL_FOR_HOST);
  assertEquals(one.admit("2001:db8:1:3::1"), undefined);
  one.leave("2001:db8:1:2::1", false);
  assertEquals(one.admit("2001:db8:1:2:ffff::"), undefined);
});

Deno.test("Gate lets half of all sessions wait for a login, and logged in ones do not", () => {
  const one = gate({ sessionsMax: 4 }, true);
  assertEquals([one.admit(HOST), one.admit(OTHER)], [undefined, undefined]);
  assertEquals(one.admit(HOST), FULL_OF_WAITING);
  one.attempt(HOST, 0, NOW);
  one.loggedIn(HOST);
  assertEquals(one.admit(HOST), undefined);
  assertEquals(one.admit(HOST), FULL_OF_WAITING);
  one.leave(HOST, false);
  one.leave(HOST, true);
  assertEquals(roomOf(one), [3, 1]);
});

Deno.test("Gate lets a session wait for a login again, beyond their limit", () => {
  const one = gate({ sessionsMax: 2 }, true);
  one.admit(HOST);
  one.loggedIn(HOST);
  one.admit(OTHER);
  one.loggedOut(HOST);
  one.leave(OTHER, false);
  assertEquals(one.admit(OTHER), FULL_OF_WAITING);
});

Deno.test("Gate lets one session in where only one may be, though it waits for a login", () => {
  assertEquals(gate({ sessionsMax: 1 }, true).admit(HOST), undefined);
});

Deno.test("Gate has no session wait for a login in a protocol without one", () => {
  const one = gate({ sessionsMax: 3 });
  for (let session = 0; session < 3; session++) assertEquals(one.admit(HOST), undefined);
});

Deno.test("Gate doubles the delay with each failure of a host, up to a limit", () => {
  const one = gate({});
  for (const host of [HOST, OTHER]) {
    one.admit(host);
    const delays = Array.from({ length: 8 }, () => one.attempt(host, 500, NOW).delayMs);
    assertEquals(delays, [500, 1000, 2000, 4000, 8000, ...Array(3).fill(LOGIN_DELAY_MS_MAX)]);
  }
});

Deno.test("Gate keeps a delay of nothing, and the delay after very many failures", () => {
  const one = gate({});
  one.admit(HOST);
  for (let attempt = 0; attempt < 3_000; attempt++) one.attempt(HOST, 0, NOW);
  assertEquals(one.attempt(HOST, 0, NOW).delayMs, 0);
  assertEquals(one.attempt(HOST, 500, NOW).delayMs, LOGIN_DELAY_MS_MAX);
});

Deno.test("Gate counts an attempt as failed until it has succeeded", () => {
  const one = gate({ failedLoginsPerMinuteMax: 2 });
  one.admit(HOST);
  one.admit(HOST);
  assertEquals(one.attempt(HOST, 1, NOW), { allowed: true, delayMs: 1 });
  assertEquals(one.attempt(HOST, 1, NOW), { allowed: true, delayMs: 2 });
  assertEquals(one.attempt(HOST, 1, NOW).allowed, false);
  one.loggedIn(HOST);
  assertEquals(one.attempt(HOST, 1, NOW), { allowed: true, delayMs: 2 });
});

Deno.test("Gate takes one failure back for a login, not those before it", () => {
  const one = gate({ failedLoginsPerMinuteMax: 3 }, true);
  one.admit(HOST);
  one.attempt(HOST, 1, NOW);
  for (let logins = 0; logins < 10; logins++) {
    assertEquals(one.attempt(HOST, 1, NOW + logins * 1_000), { allowed: true, delayMs: 2 });
    one.loggedIn(HOST);
    one.loggedOut(HOST);
  }
  assertEquals(roomOf(one), [99, 49]);
});

Deno.test("Gate counts failures of a host over its connections and workers, not over hosts", () => {
  const shared = memory({ failedLoginsPerMinuteMax: 3 });
  const [one, two] = [new Gate(shared, 0), new Gate(shared, 1)];
  for (let connection = 0; connection < 3; connection++) {
    const worker = connection === 1 ? two : one;
    worker.admit(HOST);
    assertEquals(worker.attempt(HOST, 1, NOW), { allowed: true, delayMs: 2 ** connection });
    worker.leave(HOST, false);
  }
  two.admit(HOST);
  two.admit(OTHER);
  assertEquals(two.attempt(HOST, 1, NOW).allowed, false);
  assertEquals(two.attempt(OTHER, 1, NOW), { allowed: true, delayMs: 1 });
});

Deno.test("Gate does not count attempts that it does not allow", () => {
  const one = gate({ failedLoginsPerMinuteMax: 1 });
  one.admit(HOST);
  one.attempt(HOST, 1, NOW);
  for (let second = 1; second < 60; second++) {
    assertEquals(one.attempt(HOST, 1, NOW + second * 1_000).allowed, false);
  }
  const later = NOW + FAILURE_MS + FAILURE_SLICE_MS;
  assertEquals(one.attempt(HOST, 1, later), { allowed: true, delayMs: 1 });
});

Deno.test("Gate forgets a failure a minute after it, and not before", () => {
  for (let offset = 0; offset < FAILURE_SLICE_MS; offset += 999) {
    const one = gate({ failedLoginsPerMinuteMax: 2 });
    const now = NOW + offset;
    one.admit(HOST);
    one.attempt(HOST, 1, now);
    one.attempt(HOST, 1, now + FAILURE_MS / 2);
    assertEquals(one.attempt(HOST, 1, now + FAILURE_MS - 1).allowed, false);
    const later = now + FAILURE_MS + FAILURE_SLICE_MS;
    assertEquals(one.attempt(HOST, 1, later), { allowed: true, delayMs: 2 });
    assertEquals(one.attempt(HOST, 1, later).allowed, false);
  }
});

Deno.test("Gate keeps its counts when the clocks of two workers differ a little", () => {
  const shared = memory({ failedLoginsPerMinuteMax: 3 });
  const [ahead, behind] = [new Gate(shared, 0), new Gate(shared, 1)];
  ahead.admit(HOST);
  behind.admit(HOST);
  ahead.attempt(HOST, 1, NOW + FAILURE_SLICE_MS);
  assertEquals(behind.attempt(HOST, 1, NOW).delayMs, 2);
  assertEquals(ahead.attempt(HOST, 1, NOW + FAILURE_SLICE_MS).delayMs, 4);
  assertEquals(behind.attempt(HOST, 1, NOW).allowed, false);
});

Deno.test("Gate remembers the failures of a host that has left", () => {
  const one = gate({ sessionsMax: 2 });
  one.admit(HOST);
  one.attempt(HOST, 1, NOW);
  one.leave(HOST, false);
  one.admit(HOST);
  assertEquals(one.attempt(HOST, 1, NOW).delayMs, 2);
});

Deno.test("Gate serves more hosts one after the other than it has places", () => {
  const one = gate({ sessionsMax: 2, sessionsPerHostMax: 1 }, true);
  for (let host = 0; host < 20_000; host++) {
    const address = `10.${host >> 16}.${host >> 8 & 255}.${host & 255}`;
    assertEquals(one.admit(address), undefined);
    assertEquals(one.attempt(address, 1, NOW + host).delayMs, 1);
    one.leave(address, false);
  }
  assertEquals(roomOf(one), [2, 1]);
});

Deno.test("Gate finds a place for every session when each is from another host", () => {
  const one = gate({ sessionsMax: 4096, sessionsPerHostMax: 1 });
  const hosts = Array.from({ length: 4096 }, (_, host) => `2001:db8:${host.toString(16)}::1`);
  for (const host of hosts) assertEquals(one.admit(host), undefined);
  assertEquals(one.admit("192.0.2.1"), FULL);
  for (const host of hosts) assertEquals(one.admit(host), FULL_FOR_HOST);
  for (const host of hosts) one.leave(host, false);
  assertEquals(roomOf(one), [4096, 4096]);
});

Deno.test("Gate says so when a host is counted that has no session here", () => {
  const shared = memory({}, true);
  const [one, two] = [new Gate(shared, 0), new Gate(shared, 1)];
  two.admit(HOST);
  for (const [name, wrong] of wrongs(one)) {
    assertThrows(wrong, Error, `Cannot count "${HOST}"`, name);
  }
  assertEquals(roomOf(one), [99, 49]);
  two.leave(HOST, false); // the lock is free after errors
});

function wrongs(one: Gate): [string, () => void][] {
  return [
    ["leave", () => one.leave(HOST, false)],
    ["attempt", () => one.attempt(HOST, 1, NOW)],
    ["loggedIn", () => one.loggedIn(HOST)],
    ["loggedOut", () => one.loggedOut(HOST)],
  ];
}

Deno.test("Gate takes back what a worker held that has ended, and nothing else", () => {
  const shared = memory({ sessionsMax: 8, sessionsPerHostMax: 4 }, true);
  const [one, two] = [new Gate(shared, 0), new Gate(shared, 1)];
  for (const [worker, host] of [[one, HOST], [one, HOST], [two, HOST], [one, OTHER]] as const) {
    worker.admit(host);
    worker.loggedIn(host);
  }
  one.admit(OTHER);
  const [supervisor, three] = [new Gate(shared, -1), new Gate(shared, 2)];
  supervisor.forget(0);
  assertEquals(roomOf(three), [7, 4]);
  for (let session = 0; session < 3; session++) {
    assertEquals(two.admit(HOST), undefined);
    two.loggedIn(HOST);
  }
  assertEquals(two.admit(HOST), FULL_FOR_HOST);
  supervisor.forget(0);
  assertEquals(roomOf(three), [4, 4]);
  supervisor.forget(1);
  assertEquals(roomOf(three), [8, 4]);
});

/** More than the threads below ever fail. */
const FAILURES_MAX = 20_000;

/** Runs threads over one gate; what each of them saw. */
async function hammer(shared: SharedArrayBuffer, orders: readonly Partial<Orders>[]) {
  const threads: Worker[] = [];
  const open = new Int32Array(new SharedArrayBuffer(4));
  try {
    return await Promise.all(orders.map((order, worker) =>
      new Promise<Seen>((resolve, reject) => {
        const thread = new Worker(new URL("./gate_worker.ts", import.meta.url), { type: "module" });
        threads.push(thread);
        thread.onmessage = ({ data }) => resolve(data as Seen);
        thread.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        const all: Orders = {
          memory: shared,
          now: NOW,
          worker,
          hosts: [HOST],
          rounds: 20_000,
          openMax: 8,
          all: open,
          keep: false,
          ...order,
        };
        thread.postMessage(all);
      })
    ));
  } finally {
    for (const thread of threads) thread.terminate();
  }
}

testWith(
  ["read"],
  "Gate counts exactly under four threads that let sessions in and out",
  async () => {
    const limits = { sessionsMax: 20, sessionsPerHostMax: 9, failedLoginsPerMinuteMax: 0 };
    const shared = memory(limits, true);
    const hosts = [HOST, OTHER, "2001:db8::1"];
    const seen = await hammer(shared, Array.from({ length: 4 }, () => ({ hosts })));
    for (const { admitted, refused, most } of seen) {
      assert(admitted > 0, "A thread was never let in");
      assertEquals(admitted + refused, 20_000);
      assert(most <= limits.sessionsMax, `${most} sessions were open`);
    }
    const gate = new Gate(shared, 9);
    assertEquals(roomOf(gate), [20, 10]);
    const sessions = hosts.map((host) => {
      let admitted = 0;
      for (; gate.admit(host) === undefined; admitted++) gate.loggedIn(host);
      return admitted;
    });
    assertEquals(sessions, [9, 9, 2]);
    assertEquals([gate.admit(HOST), gate.admit(OTHER)], [FULL_FOR_HOST, FULL_FOR_HOST]);
  },
);

testWith(
  ["read"],
  "Gate counts failures exactly under four threads, and what logins take back",
  async () => {
    const shared = memory({ sessionsMax: 100, failedLoginsPerMinuteMax: FAILURES_MAX });
    const rounds = 3_000;
    await hammer(shared, Array.from({ length: 4 }, () => ({ rounds })));
    const gate = new Gate(shared, 9);
    gate.admit(HOST);
    // Every third round of each thread failed; the limit is reached by as many more as are missing.
    const failed = 4 * rounds / 3;
    const limited = FAILURES_MAX - failed;
    for (let attempt = 0; attempt < limited; attempt++) gate.attempt(HOST, 0, NOW);
    assertEquals(gate.attempt(HOST, 0, NOW).allowed, false);
    gate.loggedIn(HOST);
    assertEquals(gate.attempt(HOST, 0, NOW).allowed, true);
    assertEquals(gate.attempt(HOST, 0, NOW).allowed, false);
  },
);

testWith(
  ["read"],
  "Gate has room again when threads have ended with their sessions open",
  async () => {
    const shared = memory({ sessionsMax: 100, sessionsPerHostMax: 100 }, true);
    await hammer(shared, [{ keep: true }, { keep: true }, {}]);
    const [supervisor, other] = [new Gate(shared, -1), new Gate(shared, 9)];
    assertEquals(roomOf(other)[0], 84);
    supervisor.forget(1);
    assertEquals(roomOf(other)[0], 92);
    supervisor.forget(0);
    assertEquals(roomOf(other), [100, 50]);
  },
);
