/**
 * FTPS against servers of others: what is protected, whom the client trusts, and how it ends.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type Client,
  ClientError,
  connect,
  ConnectionError,
  type ConnectOptions,
  LocalError,
  ProtocolError,
  type Transport,
  trustAuthorities,
  uploadFile,
} from "../../client/mod.ts";
import { tlsTransport } from "../../client/tls.ts";
import { plainTransport } from "../../client/transport.ts";
import { testWith } from "../permission.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { FOREIGN_IDS } from "./servers.ts";
import { octets } from "./stage.ts";
import { Authority, DEMANDING, testTls, type TlsStage } from "./tls_stage.ts";

/** More than the sockets hold, so that both sides wait for each other. */
const LARGE = 3_000_001;

async function sameBothWays(client: Client, stage: TlsStage): Promise<void> {
  for (const length of [0, 1, LARGE]) {
    const content = octets(length);
    const name = `incoming/up-${length}`;
    await client.upload(content, name);
    assertEquals(await Deno.readFile(`${stage.root}/${name}`), content);
    await stage.put(`down-${length}`, content);
    assertEquals(await client.readFile(`down-${length}`), content);
  }
  const found = (await client.list()).map((entry) => entry.name).sort();
  assertEquals(found, ["down-0", "down-1", `down-${LARGE}`, "incoming"]);
}

for (const id of FOREIGN_IDS) {
  testTls([id], `explicit TLS moves octets both ways with ${id}`, async (stage) => {
    await using client = await stage.connect(await stage.start(id));
    await sameBothWays(client, stage);
  });

  testTls([id], `active mode works under TLS with ${id}`, async (stage) => {
    await using client = await stage.connect(await stage.start(id), { active: true });
    await sameBothWays(client, stage);
    await client.removeFile("incoming/up-1");
  });
}

for (const id of DEMANDING) {
  testTls([id], `implicit TLS moves octets both ways with ${id}`, async (stage) => {
    const port = await stage.start(id, { implicit: true });
    const tls = { mode: "implicit", caCerts: [stage.authority.pem] } as const;
    await using client = await stage.connect(port, { tls });
    await sameBothWays(client, stage);
  });

  testTls([id], `data connections go on with a TLS session, as ${id} may demand`, async (stage) => {
    const port = await stage.start(id, { reuse: true });
    await stage.put("a", octets(LARGE));
    const mod = new URL("../../client/mod.ts", import.meta.url).href;
    const script = `import { connect } from ${JSON.stringify(mod)};
    await using client = await connect({ port: ${port}, tls: "explicit", timeoutMs: 10_000 });
    const octets = await client.readFile("a");
    await client.upload(octets, "incoming/a");
    console.log((await client.list()).length);`;
    const file = `${stage.folder}/script.ts`;
    await Deno.writeTextFile(file, script);
    // The runtime resumes sessions only with the authorities that it has itself.
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", file],
      env: { DENO_CERT: `${stage.folder}/authority.pem`, DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "2\n", new TextDecoder().decode(stderr));
    assertEquals(await Deno.readFile(`${stage.root}/incoming/a`), octets(LARGE));
  });

  testTls([id], `a TLS session that ${id} cannot resume is told with what to do`, async (stage) => {
    const port = await stage.start(id, { reuse: true });
    await stage.put("a", octets(1));
    const source = `${stage.folder}/server.pem`;
    const calls: ((client: Client) => Promise<unknown>)[] = [
      (client) => client.readFile("a"),
      (client) => client.list(),
      (client) => client.list("incoming"),
      (client) => uploadFile(client, source, "incoming/a"),
    ];
    for (const call of calls) {
      await using client = await stage.connect(port);
      const error = await assertRejects(() => call(client), ProtocolError);
      assertStringIncludes(error.message, "trustAuthorities()");
      assertEquals(error.kind, "permanent");
    }
  });
}

testTls(
  ["proftpd"],
  "a server with TLS 1.3 alone is not lost by a refused session",
  async (stage) => {
    const port = await stage.start("proftpd", { settings: ["TLSProtocol TLSv1.3"] });
    const tls = { mode: "explicit", insecure: true, serverName: "alone.example" } as const;
    tlsTransport("localhost", tls, plainTransport).resumption!.improve!();
    await assertRejects(() => stage.connect(port, { tls }), ConnectionError);
    await using client = await stage.connect(port, { tls });
    assertEquals(await client.list("incoming"), []);
  },
);

// Whom to trust.

/** Connecting fails, nobody has heard a password, and the text says why. */
async function distrusted(stage: TlsStage, port: number, options: ConnectOptions, text: string) {
  const said: string[] = [];
  const error = await assertRejects(
    () => stage.connect(port, { ...options, trace: (_, line) => void said.push(line) }),
    ConnectionError,
  );
  assertEquals(error.kind, "untrusted", error.message);
  assertStringIncludes(error.message, text);
  assertMatch(error.message, /^[ -~]*$/);
  assertEquals(said.filter((line) => /^(USER|PASS)/.test(line)), []);
}

testTls(["pyftpdlib"], "a certificate of an unknown authority is refused", async (stage) => {
  const port = await stage.start("pyftpdlib");
  const tls = { mode: "explicit" } as const;
  await distrusted(stage, port, { tls }, "nobody who is trusted has signed");
  const other = await Authority.found(stage.folder, "other");
  const wrong = { mode: "explicit", caCerts: [other.pem] } as const;
  await distrusted(stage, port, { tls: wrong }, "nobody who is trusted has signed");
});

testTls(["vsftpd"], "a certificate for another name is refused", async (stage) => {
  const certificate = await stage.authority.sign("elsewhere", "DNS:elsewhere.example");
  const port = await stage.start("vsftpd", { certificate });
  await distrusted(stage, port, {}, "its certificate is for another name");
  await distrusted(stage, port, { host: "localhost" }, "its certificate is for another name");
  const tls = {
    mode: "explicit",
    caCerts: [stage.authority.pem],
    serverName: "elsewhere.example",
  } as const;
  await using client = await stage.connect(port, { tls });
  assertEquals(client.closed, false);
});

testTls(["vsftpd"], "an expired certificate is refused", async (stage) => {
  const certificate = await stage.authority.sign("old", "DNS:localhost,IP:127.0.0.1", -1);
  const port = await stage.start("vsftpd", { certificate });
  await distrusted(stage, port, {}, "its certificate has expired");
});

testTls(["vsftpd"], "insecure takes any certificate, and still protects", async (stage) => {
  const certificate = await stage.authority.sign("old", "DNS:elsewhere.example", -1);
  const port = await stage.start("vsftpd", { reuse: true, certificate });
  await using client = await stage.connect(port, { tls: { mode: "explicit", insecure: true } });
  await sameBothWays(client, stage);
});

testTls(["pyftpdlib"], "a server without TLS is refused, and hears no password", async (stage) => {
  await distrusted(stage, await stage.startPlain("pyftpdlib"), {}, "the server has no TLS: 5");
});

testTls(["vsftpd"], "a server that takes commands only under TLS is told so", async (stage) => {
  const port = await stage.start("vsftpd");
  await assertRejects(
    () => stage.connect(port, { tls: undefined! }),
    Error,
    "530",
  );
});

// How it ends.

testTls(["pyftpdlib"], "a download whose server dies is an error under TLS, too", async (stage) => {
  const port = await stage.start("pyftpdlib");
  await stage.put("a", octets(LARGE * 5));
  await using client = await stage.connect(port);
  let killed: Promise<void> | undefined;
  const sink = {
    write: async () => {
      killed ??= stage.kill();
      await killed;
    },
  };
  const error = await assertRejects(() => client.download("a", sink), ConnectionError);
  assert(["short", "reset"].includes(error.kind), error.message);
  assertEquals(client.closed, true);
});

testTls(["pyftpdlib"], "an upload whose server dies is an error under TLS, too", async (stage) => {
  const port = await stage.start("pyftpdlib");
  await using client = await stage.connect(port);
  let killed: Promise<void> | undefined;
  const endless = {
    read: async (buffer: Uint8Array) => {
      killed ??= stage.kill();
      await killed;
      return buffer.length;
    },
  };
  const error = await assertRejects(() => client.upload(endless, "incoming/a"), ConnectionError);
  assertEquals(error.kind, "reset", error.message);
});

/** TCP whose data connections end for this side after so many octets, as if somebody cut them. */
function cutAfter(octetsMax: number): Transport {
  let isControl = true;
  return {
    ...plainTransport,
    connect: async (to, signal) => {
      const wire = await plainTransport.connect(to, signal);
      if (isControl) {
        isControl = false;
        return wire;
      }
      let left = octetsMax;
      return {
        local: wire.local,
        remote: wire.remote,
        write: (chunk) => wire.write(chunk),
        finish: () => wire.finish(),
        close: () => wire.close(),
        read: async (buffer) => {
          if (left <= 0) return null;
          const count = await wire.read(buffer.subarray(0, Math.min(left, buffer.length)));
          left -= count ?? 0;
          return count;
        },
      };
    },
  };
}

for (const id of FOREIGN_IDS) {
  testTls([id], `a protected download from ${id} that is cut on its way fails`, async (stage) => {
    await stage.put("a", octets(LARGE));
    const transport = cutAfter(1_000_000);
    const options = { transport, timeoutMs: 3_000 };
    await using client = await stage.connect(await stage.start(id), options);
    const error = await assertRejects(() => client.readFile("a"), ClientError);
    // Pure-FTPd says nothing at all then.
    const kinds = ["short", "reset", "transient", ...(id === "pure-ftpd" ? ["timeout"] : [])];
    assert(kinds.includes(error.kind!), error.message);
  });

  testTls([id], `transfers with ${id} are broken off under TLS`, async (stage) => {
    await stage.put("a", octets(LARGE * 5));
    const port = await stage.start(id);
    const down = new AbortController();
    const sink = { write: () => down.abort(new RangeError("enough")) };
    const up = new AbortController();
    let reads = 0;
    const source = {
      read(buffer: Uint8Array) {
        if (reads++ === 2) up.abort(new RangeError("enough"));
        return buffer.length;
      },
    };
    const calls: ((client: Client) => Promise<unknown>)[] = [
      (client) => client.download("a", sink, { signal: down.signal }),
      (client) => client.upload(source, "incoming/a", { signal: up.signal }),
    ];
    for (const call of calls) {
      await using client = await stage.connect(port);
      await assertRejects(() => call(client), RangeError);
      if (!client.closed) assertEquals((await client.readFile("a")).length, LARGE * 5);
    }
  });
}

// Options.

testWith(["net", "read"], "connect refuses a mode of TLS that there is not", async () => {
  await using server = new ScriptedServer();
  for (const tls of ["starttls", true, false, null, { caCerts: [] }]) {
    await assertRejects(
      () => connect({ ...server.address, tls: tls as unknown as "explicit" }),
      LocalError,
      "tls is neither explicit nor implicit",
    );
  }
  assertEquals(server.commands, []);
});

testWith(["net", "read"], "connect refuses authorities that cannot be read", async () => {
  await using server = new ScriptedServer({ answers: { AUTH: "234 Go" } });
  const empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const pem of ["", "garbage", empty]) {
    const tls = { mode: "explicit", caCerts: [pem] } as const;
    const attempts = [
      () => connect({ ...server.address, tls }),
      () => trustAuthorities([pem]),
    ];
    for (const attempt of attempts) await assertRejects(attempt, LocalError, "Cannot use caCerts");
  }
});

// What a hostile server says before TLS.

for (
  const [name, reply] of [
    ["a whole reply", "234 Go\r\n230 In already"],
    ["the beginning of one", "234 Go\r\n230-In"],
    ["half a line", "234 Go\r\n23"],
    ["a line without a code", "234 Go\r\nWelcome"],
    ["an empty line", "234 Go\r\n"],
  ] as const
) {
  testWith(
    ["net", "read"],
    `${name} in clear text behind the reply to AUTH is refused`,
    async () => {
      await using server = new ScriptedServer({
        answers: {
          AUTH: (_, session) => session.sayRaw(name === "half a line" ? reply : `${reply}\r\n`),
        },
      });
      const error = await assertRejects(
        () => connect({ ...server.address, tls: "explicit", timeoutMs: 5_000 }),
        ConnectionError,
        "in clear text",
      );
      assertEquals(error.kind, "protocol");
      assertEquals(server.verbs, ["AUTH"]);
    },
  );
}

for (const reply of ["234 Go", "200 AUTH ignored"]) {
  testWith(["net", "read"], `what is no TLS behind ${reply} to AUTH is refused`, async () => {
    await using server = new ScriptedServer({
      answers: {
        AUTH: async (_, session) => {
          await session.say(reply);
          await session.say("230 This is no TLS, and nobody asked for it");
        },
      },
    });
    await assertRejects(
      () => connect({ ...server.address, tls: "explicit", timeoutMs: 5_000 }),
      ConnectionError,
    );
    assert(!server.verbs.includes("USER"));
  });
}

testWith(
  ["net", "read"],
  "a server that never begins with TLS is waited for within the limit",
  async () => {
    await using server = new ScriptedServer({ answers: { AUTH: "234 Go" } });
    const error = await assertRejects(
      () => connect({ ...server.address, tls: "explicit", timeoutMs: 500 }),
      ConnectionError,
      "no answer within 0.5 s",
    );
    assertEquals(error.kind, "timeout");
  },
);
