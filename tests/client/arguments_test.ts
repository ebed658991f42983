/**
 * The client's command line before anything is connected: what it reads, what it refuses.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { GRAMMAR, isQuestion, parseArguments, type Request } from "../../client/cli/arguments.ts";
import { UsageError } from "../../client/cli/flags.ts";
import { EXIT_TEXTS } from "../../client/cli/exit.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { findVerb } from "../../client/cli/run.ts";
import { SUBCOMMANDS } from "../../client/cli/verbs.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";

function request(...args: string[]): Request {
  const parsed = parseArguments(args);
  assert(!isQuestion(parsed));
  return parsed;
}

/** What a command line of nothing but a verb and operands is. */
function plain(verb: string, ...operands: string[]): Request {
  return {
    verb,
    operands,
    protocol: "ftp",
    host: "127.0.0.1",
    port: 2121,
    active: false,
    escapes: false,
    include: [],
    exclude: [],
    parallel: 2,
    options: new Set(),
    valued: new Set(),
    warnings: [],
    telling: { quiet: false, verbose: false, trace: false, json: false },
  };
}

Deno.test("parseArguments has defaults for everything", () => {
  assertEquals(request("get", "a.avi"), plain("get", "a.avi"));
});

Deno.test("parseArguments takes flags on both sides of the verb, with = and without", () => {
  const words = "--host ::1 --port=21 get -cq a --user me --timeout 1.5 b -o name --output-dir=d";
  assertEquals(request(...words.split(" ")), {
    ...plain("get", "a", "b"),
    host: "::1",
    port: 21,
    user: "me",
    timeoutMs: 1500,
    output: "name",
    outputDirectory: "d",
    options: new Set(["continue"] as const),
    valued: new Set(["output", "output-dir"] as const),
    telling: { quiet: true, verbose: false, trace: false, json: false },
  });
});

Deno.test("parseArguments takes the value of a letter as getopt does", () => {
  for (const words of ["-o b", "-ob", "-co b", "-cob", "--output b", "--output=b"]) {
    assertEquals(request("get", ...words.split(" "), "a").output, "b");
  }
  assertEquals(request("get", "a", "-o", "-").output, "-");
  assertEquals(request("get", "a", "-o-").output, "-");
});

Deno.test("parseArguments takes a port behind the host", () => {
  const place = (...args: string[]) => {
    const { host, port } = request(...args, "ls");
    return [host, port];
  };
  assertEquals(place("--host", "h:2122"), ["h", 2122]);
  assertEquals(place("--host", "[::1]:2122"), ["::1", 2122]);
  assertEquals(place("--host", "[::1]", "--port", "9"), ["::1", 9]);
  assertEquals(place("--host", "::1"), ["::1", 2121]);
});

Deno.test("parseArguments looks for a server of this machine where serve listens", () => {
  const port = (...args: string[]) => request(...args, "ls").port;
  assertEquals(port(), 2121);
  for (const host of ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LOCALHOST"]) {
    assertEquals(port("--host", host), 2121, host);
  }
  for (const host of ["h", "192.0.2.1", "2001:db8::1", "127.example.org", "localhost.example"]) {
    assertEquals(port("--host", host), 21, host);
    assertEquals(port("--host", host, "--tls", "explicit"), 21, host);
    assertEquals(port("--host", host, "--tls", "implicit"), 990, host);
  }
});

Deno.test("parseArguments reads how often and how fast", () => {
  const rate = (text: string) => request("get", "--limit-rate", text, "a").limitRate;
  assertEquals(["1", "500k", "1.5M", "2g"].map(rate), [1, 512_000, 1_572_864, 2_147_483_648]);
  assertEquals(request("--retries", "0", "get", "a").retries, 0);
});

Deno.test("parseArguments has mini's own port", () => {
  assertEquals(request("--protocol", "mini", "get", "a").port, 8000);
  assertEquals(request("--protocol", "mini", "--port", "9", "get", "a").port, 9);
  assertEquals(request("--protocol", "mini", "--host", "h", "get", "a").port, 8000);
});

Deno.test("parseArguments takes names as they are typed", () => {
  assertEquals(request("get", "0012", "-").operands, ["0012", "-"]);
  assertEquals(request("get", "1e3", "true").operands, ["1e3", "true"]);
  assertEquals(request("get", "-q", "true").operands, ["true"]);
  assertEquals(request("get", "--quiet", "false", "-c").operands, ["false"]);
  assertEquals(request("--", "get", "-c", "--port").operands, ["-c", "--port"]);
});

Deno.test("parseArguments gives ls and rm the letters that people know", () => {
  assertEquals(
    request("ls", "-lahSRr1td").options,
    new Set(
      [
        ...["recursive", "long", "human", "one", "all"],
        ...["directory", "by-time", "by-size", "reverse"],
      ] as const,
    ),
  );
  assertEquals(request("rm", "-R", "a").options, new Set(["recursive"] as const));
  assertEquals(request("rm", "-r", "a").options, new Set(["recursive"] as const));
  assertEquals(request("rm", "-rf", "a"), {
    ...plain("rm", "a"),
    options: new Set(["force", "recursive"] as const),
  });
  assertEquals(parseArguments(["get", "-h"]), { asks: "help", verb: "get" });
  assertEquals(parseArguments(["-h"]), { asks: "help", verb: "" });
});

Deno.test("parseArguments gives a verb its letters before it, too", () => {
  const options = (...args: string[]) => [...request(...args).options];
  assertEquals(options("-R", "mirror", "a", "b"), ["reverse"]);
  assertEquals(options("-e", "mirror", "a"), ["delete"]);
  assertEquals(options("-qR", "ls"), ["recursive"]);
  assertEquals(options("-lh", "ls"), ["long", "human"]);
  assertEquals(options("-r", "ls"), ["reverse"]);
  assertEquals(options("-r", "rm", "a"), ["recursive"]);
  assertEquals(options("-rf", "rm", "a"), ["force", "recursive"]);
  for (const args of [["-f", "lines"], ["-f", "lines", "shell"], ["shell", "-f", "lines"]]) {
    assertEquals(request(...args).script, "lines");
  }
  assertEquals(parseArguments(["-h", "get"]), { asks: "help", verb: "get" });
  assertThrows(() => parseArguments(["-R", "get", "a"]), UsageError, 'Unknown flag "-R"');
});

Deno.test("parseArguments takes a password in the command line, and warns of it", () => {
  const { user, password, warnings } = request("--user", "me:a:b", "ls");
  assertEquals([user, password, warnings.length], ["me", "a:b", 1]);
  assert(!warnings[0]!.includes("a:b"));
  assertEquals(request("--user", "me:", "ls").warnings, []);
  assertEquals(request("--user", "me:", "ls").password, "");
  assertEquals(request("--user", "me", "ls").password, undefined);
  assertEquals(request("ls", "ftp://me:secret@h/").warnings.length, 1);
});

Deno.test("parseArguments takes URLs in the place of paths", () => {
  const { warnings: _, ...parsed } = request("get", "ftp://me@h:2121/a/b%20c", "ftp://me@H:2121/d");
  assertEquals(parsed, {
    ...without(plain("get", "a/b c", "d"), "warnings"),
    host: "h",
    user: "me",
  });
  assertEquals(request("ls", "ftp://h").operands, [""]);
  assertEquals([request("ls", "ftp://h/x/").port, request("ls", "FTP://h/x/").host], [21, "h"]);
  assertEquals(request("--user", "me", "ls", "ftp://h/").user, "me");
  assertEquals(request("ls", "ftp://h//etc;type=d").operands, ["/etc"]);
  const { operands, host } = request("chmod", "644", "ftp://h/a%20b", "ftp://h/c");
  assertEquals([operands, host], [["644", "a b", "c"], "h"]);
});

function without<T extends object, Name extends keyof T>(value: T, name: Name): Omit<T, Name> {
  const { [name]: _, ...rest } = value;
  return rest;
}

Deno.test("parseArguments takes TLS by a flag or by a URL", () => {
  const tls = (...args: string[]) => {
    const { tls, port } = request(...args);
    return [tls?.mode, port];
  };
  assertEquals(tls("--tls", "explicit", "ls"), ["explicit", 2121]);
  assertEquals(tls("--tls", "implicit", "ls"), ["implicit", 990]);
  assertEquals(tls("--tls", "implicit", "--host", "h:21", "ls"), ["implicit", 21]);
  assertEquals(tls("--tls", "explicit", "ls", "ftp://h/"), ["explicit", 21]);
  assertEquals(tls("ls", "ftps://h/"), ["implicit", 990]);
  assertEquals(tls("ls", "ftps://h:2990/"), ["implicit", 2990]);
  assertEquals(request("--cacert", "a", "ls", "ftps://h/").tls, {
    mode: "implicit",
    caFile: "a",
    insecure: false,
  });
  const { tls: insecure, warnings } = request("--tls=explicit", "--insecure", "ls");
  assertEquals([insecure?.insecure, warnings.length], [true, 1]);
  assertEquals(request("--active", "ls").active, true);
});

Deno.test("parseArguments takes a URL on the server's side of mirror", () => {
  const names = (...args: string[]) => {
    const { operands, host, port } = request("mirror", ...args);
    return [operands, host, port];
  };
  assertEquals(names("ftp://h/films", "here"), [["films", "here"], "h", 21]);
  assertEquals(names("ftp://h/films"), [["films"], "h", 21]);
  assertEquals(names("-R", "here", "ftp://h/films"), [["here", "films"], "h", 21]);
  assertEquals(names("-R", "here", "ftp://h"), [["here", "."], "h", 21]);
  assertEquals(names("-R", "here", "ftp://h/"), [["here", "./"], "h", 21]);
  assertEquals(names("-R", "here", "ftp://h/;type=d"), [["here", "./"], "h", 21]);
  assertEquals(names("ftp://h/", "here"), [[".", "here"], "h", 21]);
});

Deno.test("parseArguments reads escapes in names on the server, and in no others", () => {
  const escaped = (...args: string[]) => {
    const { operands, output } = request("--escapes", ...args);
    return [operands, output];
  };
  const [typed, meant] = ["caf\\xe9", "caf\udce9"];
  assertEquals(escaped("rm", typed, typed), [[meant, meant], undefined]);
  assertEquals(escaped("get", typed, "-o", "a\\x"), [[meant], "a\\x"]);
  assertEquals(escaped("put", "a\\x", "-o", typed), [["a\\x"], meant]);
  assertEquals(escaped("mirror", typed, "a\\x"), [[meant, "a\\x"], undefined]);
  assertEquals(escaped("mirror", "-R", "a\\x", typed), [["a\\x", meant], undefined]);
  assertEquals(escaped("mirror", "-R", "a\\x"), [["a\\x"], undefined]);
});

Deno.test("parseArguments takes a URL as where put writes to", () => {
  const names = (...args: string[]) => {
    const { operands, output, outputDirectory, host, port } = request("put", ...args);
    return [operands, output, outputDirectory, host, port];
  };
  assertEquals(names("a", "b", "ftp://h/dir/"), [["a", "b"], undefined, "dir/", "h", 21]);
  assertEquals(names("a", "ftp://h"), [["a"], undefined, "", "h", 21]);
  assertEquals(names("a", "ftp://h/b"), [["a"], "b", undefined, "h", 21]);
  assertEquals(names("a", "-o", "ftp://h/b"), [["a"], "b", undefined, "h", 21]);
  assertEquals(names("a", "-O", "ftp://h/b"), [["a"], undefined, "b", "h", 21]);
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
  [["--host", "h:x", "ls"], '--host takes a name or an address, and a port, not "h:x"'],
  [["--host", "me:secret@h", "ls"], "--host takes no user: that is --user NAME"],
  [["--host", "h:1", "--port", "2", "ls"], "--host and --port name two ports"],
  [["--user", ":secret", "ls"], "--user takes NAME"],
  [["--user", "me\nDELE a", "ls"], "--user takes NAME"],
  [["--user", "me:secret\r", "ls"], "--user takes NAME"],
  [["--host", "h", "ls", "ftp://h/"], "--host and a URL name two places"],
  [["--user", "a", "ls", "ftp://b@h/"], "--user and the URL name two users"],
  [
    ["rm", "ftp://h/a", "ftp://me:secret@i/b"],
    "One command talks to one server, not to ftp://h:21 and ftp://me@i:21",
  ],
  [
    ["get", "ftp://h/a", "b"],
    '"b" stands beside a URL: give all paths as URLs; another name for the file is -o "b"',
  ],
  [["get", "a", "-o", "ftp://h/a"], "get writes to a file here, not to a URL"],
  ...[["films", "ftp://h/films"], ["--delete", "films", "ftp://h/"]].map((names) =>
    [["mirror", ...names], "mirror to a URL takes -R: mirror -R FOLDER URL"] as const
  ),
  ...[["ftp://h/pub"], ["ftp://h/pub", "here"]].map((names) =>
    [["mirror", "-R", ...names], "mirror -R takes a folder of this machine, then the URL"] as const
  ),
  [["mirror", "ftp://h/a", "ftp://h/b"], "mirror takes one URL, and a folder of this machine"],
  [
    ["put", "ftp://h/a", "b"],
    "put takes files of this machine, and one URL as where they go to",
  ],
  [["ls", "http://h/a"], 'Cannot use "http://h/a": only ftp:// and ftps:// are spoken here'],
  [["--cacert", "a", "ls"], "--cacert is about TLS: give --tls or ftps://, too"],
  [["--insecure", "ls", "ftp://h/"], "--insecure is about TLS: give --tls or ftps://, too"],
  [
    ["--tls", "explicit", "ls", "ftps://h/"],
    "ftps:// is implicit TLS: explicit TLS is --tls explicit with ftp://",
  ],
  [["--protocol", "mini", "--tls", "explicit", "get", "a"], "--protocol mini has no TLS"],
  [["--protocol", "mini", "--active", "get", "a"], "--active is a flag of ftp, not of mini"],
  [["get", "ftp://h/a;type=a"], "Files are moved as they are: leave ;type=a out"],
  [["get", "ftp://h/a;type=d"], "get takes a file: ;type=d is for ls"],
  [
    ["--protocol", "mini", "get", "ftp://h/a"],
    "--protocol mini has no URLs: give --host and a name",
  ],
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
  ...["0", "-1", "fast", "1kk", "0.1", "1e9", "k"].map((rate) =>
    [
      ["get", `--limit-rate=${rate}`, "a"],
      `--limit-rate takes octets per second, with k, m or g behind them or not, not "${rate}"`,
    ] as const
  ),
  [
    ["get", "--limit-rate"],
    "--limit-rate takes octets per second, with k, m or g behind them or not",
  ],
  [["get", "--retries", "x"], '--retries takes a whole number from 0 to 1000, not "x"'],
  [
    ["--password", "x", "ls"],
    'Unknown flag "--password": did you mean --password-file? client --help lists the flags',
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

for (const args of [["--help"], ["-h"], ["--port", "x", "--bogus", "--help"]]) {
  testWith(["read"], `main ${args.join(" ")} names every verb, flag and exit status`, async () => {
    const console = new FakeConsole();
    assertEquals(await main(args, console), EXIT.ok);
    assertEquals(console.errorText, "");
    const text = console.outputText;
    for (const { name, operands } of SUBCOMMANDS) {
      assertStringIncludes(text, `  ${name} ${operands} `);
    }
    for (const name of Object.keys(GRAMMAR.flags)) assertStringIncludes(text, `--${name}`);
    for (const status of Object.values(EXIT)) assertStringIncludes(text, `  ${status} `);
    assert(!text.includes("NAME:PASSWORD"), "no password is shown where it does not belong");
    for (const line of text.split("\n")) assertEquals(line.length <= 80, true, line);
  });
}

for (const verb of SUBCOMMANDS) {
  testWith(["read"], `main ${verb.name} --help has its flags and examples`, async () => {
    const console = new FakeConsole();
    assertEquals(await main([verb.name, "--help"], console), EXIT.ok);
    const text = console.outputText;
    assertStringIncludes(text, `${`${verb.name} ${verb.operands}`.trimEnd()}\n`);
    assert(!/ $/m.test(text), "no line ends in a blank");
    for (const flag of verb.flags) assertStringIncludes(text, `--${flag}`);
    for (const example of verb.examples) assertStringIncludes(text, example);
    assert(!/client .*client /.test(text), "an example names the client once");
    for (const line of text.split("\n")) assertEquals(line.length <= 80, true, line);
  });

  testWith(["read"], `${verb.name}'s examples are command lines`, () => {
    for (const example of verb.examples) {
      const line = example.replace(/^.* \| client /, "").replace(/ [|>] .*$/, "");
      findVerb(request(...line.split(" ")));
    }
  });
}

testWith(["read"], "main --version is the version of deno.json", async () => {
  const console = new FakeConsole();
  assertEquals(await main(["--version"], console), EXIT.ok);
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  assertEquals(console.outputText, `ftplab ${version} (deno ${Deno.version.deno})\n`);
});

testWith(["read"], "README has the exit statuses of --help", async () => {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const rows = text.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm);
  assertEquals(
    [...rows].map(([, status, meaning]) => [status, meaning]),
    [...EXIT_TEXTS].map(([status, meaning]) => [status, meaning]),
  );
});
