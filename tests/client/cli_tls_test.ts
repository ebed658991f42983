/**
 * The command line's --tls, ftps://, --cacert, --insecure and --active, with servers of others.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { FakeConsole } from "./fake_console.ts";
import { octets, withFolders } from "./stage.ts";
import { testTls, type TlsStage } from "./tls_stage.ts";

const CONTENT = octets(300_000);

async function run(...args: string[]) {
  const console = new FakeConsole();
  const status = await main(args, console);
  return { status, output: console.outputText, error: console.errorText };
}

/** Gets a file and puts it again by URLs, with these flags. */
async function bothWays(stage: TlsStage, url: string, ...flags: string[]): Promise<void> {
  await stage.put("a", CONTENT);
  await withFolders(async (_, here) => {
    const got = await run("-q", ...flags, "get", `${url}/a`, "-O", here);
    assertEquals(got, { status: EXIT.ok, output: "", error: "" });
    assertEquals(await Deno.readFile(`${here}/a`), CONTENT);
    const sent = await run("-q", ...flags, "put", `${here}/a`, `${url}/incoming/`);
    assertEquals(sent, { status: EXIT.ok, output: "", error: "" });
    assertEquals(await Deno.readFile(`${stage.root}/incoming/a`), CONTENT);
  });
}

testTls(["vsftpd"], "get and put by --tls explicit and ftps:// with --cacert", async (stage) => {
  const ca = ["--cacert", `${stage.authority.folder}/${stage.authority.name}.pem`];
  const explicit = await stage.vsftpd(["require_ssl_reuse=NO"]);
  await bothWays(stage, `ftp://127.0.0.1:${explicit}`, "--tls", "explicit", ...ca);
  await Deno.remove(`${stage.root}/incoming/a`);
  const implicit = await stage.vsftpd(["require_ssl_reuse=NO", "implicit_ssl=YES"]);
  await bothWays(stage, `ftps://localhost:${implicit}`, ...ca);
});

testTls(["pyftpdlib"], "ls by --active, and what is not trusted is refused", async (stage) => {
  await stage.put("a", CONTENT);
  const port = String(await stage.pyftpdlib());
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
    const plain = String(await stage.pyftpdlib(true));
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
