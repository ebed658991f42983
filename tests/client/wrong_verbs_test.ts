/**
 * Verbs that are asked for what they do not do: told in one line, before anything is connected.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { SUBCOMMANDS } from "../../client/cli/verbs.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";

/** The verbs as a complaint lists them. */
const VERBS = SUBCOMMANDS.map(({ name }) => name).join(", ");

/** What only the table of verbs can tell. */
const WRONG_VERBS: readonly (readonly [readonly string[], string])[] = [
  [[], `Name a verb: ${VERBS}; --help tells more`],
  [["fetch", "a"], `Unknown verb "fetch", not one of ${VERBS}`],
  [["mkdri", "a"], `Unknown verb "mkdri", not one of ${VERBS}: did you mean mkdir?`],
  [["ftp://me:secret@h/a"], "Name a verb before the URL: get ftp://me:...@h/a, or ls"],
  [["me:secret@h"], `Unknown verb "me:...@h", not one of ${VERBS}`],
  [["get"], "get takes FILE..."],
  [["get", ""], "get takes FILE..., and no empty name"],
  [["get", "ftp://h/"], "get takes FILE..., and no empty name"],
  [["get", "/"], '"/" gives no name to the file: get takes -o NAME for it'],
  [["get", "a/.."], '"a/.." gives no name to the file: get takes -o NAME for it'],
  [["get", "a", "-"], "Standard output is -o -: get a -o -"],
  [
    ["get", "-c", "a", "-o", "-"],
    "--continue takes a file of FTP to go on with, not standard output",
  ],
  [["get", "a", "b", "-o", "c"], "-o c names one file: get takes -O DIR for 2"],
  [["get", "-nc", "a"], "--continue goes on with a file, --no-clobber touches none"],
  [
    ["get", "x/a", "y/a"],
    '"x/a" and "y/a" would both be "a" here: name them one by one, with -o NAME',
  ],
  [["put"], "put takes FILE..."],
  [["put", "-"], "Standard input has no name: put - -o NAME"],
  [["put", "-", "a"], "Standard input has no name: put - -o NAME"],
  [["put", "-", "-"], "Standard input can be put once: put - -o NAME"],
  [["put", "a", "-o", "-"], "put -o takes a name on the server; there is no -"],
  [
    ["put", "-c", "-", "-o", "a"],
    "--continue takes a file of FTP to go on with, not standard input",
  ],
  [
    ["put", "x/a", "y/a", "-O", "z"],
    '"x/a" and "y/a" would both be "a" on the server: name them one by one, with -o NAME',
  ],
  ...[["..", "-O", "z"], ["x/../", "-o", "z/"], ["a/..", "ftp://h/z/"]].map(
    (names): [string[], string] => [
      ["put", "-r", ...names],
      `"${names[0]}" gives no name to what is put: put takes -o NAME for it`,
    ],
  ),
  [["mirror", "ftp://h/"], '"." has no name of its own: mirror takes a TARGET for it'],
  [["mv", "a"], "mv takes FROM... TO"],
  [
    ["mv", "x/a", "y/a", "z"],
    '"x/a" and "y/a" would both be "a" in "z": name them one by one, with -o NAME',
  ],
  [["chmod", "+x", "a"], 'chmod takes a MODE of octal digits such as 644, not "+x"'],
  [["quote", "retr", "a"], "quote cannot send RETR: it needs a data connection"],
  [["quote", "PASS secret"], "quote cannot send PASS: log in with --user"],
  ...["CWD /pub", "cdup", "XCWD a", "xcup"].map((command): [string[], string] => [
    ["quote", command],
    `quote cannot send ${command.slice(0, 4).trim().toUpperCase()}: the shell's cd does that`,
  ]),
  [["quote", "SMNT a"], "quote cannot send SMNT: it changes what comes after it"],
  [["shell", "x"], "shell takes nothing"],
  [["completions", "csh"], 'completions takes bash, zsh, fish, not "csh"'],
  [["ls", "-c"], "--continue is a flag of get and put, not of ls"],
  [["get", "--direct", "a"], "--direct is a flag of put, not of get"],
  [["ls", "-o", "a"], "--output is a flag of get and put, not of ls"],
  [["rm", "-n", "a"], "--no-clobber is a flag of get, put and mv, not of rm"],
  [["rm", "-p", "a"], "--parents is a flag of mkdir, not of rm"],
  [["cat", "--json", "a"], "--json writes to standard output, as cat does"],
  [["--protocol", "mini", "ls"], "--protocol mini has get, put and shell, not ls"],
  [
    ["--protocol", "mini", "--user", "a:", "get", "a"],
    "--user is a flag of ftp, not of mini",
  ],
  [
    ["--protocol", "mini", "-c", "get", "a"],
    "--continue is a flag of get by ftp, not by mini",
  ],
  ...["--retries=5", "-r", "-P4", "--force"].map((flag): [string[], string] => [
    ["--protocol", "mini", "get", flag, "a"],
    `--${
      { "--retries=5": "retries", "-r": "recursive", "-P4": "parallel" }[flag] ?? "force"
    } is a flag of get by ftp, not by mini`,
  ]),
  [
    ["--protocol", "mini", "put", "-n", "a"],
    "--no-clobber is a flag of put by ftp, not by mini",
  ],
  [
    ["--protocol", "mini", "--password-file", "f", "put", "a"],
    "--password-file is a flag of ftp, not of mini",
  ],
  [["chmod", "ftp://h/a"], "chmod takes MODE PATH..."],
  [
    ["chmod", "ftp://u:secret@h/a", "ftp://h/b"],
    'chmod takes a MODE of octal digits such as 644, not "ftp://u:...@h/a"',
  ],
  [
    ["--protocol", "mini", "put", "-", "-o", "a"],
    "put takes a file by mini, not standard input",
  ],
  [["a\x1b[2J"], `Unknown verb "a\\x1b[2J", not one of ${VERBS}`],
];

for (const [args, message] of WRONG_VERBS) {
  const line = JSON.stringify(args.join(" "));
  testWith(["read"], `main refuses ${line} with status 2 and one line`, async () => {
    const console = new FakeConsole();
    assertEquals(await main(args, console), EXIT.usage);
    assertEquals([console.outputText, console.errorText], ["", `${message}\n`]);
  });
}
