/**
 * The client's command line before anything is connected: what it reads, what it refuses.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { GRAMMAR, parseArguments, type Request } from "../../client/cli/arguments.ts";
import { UsageError } from "../../client/cli/flags.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { SUBCOMMANDS } from "../../client/cli/verbs.ts";
import { FakeConsole } from "./fake_console.ts";

function request(...args: string[]): Request {
  const parsed = parseArguments(args);
  assert(parsed !== "help");
  return parsed;
}

Deno.test("parseArguments has defaults for everything", () => {
  assertEquals(request("get", "a.avi"), {
    verb: "get",
    operands: ["a.avi"],
    protocol: "ftp",
    host: "127.0.0.1",
    port: 2121,
    options: new Set<never>(),
  });
});

Deno.test("parseArguments takes flags on both sides of the verb, with = and without", () => {
  const words = "--host ::1 --port=21 get -cq a --user me:a:b --timeout 1.5 b";
  assertEquals(request(...words.split(" ")), {
    verb: "get",
    operands: ["a", "b"],
    protocol: "ftp",
    host: "::1",
    port: 21,
    user: "me",
    password: "a:b",
    timeoutMs: 1500,
    options: new Set(["continue", "quiet"] as const),
  });
});

Deno.test("parseArguments has mini's own port", () => {
  assertEquals(request("--protocol", "mini", "get", "a").port, 8000);
  assertEquals(request("--protocol", "mini", "--port", "9", "get", "a").port, 9);
});

Deno.test("parseArguments takes names as they are typed", () => {
  assertEquals(request("get", "0012", "-").operands, ["0012", "-"]);
  assertEquals(request("get", "1e3", "true").operands, ["1e3", "true"]);
  assertEquals(request("get", "-q", "true").operands, ["true"]);
  assertEquals(request("get", "--quiet", "false", "-c").operands, ["false"]);
  assertEquals(request("--", "get", "-c", "--port").operands, ["-c", "--port"]);
});

Deno.test("parseArguments takes a user without a password", () => {
  const { user, password } = request("--user", "me", "ls");
  assertEquals([user, password], ["me", ""]);
});

/** A command line and its one line of complaint. */
const WRONG: readonly (readonly [readonly string[], string])[] = [
  [["--port", "x", "ls"], '--port takes a whole number from 1 to 65535, not "x"'],
  [["--port", "0", "ls"], '--port takes a whole number from 1 to 65535, not "0"'],
  [["--port", "65536", "ls"], '--port takes a whole number from 1 to 65535, not "65536"'],
  [["ls", "--port"], "--port takes a whole number from 1 to 65535"],
  [["--port", "--quiet", "ls"], "--port takes a whole number from 1 to 65535"],
  [["--host=", "ls"], "--host takes a name or an address"],
  [["--protocol", "ssh", "ls"], '--protocol takes ftp, mini, not "ssh"'],
  [["--user", ":secret", "ls"], "--user takes NAME:PASSWORD"],
  [
    ["--timeuot", "0", "ls"],
    'Unknown flag "--timeuot": did you mean --timeout? client --help lists the flags',
  ],
  [
    ["--user:me:secret", "ls"],
    'Unknown flag "--user:...": client --help lists the flags',
  ],
  [["--quiet=much", "get", "a"], "--quiet takes no value"],
  [["--timeout", "-1", "ls"], '--timeout takes seconds over 0, up to 86400, not "-1"'],
  [["--timeout", "0", "ls"], '--timeout takes seconds over 0, up to 86400, not "0"'],
  [["--timeout=-1", "ls"], '--timeout takes seconds over 0, up to 86400, not "-1"'],
  [
    ["--timeout", "soon", "ls"],
    '--timeout takes seconds over 0, up to 86400, not "soon"',
  ],
  [
    ["--prot", "1", "ls"],
    'Unknown flag "--prot": did you mean --protocol? client --help lists the flags',
  ],
  [["-x", "ls"], 'Unknown flag "-x": client --help lists the flags'],
  [["--colour=always", "ls"], 'Unknown flag "--colour": client --help lists the flags'],
];

for (const [args, message] of WRONG) {
  Deno.test(`parseArguments refuses ${args.join(" ")}`, () => {
    assertEquals(assertThrows(() => parseArguments(args), UsageError).message, message);
  });
}

/** What only the table of verbs can tell. */
const WRONG_VERBS: readonly (readonly [readonly string[], string])[] = [
  [[], "Name a verb: get, put, ls, cat, mkdir, rm, mv, stat; --help tells more"],
  [["fetch", "a"], 'Unknown verb "fetch", not one of get, put, ls, cat, mkdir, rm, mv, stat'],
  [
    ["mkdri", "a"],
    'Unknown verb "mkdri", not one of get, put, ls, cat, mkdir, rm, mv, stat: did you mean mkdir?',
  ],
  [["get"], "get takes REMOTE [LOCAL]"],
  [["get", "a", "b", "c"], "get takes REMOTE [LOCAL]"],
  [["get", ""], "get takes REMOTE [LOCAL], and no empty name"],
  [["get", "/"], 'get takes a LOCAL name too for "/"'],
  [["get", "a/.."], 'get takes a LOCAL name too for "a/.."'],
  [["get", "-c", "a", "-"], "--continue takes a file of FTP to go on with, not standard output"],
  [["put"], "put takes LOCAL [REMOTE]"],
  [["put", "-"], "put takes a REMOTE name too for standard input"],
  [["put", "-c", "-", "a"], "--continue takes a file of FTP to go on with, not standard input"],
  [["mv", "a"], "mv takes FROM TO"],
  [["mv", "a", "b", "c"], "mv takes FROM TO"],
  [["ls", "a", "b"], "ls takes [PATH]"],
  [["ls", "-c"], "--continue is a flag of get and put, not of ls"],
  [["rm", "-p", "a"], "--parents is a flag of mkdir, not of rm"],
  [["cat", "-q", "a"], "--quiet is a flag of get and put, not of cat"],
  [["--protocol", "mini", "ls"], "--protocol mini has get and put, not ls"],
  [
    ["--protocol", "mini", "--user", "a:b", "get", "a"],
    "--user is a flag of ftp, mini has no users",
  ],
  [
    ["--protocol", "mini", "-c", "get", "a"],
    "--continue takes a file of FTP to go on with, not mini",
  ],
  [["--protocol", "mini", "put", "-", "a"], "put takes a file by mini, not standard input"],
  [["a\x1b[2J"], 'Unknown verb "a\\x1b[2J", not one of get, put, ls, cat, mkdir, rm, mv, stat'],
];

for (const [args, message] of WRONG_VERBS) {
  Deno.test(`main refuses ${JSON.stringify(args.join(" "))} with status 2 and one line`, async () => {
    const console = new FakeConsole();
    assertEquals(await main(args, console), EXIT.usage);
    assertEquals([console.outputText, console.errorText], ["", `${message}\n`]);
  });
}

for (const args of [["--help"], ["-h"], ["get", "--help"], ["--port", "x", "--bogus", "--help"]]) {
  Deno.test(`main ${args.join(" ")} names every verb, flag and exit status`, async () => {
    const console = new FakeConsole();
    assertEquals(await main(args, console), EXIT.ok);
    assertEquals(console.errorText, "");
    const text = console.outputText;
    for (const { name, operands } of SUBCOMMANDS) {
      assertStringIncludes(text, `  ${name} ${operands} `);
    }
    for (const name of Object.keys(GRAMMAR.flags)) assertStringIncludes(text, `--${name}`);
    for (const status of Object.values(EXIT)) assertStringIncludes(text, `  ${status} `);
    for (const line of text.split("\n")) assertEquals(line.length <= 80, true, line);
  });
}
