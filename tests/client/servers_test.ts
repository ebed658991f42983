/**
 * What a person does with a client, on every server that is at hand: names of all kinds, ways to
 * connect, what breaks off and goes on, what is refused. put_servers_test.ts, tree_test.ts,
 * kill_test.ts and mirror/ ask the same servers for more.
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
import { EXIT } from "../../client/cli/mod.ts";
import {
  type Client,
  connect,
  downloadFile,
  ProtocolError,
  RateLimit,
  uploadFile,
} from "../../client/mod.ts";
import { foreignServer, loadProftpdModule, type ServerKind, SERVERS, testOn } from "./servers.ts";
import { arrived, names, octets, run } from "./stage.ts";

/** Less than some servers take to notice that the other side waits for them, too. */
const TIMEOUT_MS = 5_000;

/** More than the sockets hold, so that both sides wait for each other. */
const LARGE = 3_000_001;

/** Octets per second of what is given up: all of it would take a second. */
const RATE = LARGE;

/** How often and after which wait it is looked whether something has arrived. */
const LOOKS_MAX = 1_000;
const LOOK_MS = 2;

const NAMES = [
  ".hidden",
  "a b",
  " lead",
  "trail ",
  "a  two",
  'q"uote',
  "back\\slash",
  "semi;colon",
  "star*",
  "[x]",
  "{y}",
  "~t",
  "-dash",
  "%41",
  "#x",
  "$(x)",
  "a:b",
  "é名",
  "caf\udce9",
] as const;

/** Names that a server refuses, or makes others of. */
const UNKNOWN: Readonly<Record<string, readonly string[]>> = {
  "ours, async": ["caf\udce9"],
  "ours, multiplex epoll level": ["caf\udce9"],
  "pure-ftpd": ["trail ", "back\\slash"],
  "pyftpdlib": ["caf\udce9"],
};

const namesOn = ({ name }: ServerKind) =>
  NAMES.filter((candidate) => !UNKNOWN[name]?.includes(candidate));

for (const kind of SERVERS) {
  testOn(kind, "a name of any kind is one name, as it is", async ({ port, prefix, root }) => {
    await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
    const content = octets(1_000);
    for (const name of namesOn(kind)) {
      const path = `${prefix}${name}`;
      await client.upload(content, path);
      assertEquals((await client.list(prefix)).map((entry) => entry.name), [name]);
      assertEquals((await client.stat(path)).size, content.length, name);
      assertEquals(await client.readFile(path), content, name);
      await client.rename(path, `${path}2`);
      assertEquals((await client.list(prefix)).map((entry) => entry.name), [`${name}2`]);
      await client.removeFile(`${path}2`);
      assertEquals(await names(root), []);
    }
  });

  testOn(kind, "a directory of any name is listed, entered and left again", async (room) => {
    const { port, prefix } = room;
    await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
    // ProFTPD makes no directory whose name has a star.
    for (const name of namesOn(kind).filter((name) => name !== "star*")) {
      const path = `${prefix}${name}`;
      await client.makeDirectory(path);
      await client.upload(octets(1), `${path}/a`);
      assertEquals((await client.list(path)).map((entry) => entry.name), ["a"], name);
      await client.removeFile(`${path}/a`);
      await client.changeDirectory(path);
      assertEquals(await client.workingDirectory(), path);
      await client.changeDirectory("/");
      await client.removeDirectory(path);
    }
  });

  testOn(kind, "ls -a shows names that begin with a dot, and ls does not", async (room) => {
    const { port, prefix } = room;
    await using client = await connect({ port });
    for (const name of [".a", "b c"]) await client.upload(octets(1), `${prefix}${name}`);
    assertEquals((await run(port, ["ls", prefix])).output, "b c\n");
    assertEquals((await run(port, ["ls", "-a", prefix])).output, ".a\nb c\n");
  });

  testOn(kind, "active mode moves octets both ways, and lists", async ({ port, prefix }) => {
    await using client = await connect({ port, active: true, timeoutMs: TIMEOUT_MS });
    await movesOctets(client, prefix);
  });

  testOn(kind, "transfers that are given up end at once, or with the connection", async (room) => {
    const { port, prefix, root } = room;
    await Deno.writeFile(`${root}/a`, octets(LARGE));
    for (const transfer of [giveUpDownload, giveUpUpload]) {
      await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
      await assertRejects(() => transfer(client, prefix), RangeError, "enough");
      if (!client.closed) assertEquals(await client.readFile(`${prefix}a`), octets(LARGE));
    }
  });

  for (const verb of ["get", "put"] as const) {
    testOn(kind, `${verb} that was given up goes on where it was`, async (room) => {
      const { port, prefix, root, here } = room;
      const content = octets(LARGE);
      const [from, to] = verb === "get" ? [root, here] : [here, root];
      await Deno.writeFile(`${from}/a`, content);
      const move = async (options: MoveOptions) => {
        await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
        return verb === "get"
          ? await downloadFile(client, `${prefix}a`, `${here}/a`, options)
          : await uploadFile(client, `${here}/a`, `${prefix}a`, options);
      };
      await giveUp(to, move);
      assert(!(await names(to)).includes("a"), "half of it has the name");
      const { offset, octets: rest } = await move({ resume: true });
      assert(offset > 0, "it began again");
      assertEquals(offset + rest, LARGE);
      assertEquals(await Deno.readFile(`${to}/a`), content);
    });
  }

  testOn(kind, "what is not there, or in the way, is refused for good", async (room) => {
    const { port, prefix } = room;
    await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
    await client.makeDirectory(`${prefix}full`);
    await client.upload(octets(1), `${prefix}full/a`);
    const calls: (() => Promise<unknown>)[] = [
      () => client.readFile(`${prefix}none`),
      () => client.readFile(`${prefix}full`),
      () => client.stat(`${prefix}none`),
      () => client.list(`${prefix}none`),
      () => client.list(`${prefix}full/a`),
      () => client.changeDirectory(`${prefix}none`),
      () => client.rename(`${prefix}none`, `${prefix}other`),
      () => client.removeFile(`${prefix}none`),
      () => client.removeDirectory(`${prefix}full`),
      () => client.makeDirectory(`${prefix}full`),
      () => client.upload(octets(1), `${prefix}none/a`),
    ];
    for (const [index, call] of calls.entries()) {
      const error = await assertRejects(call, ProtocolError);
      assertEquals(error.kind, "permanent", `call ${index}: ${error.message}`);
    }
    assertEquals(await client.size(`${prefix}none`), undefined);
    assertEquals(await client.size(`${prefix}full/a`), 1);
  });

  testOn(kind, "the time of a file is set and told", async ({ port, prefix, root }) => {
    await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
    await client.upload(octets(1), `${prefix}a`);
    const time = new Date("2021-05-06T07:08:09Z");
    assertEquals(await client.setModified(`${prefix}a`, time), true);
    assertEquals(await client.modified(`${prefix}a`), time);
    assertEquals((await Deno.stat(`${root}/a`)).mtime, time);
  });
}

type MoveOptions = Parameters<typeof uploadFile>[3];

/** Has `move` given up when something has arrived in `folder`. */
async function giveUp(
  folder: string,
  move: (options: MoveOptions) => Promise<unknown>,
): Promise<void> {
  const abort = new AbortController();
  const moved = move({ signal: abort.signal, rate: new RateLimit(RATE) });
  moved.catch(() => {});
  for (let looks = 0; looks < LOOKS_MAX && await arrived(folder) === 0; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  abort.abort(new RangeError("enough"));
  await assertRejects(() => moved, RangeError, "enough");
}

async function movesOctets(client: Client, prefix: string): Promise<void> {
  for (const length of [0, LARGE]) {
    await client.upload(octets(length), `${prefix}a`);
    assertEquals(await client.readFile(`${prefix}a`), octets(length));
  }
  assertEquals((await client.list(prefix)).map(({ name }) => name), ["a"]);
}

async function giveUpDownload(client: Client, prefix: string): Promise<void> {
  const abort = new AbortController();
  const sink = { write: () => abort.abort(new RangeError("enough")) };
  await client.download(`${prefix}a`, sink, { signal: abort.signal });
}

async function giveUpUpload(client: Client, prefix: string): Promise<void> {
  const abort = new AbortController();
  let reads = 0;
  const source = {
    read(buffer: Uint8Array) {
      if (reads++ === 2) abort.abort(new RangeError("enough"));
      return buffer.length;
    },
  };
  await client.upload(source, `${prefix}b`, { signal: abort.signal });
}

/** Servers that are kept from the commands of RFC 2428, and whether from EPRT, too. */
const WITHOUT_EXTENDED = [
  [foreignServer("vsftpd", { settings: ["cmds_denied=EPSV,EPRT"] }), true],
  [
    foreignServer("proftpd", { settings: ["<Limit EPSV EPRT>", "  DenyAll", "</Limit>"] }),
    true,
  ],
  [foreignServer("pure-ftpd", { settings: ["--brokenclientscompatibility"] }), false],
] as const;

for (const [kind, hasActive] of WITHOUT_EXTENDED) {
  testOn(kind, "PASV and PORT are fallen back to", async ({ port, prefix }) => {
    for (const active of hasActive ? [false, true] : [false]) {
      const said: string[] = [];
      const trace = (_: unknown, line: string) => void said.push(line);
      await using client = await connect({ port, active, timeoutMs: TIMEOUT_MS, trace });
      await movesOctets(client, prefix);
      const verb = active ? /^PORT / : /^PASV$/;
      assertEquals(said.filter((line) => verb.test(line)).length, 5, said.join(" "));
    }
  });
}

testOn(
  foreignServer("proftpd", { rights: [] }),
  "put -c where nothing is appended says what to do, and put that is tried again does it",
  async ({ port, prefix, root, here }) => {
    const content = octets(LARGE);
    await Deno.writeFile(`${here}/a`, content);
    await giveUp(root, async (options) => {
      await using client = await connect({ port, timeoutMs: TIMEOUT_MS });
      await uploadFile(client, `${here}/a`, `${prefix}a`, options);
    });
    const put = (...args: string[]) => run(port, ["put", ...args, `${here}/a`, "-o", `${prefix}a`]);
    const refused = await put("-c");
    assertEquals(refused.status, EXIT.refused);
    assertStringIncludes(refused.error, "Append/Restart not permitted, try again; --force begins");
    assertEquals((await put("-c", "--force")).status, EXIT.ok);
    assertEquals(await names(root), ["a"]);
    assertEquals(await Deno.readFile(`${root}/a`), content);
  },
);

testOn(
  foreignServer("proftpd", { settings: loadProftpdModule("mod_digest") }),
  "a mirror by checksum moves what differs by its content alone",
  async ({ port, prefix, root, here }) => {
    for (const folder of [root, here]) {
      for (const name of ["a b", "0a1b2c3d"]) await Deno.writeFile(`${folder}/${name}`, octets(9));
    }
    const mirror = () => run(port, ["mirror", "--checksum", prefix, here]);
    assertMatch((await mirror()).error, /^Got 0 files, 0 B in \d+ ms; 2 kept$/m);
    const { mtime } = await Deno.stat(`${root}/a b`);
    await Deno.writeFile(`${root}/a b`, octets(9).map((octet) => octet ^ 1));
    await Deno.utime(`${root}/a b`, mtime!, mtime!);
    assertStringIncludes((await mirror()).error, "; 1 kept\n");
    assertEquals(await Deno.readFile(`${here}/a b`), await Deno.readFile(`${root}/a b`));
    await using client = await connect({ port });
    for (const algorithm of ["SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32"] as const) {
      assertEquals((await client.hash(`${prefix}0a1b2c3d`, { algorithm }))?.algorithm, algorithm);
    }
  },
);
