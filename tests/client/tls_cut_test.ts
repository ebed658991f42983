/**
 * Listings under TLS that somebody on the way cuts off: nothing tells how long one is, so its end
 * has to be the other side's own.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientError, type Connection, ConnectionError, type Transport } from "../../client/mod.ts";
import { TlsRecords } from "../../client/tls_records.ts";
import { plainTransport } from "../../client/transport.ts";
import { FOREIGN_IDS } from "./servers.ts";
import { octets } from "./stage.ts";
import { testTls } from "./tls_stage.ts";

/** More than the first octets of a listing, and fewer than all. */
const CUT_BYTES = 20_000;

/** Files in the directory: their listing is several times as long. */
const FILES = 1_000;

/** What somebody on the way does to a connection: it ends after some octets, and the rest is read. */
class CutConnection implements Connection {
  readonly local: Connection["local"];
  readonly remote: Connection["remote"];
  #left = CUT_BYTES;
  #rest: Promise<void> | undefined;

  constructor(readonly whole: Connection) {
    this.local = whole.local;
    this.remote = whole.remote;
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const part = buffer.subarray(0, Math.min(buffer.length, this.#left));
    const count = part.length === 0 ? null : await this.whole.read(part);
    this.#left -= count ?? 0;
    if (count === null) this.#rest ??= this.#readRest();
    return count;
  }

  write(octets: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.whole.write(octets);
  }

  finish(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    if (this.#rest === undefined) this.whole.close();
  }

  async #readRest(): Promise<void> {
    const buffer = new Uint8Array(CUT_BYTES);
    try {
      while (await this.whole.read(buffer) !== null);
    } catch {
      // The server has noticed.
    } finally {
      this.whole.close();
    }
  }
}

/** Several times what is let through, and no whole number of records. */
const LARGE = 100_001;

/** Every connection but the first, which is the control connection, is cut. */
function cutting(): Transport {
  let connections = 0;
  return {
    ...plainTransport,
    async connect(to, signal) {
      const whole = await plainTransport.connect(to, signal);
      return connections++ === 0 ? whole : new CutConnection(whole);
    },
  };
}

for (const id of FOREIGN_IDS) {
  testTls(
    [id],
    `a listing under TLS that is cut is told, and a whole one is not, by ${id}`,
    async (stage) => {
      await Deno.mkdir(`${stage.root}/many`, { mode: 0o755 });
      for (let file = 0; file < FILES; file++) {
        await stage.put(`many/${"n".repeat(90)}.${file}`, new Uint8Array(0));
      }
      const port = await stage.start(id);
      {
        await using client = await stage.connect(port);
        const unread: number[] = [];
        const onUnread = (lines: number) => void unread.push(lines);
        assertEquals((await client.list("many", { onUnread })).length, FILES);
        assertEquals(await client.list("incoming", { onUnread }), []);
        assertEquals(unread, []);
      }
      await using client = await stage.connect(port, { transport: cutting() });
      let unread = 0;
      try {
        const found = await client.list("many", { onUnread: (lines) => unread = lines });
        assert(found.length < FILES);
        assertEquals(unread, Infinity);
      } catch (error) {
        // The server may have noticed, or TLS: a record was cut in two.
        assert(error instanceof ClientError, `${error}`);
      }
    },
  );
}

testTls(
  ["vsftpd"],
  "a download under TLS whose length nobody tells is not cut unseen",
  async (stage) => {
    await stage.put("a", octets(LARGE));
    const port = await stage.start("vsftpd", { settings: ["cmds_denied=SIZE"] });
    const options = { offset: 1 }; // or the reply 150 would tell it
    {
      await using client = await stage.connect(port);
      assertEquals((await client.download("a", { write() {} }, options)).octets, LARGE - 1);
    }
    await using client = await stage.connect(port, { transport: cutting() });
    const cut = () => client.download("a", { write() {} }, options);
    const { kind } = await assertRejects(cut, ConnectionError, "its end may be missing");
    assertEquals(kind, "short");
  },
);

/** A record of `length` octets, RFC 8446 section 5.1. */
function record(type: number, length: number): number[] {
  return [type, 3, 3, length >> 8, length & 255, ...new Array<number>(length).fill(type)];
}

const DATA = record(23, 1_000);

/** What came last, and whether it ends by an alert. */
const ENDS: readonly (readonly [what: string, octets: readonly number[], isAlert: boolean])[] = [
  ["nothing", [], false],
  ["a handshake", record(22, 50), false],
  ["data", DATA, false],
  ["an alert of TLS 1.2", [...DATA, ...record(21, 26)], true],
  ["an alert in clear text", [...DATA, ...record(21, 2)], true],
  ["an alert of TLS 1.3", [...DATA, ...record(23, 19)], true],
  ["an alert and data behind it", [...record(21, 2), ...DATA], false],
  ["half of an alert", [...DATA, ...record(21, 26).slice(0, 20)], false],
  ["half of a header", [...record(21, 2), 21, 3], false],
  ["a record of nothing", [...DATA, ...record(23, 0)], false],
];

for (const [what, octets, isAlert] of ENDS) {
  Deno.test(`TlsRecords, in any pieces: ${what} ${isAlert ? "ends" : "does not end"} it`, () => {
    for (const size of [1, 2, 5, 7, 1_004, 10_000]) {
      const records = new TlsRecords();
      for (let at = 0; at < octets.length; at += size) {
        records.take(new Uint8Array(octets.slice(at, at + size)));
      }
      assertEquals(records.endByAlert, isAlert, `${size} at a time`);
    }
  });
}
