/**
 * Where passwords come from, in which order, and that nobody sees them.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { SecretLine } from "../../client/cli/secret_line.ts";
import { testWith } from "../permission.ts";
import { FakeConsole, type Surroundings } from "./fake_console.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, withFolders } from "./stage.ts";

const SCRIPT: Script = { answers: { USER: "331 Password", PASS: "332 Account", ACCT: "230 In" } };

/** Logs in to a scripted server; what it was told, and what a user saw. */
async function login(args: readonly string[], surroundings: Surroundings = {}) {
  await using server = new ScriptedServer({
    ...SCRIPT,
    answers: { ...SCRIPT.answers, PASS: args.includes("account") ? "332 Account" : "230 In" },
  });
  const console = new FakeConsole(surroundings);
  const words = args.filter((arg) => arg !== "account");
  const status = await main(["--port", `${server.address.port}`, ...words, "mkdir", "a"], console);
  const told = server.commands.filter((line) => /^(USER|PASS|ACCT)/.test(line));
  return { status, told, error: console.errorText };
}

const secret = async (path: string, text: string) =>
  await Deno.writeTextFile(path, text, { mode: 0o600 });

testWith(
  NEEDS,
  "the password of a user is looked for in the order that --help has",
  () =>
    withFolders(async (_, here) => {
      await secret(`${here}/file`, "of file\r\nanother line\n");
      await secret(`${here}/.netrc`, "machine 127.0.0.1 login me password of-netrc\n");
      const all = {
        variables: { FTPLAB_PASSWORD: "of variable", HOME: here },
        secret: "typed",
      };
      const file = ["--password-file", `${here}/file`];
      const passwordOf = async (args: readonly string[], surroundings: Surroundings) =>
        (await login(args, surroundings)).told;
      assertEquals(await passwordOf(["--user", "me:typed here", ...file], all), [
        "USER me",
        "PASS typed here",
      ]);
      assertEquals(await passwordOf(["--user", "me", ...file], all), ["USER me", "PASS of file"]);
      assertEquals(await passwordOf(["--user", "me"], all), ["USER me", "PASS of variable"]);
      const noVariable = { ...all, variables: { HOME: here } };
      assertEquals(await passwordOf(["--user", "me"], noVariable), ["USER me", "PASS of-netrc"]);
      assertEquals(await passwordOf(["--user", "you"], noVariable), ["USER you", "PASS typed"]);
      // An empty variable says nothing, as if it were not there.
      const empty = { ...all, variables: { HOME: here, FTPLAB_PASSWORD: "" } };
      assertEquals(await passwordOf(["--user", "me"], empty), ["USER me", "PASS of-netrc"]);
      const profile = { variables: { HOME: "", USERPROFILE: here } };
      assertEquals(await passwordOf(["--user", "me"], profile), ["USER me", "PASS of-netrc"]);
      // Without a user the variable is for nobody.
      assertEquals(await passwordOf([], all), ["USER me", "PASS of-netrc"]);
      assertEquals(
        (await passwordOf([], { variables: { FTPLAB_PASSWORD: "x" } }))[0],
        "USER anonymous",
      );
    }),
);

testWith(
  NEEDS,
  "--netrc-file is used in place of the user's own, with its account",
  () =>
    withFolders(async (_, here) => {
      await secret(`${here}/other`, 'default login me password "a b" account c\n');
      const { told } = await login(["account", "--netrc-file", `${here}/other`]);
      assertEquals(told, ["USER me", "PASS a b", "ACCT c"]);
      const { status, error } = await login(["--netrc-file", `${here}/no`]);
      assertEquals([status, error], [
        EXIT.local,
        `Cannot read "${here}/no": no such file or directory\n`,
      ]);
    }),
);

const FROM_INPUT = ["--user", "me", "--password-file", "-"];

testWith(NEEDS, "--password-file - is standard input", async () => {
  for (const end of ["\n", "\r\n", ""]) {
    const { told } = await login(FROM_INPUT, { input: `from stdin${end}` });
    assertEquals(told, ["USER me", "PASS from stdin"]);
  }
});

testWith(NEEDS, "--password-file - leaves what follows the first line to others", async () => {
  const answers = { ...SCRIPT.answers, PASS: "230 In", MKD: '257 "a" made' };
  await using server = new ScriptedServer({ answers });
  const console = new FakeConsole({ input: "secret\nthe rest\n" });
  const args = ["--port", `${server.address.port}`, ...FROM_INPUT, "mkdir", "a"];
  assertEquals(await main(args, console), EXIT.ok, console.errorText);
  assert(server.commands.includes("PASS secret"));
  const buffer = new Uint8Array(100);
  const count = await console.read(buffer);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "the rest\n");
});

testWith(["read"], "standard input is no password where a verb reads it", async () => {
  const readers = [
    [["put", "-", "-o", "x"], "put -"],
    [["put", "--direct", "-", "-o", "x"], "put -"],
    [["shell"], "shell"],
  ] as const;
  for (const [args, reader] of readers) {
    const console = new FakeConsole({ input: "secret\nsmall" });
    assertEquals(await main([...FROM_INPUT, ...args], console), EXIT.usage);
    const text = `--password-file - reads standard input, as ${reader} does\n`;
    assertEquals(console.errorText, text);
  }
  const console = new FakeConsole({ inTerminal: true, errTerminal: true });
  assertEquals(await main(FROM_INPUT, console), EXIT.usage);
});

testWith(
  NEEDS,
  "a password that is not there is a wrong command line, in one line",
  () =>
    withFolders(async (_, here) => {
      assertEquals(await login(["--user", "me"]), {
        status: EXIT.usage,
        told: [],
        error: 'No password for "me": give --password-file FILE, FTPLAB_PASSWORD or .netrc\n',
      });
      assertEquals(
        (await login(["--password-file", `${here}/file`])).error,
        "--password-file takes a --user, too\n",
      );
      await secret(`${here}/empty`, "\nsecond");
      assertEquals(
        (await login(["--user", "me", "--password-file", `${here}/empty`])).error,
        `Cannot use "${here}/empty" as a password: its first line is empty, or too long\n`,
      );
      assertEquals((await login(["--user", "me", "--password-file", here])).status, EXIT.local);
      assertEquals((await login(["--user", "anonymous"])).status, EXIT.refused);
    }),
);

testWith(
  NEEDS,
  "what others can read is warned of, and a password is never printed",
  () =>
    withFolders(async (_, here) => {
      const warned = /^Warning: "[^"]+" can be read by others: chmod 600 keeps it to you\n/;
      await Deno.writeTextFile(`${here}/file`, "secret\n", { mode: 0o644 });
      await Deno.chmod(`${here}/file`, 0o644);
      const of = async (args: readonly string[], surroundings: Surroundings = {}) => {
        const { error } = await login(args, surroundings);
        assert(!error.includes("secret"), error);
        return error;
      };
      assertMatch(await of(["--user", "me", "--password-file", `${here}/file`]), warned);
      await Deno.writeTextFile(`${here}/.netrc`, "machine 127.0.0.1 login me password secret\n");
      await Deno.chmod(`${here}/.netrc`, 0o640);
      assertMatch(await of([], { variables: { HOME: here } }), warned);
      assertMatch(await of(["--user", "me:secret"]), /^Warning: a password in a command line /);
      assertMatch(
        await of(["--user", "you"], { secret: "secret" }),
        /^Password for you at 127\.0\.0\.1: \nCannot make "a": 502 /,
      );
      // It has nothing for this host: who can read it is no matter here.
      await Deno.writeTextFile(`${here}/.netrc`, "machine other login me password secret\n");
      assertMatch(await of([], { variables: { HOME: here } }), /^Cannot make "a": 502 /);
    }),
  Deno.build.os === "windows" ? "files have no mode" : undefined,
);

Deno.test("SecretLine takes keys as a terminal does", () => {
  const typed = (text: string) => {
    const line = new SecretLine();
    let result;
    for (const octet of new TextEncoder().encode(text)) {
      result = line.take(octet);
      if (result !== undefined) break;
    }
    return result;
  };
  assertEquals(typed("pass\n"), "pass");
  assertEquals(typed("pass\r"), "pass");
  assertEquals(typed("pax\x7fss\n"), "pass");
  assertEquals(typed("aü€😀\x7f\x7f\x7f\x08b\n"), "b");
  assertEquals(typed("nonsense\x15ok\n"), "ok");
  assertEquals(typed("\x7f\x7fa\n"), "a");
  assertEquals(typed("\x04"), null);
  assertEquals(typed("a\x04b\n"), "ab");
  assertEquals(typed("a"), undefined);
});
