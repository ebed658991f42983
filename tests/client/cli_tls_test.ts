/**
 * The command line's --tls, ftps://, --cacert, --insecure and --active, with servers of others.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { EXIT, main } from "../../client/cli/mod.ts";
import { FakeConsole } from "./fake_console.ts";
import { octets, withFolders } from "./stage.ts";
import { DEMANDING, testTls, type TlsStage } from "./tls_stage.ts";

const CONTENT = octets(300_000);

async function run(...args: string[]) {
  const console = new FakeConsole();
  const status = await main(args, console);
  return { status, output: console.outputText, error: console.errorText };
}

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** The task, in a process of its own: what --cacert trusts, all of a process does. */
async function runApart(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", CONFIG, "client", ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { status: code, output: decoder.decode(stdout), error: decoder.decode(stderr) };
}

/** Gets a file and puts it again by URLs, with these flags. */
async function bothWays(stage: TlsStage, url: string, ...flags: string[]): Promise<void> {
  await stage.put("a", CONTENT);
  await withFolders(async (_, here) => {
    const got = await runApart("-q", ...flags, "get", `${url}/a`, "-O", here);
    assertEquals(got, { status: EXIT.ok, output: "", error: "" });
    assertEquals(await Deno.readFile(`${here}/a`), CONTENT);
    const sent = await runApart("-q", ...flags, "put", `${here}/a`, `${url}/incoming/`);
    assertEquals(sent, { status: EXIT.ok, output: "", error: "" });
    assertEquals(await Deno.readFile(`${stage.root}/incoming/a`), CONTENT);
  });
}

const NAMES = Array.from({ length: 12 }, (_, index) => `file${index}`);

/** Puts and mirrors more files than a TLS session of the runtime serves, by three connections. */
async function mirrored(stage: TlsStage, url: string, ...flags: string[]): Promise<void> {
  const there = `${stage.root}/incoming/m`;
  await withFolders(async (_, here) => {
    for (const name of NAMES) await Deno.writeFile(`${here}/${name}`, CONTENT);
    const mirror = ["mirror", "--retries", "0", "-R", "-P", "3", here, url];
    const put = ["put", "--retries", "0", ...NAMES.map((name) => `${here}/${name}`), `${url}/`];
    for (const verb of [mirror, put]) {
      const { status, error } = await runApart(...flags, ...verb);
      assertEquals([status, ...NAMES.map((name) => sizeOf(`${there}/${name}`))], [
        EXIT.ok,
        ...NAMES.map(() => CONTENT.length),
      ], error);
      for (const name of NAMES) Deno.removeSync(`${there}/${name}`);
    }
    await Deno.remove(there);
  });
}

function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}

testTls(["vsftpd"], "get and put by --tls explicit and ftps:// with --cacert", async (stage) => {
  const ca = ["--cacert", `${stage.authority.folder}/${stage.authority.name}.pem`];
  const explicit = await stage.start("vsftpd");
  await bothWays(stage, `ftp://127.0.0.1:${explicit}`, "--tls", "explicit", ...ca);
  await Deno.remove(`${stage.root}/incoming/a`);
  const implicit = await stage.start("vsftpd", { implicit: true });
  await bothWays(stage, `ftps://localhost:${implicit}`, ...ca);
});

for (const id of DEMANDING) {
  testTls(
    [id],
    `data connections go on with a TLS session of ${id} with --cacert`,
    async (stage) => {
      const self = await stage.selfSigned("localhost");
      const port = await stage.start(id, { reuse: true });
      const selfPort = await stage.start(id, { reuse: true, certificate: self });
      const ca = `${stage.authority.folder}/${stage.authority.name}.pem`;
      for (const [each, file] of [[port, ca], [selfPort, self.certFile]] as const) {
        const flags = ["--tls", "explicit", "--cacert", file];
        await bothWays(stage, `ftp://localhost:${each}`, ...flags);
        await mirrored(stage, `ftp://localhost:${each}/incoming/m`, ...flags);
        await Deno.remove(`${stage.root}/incoming/a`);
      }
    },
  );
}

testTls(["proftpd"], "verbs go on where two uploads have used up a TLS session", async (stage) => {
  const port = await stage.start("proftpd", { reuse: true });
  const tree = `${stage.root}/incoming/t`;
  const sorted = NAMES.toSorted();
  for (const name of sorted) {
    await Deno.mkdir(`${tree}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${tree}/${name}/${name}`, name);
    for (const path of [tree, `${tree}/${name}`]) await Deno.chmod(path, 0o777);
  }
  const tls = `--tls explicit --cacert ${stage.authority.folder}/${stage.authority.name}.pem`;
  const script = `${stage.folder}/script`;
  const listed = sorted.map((name) => `\nt/${name}:\n${name}\n`).join("");
  for (
    const [verb, output] of [
      ["ls -R t", `t:\n${sorted.map((name) => `${name}\n`).join("")}${listed}`],
      ["cat --retries 0 t/*/*", sorted.join("")],
      ["rm -r t", ""],
    ] as const
  ) {
    const put = `put -q --retries 0 -o up ${script}\n`;
    await Deno.writeTextFile(
      script,
      `open ${tls} ftp://localhost:${port}/incoming\n${put}${put}${verb}\n`,
    );
    const { status, output: shown, error } = await runApart("shell", "-f", script);
    assertEquals([status, shown, error.split(/[\n,]/)[0]], [
      EXIT.ok,
      output,
      "The connection is lost",
    ]);
  }
  assertEquals(sizeOf(tree), undefined);
});

testTls(["vsftpd"], "--cacert trusts no others, and a shell does not forget it", async (stage) => {
  const certificate = await stage.selfSigned("localhost");
  const port = await stage.start("vsftpd", { reuse: true, certificate });
  const ca = `${stage.authority.folder}/${stage.authority.name}.pem`;
  const tls = ["--tls", "explicit", "--cacert"];
  const url = `ftp://localhost:${port}`;
  const other = await runApart(...tls, ca, "ls", url);
  assertEquals(other.status, EXIT.connection);
  assertMatch(other.error, /^Cannot trust the server localhost: [^\n]*\n$/);
  const open = `open ${url} --tls explicit`;
  const script = `${stage.folder}/script`;
  await Deno.writeTextFile(script, `${open} --cacert ${stage.folder}/self.pem\nls\n${open}\n`);
  const { status, output, error } = await runApart("shell", "-f", script);
  assertEquals([status, output], [EXIT.local, "incoming\n"]);
  assertMatch(error, /\nLine 3: Cannot go back to the usual authorities after --cacert[^\n]*\n$/);
});

testTls(["pyftpdlib"], "ls by --active, and what is not trusted is refused", async (stage) => {
  await stage.put("a", CONTENT);
  const port = String(await stage.start("pyftpdlib"));
  const tls = ["--host", "localhost", "--port", port, "--tls", "explicit"];
  const untrusted = await run(...tls, "ls");
  assertEquals([untrusted.status, untrusted.output], [EXIT.connection, ""]);
  assertMatch(untrusted.error, /certificate[^\n]*\n$/);
  const insecure = await run(...tls, "--insecure", "--active", "ls");
  assertEquals([insecure.status, insecure.output], [EXIT.ok, "a\nincoming\n"]);
  assertMatch(insecure.error, /^Warning: --insecure takes any certificate[^\n]*\n$/);
});

testTls(
  ["pyftpdlib"],
  "--tls is never given up, and --cacert names what it cannot use",
  async (stage) => {
    const plain = String(await stage.startPlain("pyftpdlib"));
    const { status, error } = await run("--port", plain, "--tls", "explicit", "ls");
    assertEquals(status, EXIT.connection);
    assertMatch(error, /^Cannot [^\n]+\n$/);
    const wrong = ["--port", plain, "--tls", "explicit", "--cacert"];
    const key = stage.certificate.keyFile;
    assertEquals(await run(...wrong, key, "ls"), {
      status: EXIT.local,
      output: "",
      error: `Cannot use "${key}": it has no certificate in PEM\n`,
    });
    assertEquals(await run(...wrong, `${key}.no`, "ls"), {
      status: EXIT.local,
      output: "",
      error: `Cannot read "${key}.no": no such file or directory\n`,
    });
  },
);
