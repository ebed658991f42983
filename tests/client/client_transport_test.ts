/**
 * A client over wires that are no sockets: whoever has another way to carry octets can bring it.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  type Connection,
  ConnectionError,
  type ConnectOptions,
  LocalError,
  type TlsSettings,
  type Trace,
  type Transport,
  type WireAddress,
} from "../../client/mod.ts";
import { tlsTransport } from "../../client/tls.ts";
import { inZoneOf } from "../../client/transport.ts";
import { testWith } from "../permission.ts";
import { decode } from "./scripted_test_case.ts";

const HERE = { hostname: "192.0.2.1", port: 1 };
const THERE = { hostname: "192.0.2.2", port: 2 };

/** A wire in memory: `react` hears what is written, and what it says is read in turn. */
class MemoryWire implements Connection {
  readonly local = HERE;
  readonly remote = THERE;
  /** Where its octets went. */
  readonly buffers = new Set<ArrayBufferLike>();
  readonly #said: Uint8Array[] = [];
  #ended = false;
  #wake = () => {};

  constructor(readonly react: (text: string, wire: MemoryWire) => void = () => {}) {}

  say(text: string): void {
    this.#said.push(new TextEncoder().encode(text));
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#said.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#said.shift()!;
    this.buffers.add(buffer.buffer);
    buffer.set(chunk);
    return chunk.length;
  }

  write(octets: Uint8Array): Promise<number> {
    this.react(decode(octets), this);
    return Promise.resolve(octets.length);
  }

  finish(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    this.end();
  }
}

/**
 * A server that has one file, "hello"; the last of `wires` is its data connection. It answers AUTH
 * by `auth`, and greets by the code `greeting`.
 */
function memory(wires: MemoryWire[] = [], auth = "234 Go", greeting = 220): Transport {
  const answers: Record<string, string> = {
    AUTH: auth,
    USER: "230 In",
    FEAT: "502 No",
    PBSZ: "200 Fine",
    PROT: "200 Fine",
    TYPE: "200 Fine",
    SIZE: "213 5",
    EPSV: "229 (|||7|)",
    QUIT: "221 Bye",
  };
  return {
    connect: ({ port }) => {
      if (port === 7) {
        wires.push(new MemoryWire());
        return Promise.resolve(wires.at(-1)!);
      }
      const control = new MemoryWire((text, wire) => {
        const verb = text.slice(0, 4);
        if (verb !== "RETR") return wire.say(`${answers[verb] ?? "502 No"}\r\n`);
        wire.say("150 Opening\r\n");
        const data = wires.at(-1)!;
        data.say("hel");
        data.say("lo");
        data.end();
        wire.say("226 Done\r\n");
      });
      control.say(`${greeting} Memory\r\n`);
      return Promise.resolve(control);
    },
    listen: () => {
      throw new Error("not here");
    },
  };
}

/** The same as a class, whose methods are nothing without their object. */
class MemoryTransport implements Transport {
  readonly #inner: Transport;

  constructor(inner = memory()) {
    this.#inner = inner;
  }

  connect(to: WireAddress, signal: AbortSignal): Promise<Connection> {
    return this.#inner.connect(to, signal);
  }

  listen(hostname: string) {
    return this.#inner.listen(hostname);
  }
}

/** One whose TLS is none but in name. */
class ProtectedTransport extends MemoryTransport {
  #count = 0;

  /** How many connections it was asked to protect. */
  get count(): number {
    return this.#count;
  }

  secure(wire: Connection): Promise<Connection> {
    this.#count++;
    return Promise.resolve(wire);
  }
}

Deno.test("connect takes a transport of its user's", async () => {
  await using client = await connect({ host: "memory", transport: memory() });
  assertEquals(client.greeting.lines, ["Memory"]);
  assertEquals(decode(await client.readFile("a")), "hello");
});

Deno.test("downloads of one connection share a buffer, unless one was broken off", async () => {
  const wires: MemoryWire[] = [];
  await using client = await connect({ host: "memory", transport: memory(wires) });
  for (let count = 0; count < 3; count++) await client.readFile("a");
  const used = () => wires.reduce((all, { buffers }) => all.union(buffers), new Set()).size;
  assertEquals(used(), 1);
  const full = new LocalError("full");
  await assertRejects(() => client.download("a", { write: () => Promise.reject(full) }));
  assertEquals(used(), 1);
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(used(), 2);
});

testWith(["read"], "connect with TLS over a transport that speaks none fails", async () => {
  await assertRejects(
    () => connect({ host: "memory", transport: memory(), tls: "implicit", timeoutMs: 5_000 }),
    ConnectionError,
    "Cannot protect the connection",
  );
});

testWith(["read"], "TLS runs over a transport that is an object of a class", async () => {
  const transport = tlsTransport("memory", {}, new MemoryTransport());
  const wire = await transport.connect(THERE, new AbortController().signal);
  wire.close();
  assertThrows(() => transport.listen(HERE.hostname), Error, "not here");
});

Deno.test("connect uses the TLS of a transport that is an object of a class", async () => {
  const transport = new ProtectedTransport();
  await using client = await connect({ host: "memory", transport, tls: "explicit" });
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(transport.count, 2);
});

Deno.test("connect begins with TLS whatever code says yes to AUTH", async () => {
  for (const auth of ["200 AUTH command ok; starting SSL connection...", "334 Go", "235 Go"]) {
    const transport = new ProtectedTransport(memory([], auth));
    await using _client = await connect({ host: "memory", transport, tls: "explicit" });
    assertEquals(transport.count, 1, auth);
  }
});

Deno.test("connect logs in behind AUTH though the greeting was 230", async () => {
  const said: string[] = [];
  const transport = new ProtectedTransport(memory([], "234 Go", 230));
  const trace: Trace = (direction, line) => {
    if (direction === "sent") said.push(line);
  };
  await using _client = await connect({ host: "memory", transport, tls: "explicit", trace });
  assertEquals(said.slice(0, 2), ["AUTH TLS", "USER anonymous"]);
});

Deno.test("connect refuses settings of TLS that its transport does not heed", async () => {
  const transport = new ProtectedTransport();
  const settings: TlsSettings[] = [{ caCerts: [""] }, { insecure: true }, { serverName: "h" }];
  for (const setting of settings) {
    const tls = { mode: "explicit", ...setting } as const;
    const error = await assertRejects(() => connect({ transport, tls }), LocalError);
    const [name] = Object.keys(setting);
    assertEquals(error.message, `Cannot use ${name} of tls: the transport has TLS of its own`);
  }
});

Deno.test("inZoneOf gives the zone of a host to addresses of its link that have none", () => {
  const zoned = (host: string, hostname: string) => inZoneOf(host, { hostname, port: 21 }).hostname;
  assertEquals(zoned("fe80::1%eth0", "fe80::1"), "fe80::1%eth0");
  assertEquals(zoned("FE80::1%2", "febf:0::2"), "febf:0::2%2");
  assertEquals(zoned("fe80::1%eth0", "fe80::1%3"), "fe80::1%3");
  assertEquals(zoned("fe80::1", "fe80::1"), "fe80::1");
  for (const global of ["::1", "fec0::1", "2001:db8::fe80", "192.0.2.1"]) {
    assertEquals(zoned("fe80::1%eth0", global), global);
  }
});

/** What is said of the server, and the port where it is then looked for. */
const PORTS: readonly (readonly [ConnectOptions, number])[] = [
  [{}, 2121],
  [{ host: "localhost", tls: "explicit" }, 2121],
  [{ host: "[::1]" }, 2121],
  [{ host: "ftp.example.org" }, 21],
  [{ host: "ftp.example.org", tls: "explicit" }, 21],
  [{ host: "ftp.example.org", tls: "implicit" }, 990],
  [{ tls: "implicit" }, 990],
  [{ host: "ftp.example.org", port: 2121 }, 2121],
];

Deno.test("connect looks at the usual ports, and here where serve listens", async () => {
  for (const [options, expected] of PORTS) {
    const ports: number[] = [];
    const transport: Transport = {
      connect: ({ port }) => {
        ports.push(port);
        return Promise.reject(new Error("not here"));
      },
      listen: memory().listen,
      secure: (wire) => Promise.resolve(wire),
    };
    await assertRejects(() => connect({ ...options, transport }), ConnectionError, "not here");
    assertEquals(ports, [expected], JSON.stringify(options));
  }
});
