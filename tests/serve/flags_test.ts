/**
 * The command line of serve: what it makes of flags, what it refuses, what --help shows.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../client/cli/flags.ts";
import { MODEL_NAMES, SELECTOR_NAMES, serveOptions } from "../../models/mod.ts";
import { helpText, parseServe, type ServeFlags } from "../../models/serve/flags.ts";
import { protocols } from "../../server/mod.ts";

function parsed(words: string): ServeFlags {
  const flags = parseServe(words === "" ? [] : words.split(" "));
  assert(flags !== "help");
  return flags;
}

Deno.test("parseServe without flags serves what serveOptions does, and lets everybody write", () => {
  const { model, options, ...rest } = parsed("");
  const everybody = { users: [], anonymous: "write" } as const;
  const settings = { ftp: { accounts: everybody }, mini: { anonymous: "write" } } as const;
  assertEquals({ ...options, root: "/srv" }, serveOptions({ root: "/srv", settings }));
  assertEquals(model, "multiplex");
  assertEquals(rest, {
    root: undefined,
    userFile: undefined,
    graceMs: 5_000,
    log: undefined,
    stats: false,
  });
});

Deno.test("parseServe in a network serves what serveOptions does, and lets users in", () => {
  const { options } = parsed("--host 0.0.0.0 --user a:b --port 21");
  const accounts = { users: [{ name: "a", password: "b", access: "write" }] } as const;
  assertEquals(
    { ...options, root: "/srv" },
    serveOptions({ root: "/srv", host: "0.0.0.0", port: 21, settings: { ftp: { accounts } } }),
  );
});

Deno.test("parseServe has defaults that depend on other flags", () => {
  const { options } = parsed("--model blocking --protocol echo");
  assertEquals([options.workers, options.port], [8, 8000]);
  assertEquals(options.admission.sessionsPerHostMax, 0);
  const open = parsed("--host 0.0.0.0 --user a:b");
  assertEquals(open.options.admission.sessionsPerHostMax, 64);
  const none = parsed("--host :: --anonymous read --max-sessions-per-host 0");
  assertEquals(none.options.admission.sessionsPerHostMax, 0);
  assertEquals(parsed("--workers 100").options.maxWorkers, 100);
  const few = parsed("--model blocking --max-workers 4").options;
  assertEquals(parsed("--workers 8 --max-workers 4").options.workers, 8);
  assertEquals([few.workers, few.maxWorkers], [4, 4]);
  assertEquals(parsed("--data-timeout 10").options.settings.ftp.limits.connectTimeoutMs, 10_000);
});

Deno.test("parseServe takes a file of users for users", () => {
  const { userFile, options } = parsed("--host 0.0.0.0 --user-file /etc/users");
  const { accounts } = options.settings.ftp;
  assertEquals([userFile, accounts.anonymous], ["/etc/users", undefined]);
  assertEquals(parsed("--user-file x").options.settings.ftp.accounts.anonymous, undefined);
});

Deno.test("parseServe takes everything that it lists", () => {
  const { options, ...rest } = parsed(
    "--model=polling --interval 0 --sqpoll 20 --turn-bytes 8192 --host [::1] --port 0 --root / --passive-ports 7000-7000 " +
      "--login-delay 0 --login-timeout 1.5 --max-sessions 2 --max-sessions-per-host 1 " +
      "--max-logins-failed-per-minute 0 --idle-timeout 2 --partial-days 0 --download a/./b/ " +
      "--upload /c --grace 0 --disk-delay 2.5/3 --log json --stats --user a:b:c --user d: " +
      "--anonymous read",
  );
  assertEquals([options.host, options.port, options.intervalMs], ["::1", 0, 0]);
  assertEquals([options.sqpollIdleMs, options.turnBytes], [20, 8_192]);
  assertEquals([options.passivePorts, options.diskDelay], [[7000, 7000], { ms: 2.5, every: 3 }]);
  const { ftp: { accounts, limits }, mini, echo, hello, chat } = options.settings;
  assertEquals(accounts.users.map(({ name, password }) => [name, password]), [
    ["a", "b:c"],
    ["d", ""],
  ]);
  assertEquals([accounts.anonymous, limits.loginDelayMs, limits.loginTimeoutMs], [
    "read",
    0,
    1_500,
  ]);
  for (const { idleTimeoutMs } of [limits, mini, echo, hello, chat]) {
    assertEquals(idleTimeoutMs, 2_000);
  }
  assertEquals([mini.downloadPath, mini.uploadPath, mini.anonymous], ["/a/b", "/c", "read"]);
  assertEquals(options.admission, {
    sessionsMax: 2,
    sessionsPerHostMax: 1,
    failedLoginsPerMinuteMax: 0,
  });
  assertEquals([options.partialDays, rest.graceMs], [0, 0]);
  assertEquals([rest.root, rest.log, rest.stats], ["/", "json", true]);
});

Deno.test("parseServe answers --help whatever stands beside it", () => {
  for (const words of ["--help", "-h", "--port x --help", "--bogus --help", "folder -h"]) {
    assertEquals(parseServe(words.split(" ")), "help", words);
  }
});

/** That a flag takes one of `names`, and not what was given. */
function takes(flag: string, names: Iterable<string>, given: string): RegExp {
  return new RegExp(`--${flag} takes ${[...names].join(", ")}, not "${given}"`);
}

/** Wrong command lines, and what the one line about each must say. */
const WRONG: readonly (readonly [args: string, says: RegExp])[] = [
  ["--model epoll", takes("model", MODEL_NAMES, "epoll")],
  ["--model", /--model takes/],
  ["--protocol http", takes("protocol", protocols.keys(), "http")],
  ["--fd-set 63", /--fd-set takes a whole number from 64 to 1048576, not "63"/],
  ["--selector kqueue", takes("selector", SELECTOR_NAMES, "kqueue")],
  ["--trigger both", /--trigger takes level, edge, not "both"/],
  ["--turn-bytes 5e6", /--turn-bytes takes a whole number from 4096 to 4194304, not "5e6"/],
  ["--sqpoll 0", /--sqpoll takes a whole number from 1 to 60000, not "0"/],
  ["--interval -1", /--interval takes milliseconds/],
  ["--interval=-1", /--interval takes milliseconds .*not "-1"/],
  ["--interval fast", /--interval takes milliseconds .*not "fast"/],
  ["--workers 0", /--workers takes a whole number from 1 to \d+, not "0"/],
  ["--workers 1.5", /--workers takes .*not "1.5"/],
  ["--workers 1e9", /--workers takes .*not "1e9"/],
  ["--max-workers none", /--max-workers takes .*not "none"/],
  ["--model blocking --workers 8 --max-workers 4", /^--workers 8 is more than --max-workers 4$/],
  ["--host example.org", /--host takes a numeric address, not "example.org"/],
  ["--host 1.2.3.400", /--host takes/],
  ["--port 65536", /--port takes a whole number from 0 to 65535, not "65536"/],
  ["--port ftp", /--port takes/],
  ["--port=", /--port takes/],
  ["--root=", /--root takes/],
  ["--user nobody", /--user takes NAME:PASSWORD/],
  ["--user :secret", /--user takes NAME:PASSWORD/],
  ["--anonymous maybe", /--anonymous takes off, read, write, not "maybe"/],
  ["--anonymous off", /--user.*--anonymous/],
  ["--host 0.0.0.0", /--user.*--anonymous/],
  ["--protocol mini --host 0.0.0.0", /^Nobody would be let in: give --anonymous read$/],
  ["--protocol mini --anonymous off", /^Nobody would be let in: give --anonymous read$/],
  ["--protocol mini --user a:hunter2", /^Users are for ftp: mini has no login$/],
  ["--protocol echo --user-file x", /^Users are for ftp: echo has no login$/],
  ["--user-file=", /--user-file takes FILE/],
  ["--passive-ports 70000-80000", /--passive-ports takes .*not "70000-80000"/],
  ["--passive-ports 200-100", /--passive-ports takes/],
  ["--passive-ports 5000", /--passive-ports takes/],
  ["--login-delay soon", /--login-delay takes seconds/],
  ["--login-delay 11", /--login-delay takes seconds from 0 to 10, not "11"/],
  ["--data-timeout 1e300", /--data-timeout takes seconds/],
  ["--grace x", /--grace takes seconds/],
  ["--download ../up", /--download takes a folder below the root/],
  ["--upload a/../../b", /--upload takes a folder below the root/],
  ["--disk-delay 5", /--disk-delay takes MS\/N.*not "5"/],
  ["--disk-delay 5/0", /--disk-delay takes/],
  ["--disk-delay=-5/2", /--disk-delay takes/],
  ["--disk-delay 1e3/2", /--disk-delay takes/],
  ["--disk-delay 99999/2", /--disk-delay takes/],
  ["--unknown", /^Unknown flag "--unknown": serve --help lists the flags$/],
  ["--prot 1", /"--prot": did you mean --protocol\?/],
  ["-x", /"-x"/],
  ["folder", /"folder"/],
  ["--user hunter2", /^--user takes NAME:PASSWORD$/],
  ["--login-timeout 0", /--login-timeout takes seconds over 0, up to 86400, not "0"/],
  ["--idle-timeout 0", /--idle-timeout takes seconds over 0, up to 86400, not "0"/],
  ["--data-timeout 0", /--data-timeout takes seconds over 0, up to 86400, not "0"/],
  ["--max-sessions 0", /--max-sessions takes a whole number from 1 to \d+, not "0"/],
  ["--max-sessions-per-host -1", /--max-sessions-per-host takes .*not "-1"/],
  ["--max-logins-failed-per-minute many", /--max-logins-failed-per-minute takes .*not "many"/],
  ["--partial-days=-1", /--partial-days takes days from 0 to \d+, not "-1"/],
  ["--log loud", /--log takes off, text, json, not "loud"/],
  ["--stats=much", /--stats takes no value/],
  ["-- folder", /"folder"/],
  ["name:secret", /"name:..."/],
];

for (const [args, says] of WRONG) {
  Deno.test(`parseServe refuses ${args} in one line`, () => {
    const { message } = assertThrows(() => parseServe(args.split(" ")), UsageError);
    assertMatch(message, says);
    assert(!/\n|secret|hunter/.test(message), message);
  });
}

Deno.test("helpText lists every flag with its default, and keeps to the terminal's width", () => {
  for (const columns of [200, 80, 60, 40]) {
    const text = helpText(columns);
    for (const line of text.split("\n")) assert(line.length <= Math.min(80, columns), line);
    assertMatch(text, /^Usage: deno task serve \[FLAGS\]\n/);
    assertMatch(
      text,
      /^ {2}--model NAME\s+blocking,\s+polling,\s+multiplex,\s+async,\s+uring\s+\(multiplex\)$/m,
    );
    assertMatch(text, /^ {2}--help\s+prints this$/m);
  }
});
