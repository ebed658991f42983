/**
 * The shell on a real terminal: prompt, editing, completion, history, Ctrl-C, sizes, its end.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { testWith } from "../../permission.ts";
import { noTerminal, Terminal, TERMINAL_NEEDS } from "../../tmux.ts";
import { type Script, ScriptedServer } from "../scripted_server.ts";
import { octets, ours, withFolders, WRITER } from "../stage.ts";

const ROOT = new URL("../../../", import.meta.url);
const CONFIG = fromFileUrl(new URL("deno.json", ROOT));
const MAIN = fromFileUrl(new URL("main.ts", ROOT));

/**
 * Opens a shell on a terminal, with the permissions of the task. A shell of the system's shows the
 * status and the terminal that it leaves behind: tmux loses the status of some programs.
 */
function openShell(port: number, here: string, columns: number): Promise<Terminal> {
  const begin = 'echo $$ > pid; exec "$@"';
  return Terminal.open({
    columns,
    rows: 40,
    cwd: here,
    env: { HOME: here, XDG_STATE_HOME: `${here}/state`, DENO_NO_UPDATE_CHECK: "1" },
    command: [
      "sh",
      "-c",
      // It survives Ctrl-C, and hands it on.
      `trap : INT; sh -c '${begin}' sh "$@"; echo "status $?"; stty -a`,
      "sh",
      Deno.execPath(),
      "run",
      "--no-check",
      `--config=${CONFIG}`,
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env=HOME,TERM,XDG_STATE_HOME",
      MAIN,
      "client",
      "--port",
      `${port}`,
    ],
  });
}

/** Waits for the end of the shell, which leaves the terminal as it was. */
async function ended(terminal: Terminal, status: number): Promise<void> {
  const screen = await terminal.waitFor(/status \d+\n[^]*\bechoke\b/m);
  assertMatch(screen, new RegExp(`status ${status}$`, "m"));
  assert(!/-(?:icanon|isig|echo|opost)\b/.test(screen), screen);
}

/** A test with a server of ours and a shell on a terminal. */
function onTerminal(
  name: string,
  columns: number,
  body: (terminal: Terminal, root: string, here: string) => Promise<void>,
): void {
  testWith(TERMINAL_NEEDS, name, () =>
    withFolders(async (root, here) => {
      const server = await ours.start(root, { anonymous: "write" });
      try {
        await using terminal = await openShell(server.endpoint.port, here, columns);
        await terminal.waitFor(/^Connected to .*\n(.*\n)?>>>$/m);
        await body(terminal, root, here);
      } finally {
        await server.stop(0);
      }
    }), noTerminal());
}

onTerminal("a shell puts and gets, completes and remembers", 60, async (terminal, root, here) => {
  await Deno.writeFile(`${here}/first.avi`, octets(300_000));
  await terminal.type("put fi");
  await terminal.press("Tab");
  await terminal.waitFor(/^>>> put first\.avi$/m);
  await terminal.press("Enter");
  await terminal.waitFor(/^first\.avi: 293\.0 KiB in .*\n>>>$/m);
  assertEquals(await Deno.readFile(`${root}/first.avi`), octets(300_000));

  // A name on the server, with a space in it, and one that goes on.
  await Deno.writeFile(`${root}/second film.avi`, octets(300_000));
  await terminal.type("get s");
  await terminal.press("Tab");
  await terminal.waitFor(/^>>> get second\\ film\.avi$/m);
  await terminal.press("Enter");
  await terminal.waitFor(/^second film\.avi: 293\.0 KiB in .*\n>>>$/m);
  assertEquals(await Deno.readFile(`${here}/second film.avi`), octets(300_000));

  // Two that begin alike are shown at the second Tab.
  await terminal.type("rm ");
  await terminal.press("Tab");
  await terminal.press("Tab");
  await terminal.waitFor(/^first\.avi\s+second\\ film\.avi\n/m);
  await terminal.press("C-c");
  await terminal.waitFor(/^>>> rm \^C\n>>>$/m);

  await terminal.press("Up");
  await terminal.waitFor(/^>>> get second\\ film\.avi$/m);
  await terminal.press("Up");
  await terminal.waitFor(/\n>>> put first\.avi$/);
  await terminal.press("C-u");
  await terminal.type("exit");
  await terminal.press("Enter");
  await ended(terminal, 0);
  assertEquals(
    await Deno.readTextFile(`${here}/state/ftplab/history`),
    "put first.avi \nget second\\ film.avi \nexit\n",
  );
});

onTerminal("a shell edits long and wide lines, at any size", 80, async (terminal, root) => {
  await Deno.mkdir(`${root}/電影`);
  await terminal.type("cd 電影x");
  await terminal.press("BSpace", "Home", "Right", "Right", "Right");
  await terminal.type('"');
  await terminal.press("End");
  await terminal.type('"');
  await terminal.waitFor(/^>>> cd "電影"$/m);
  await terminal.press("Enter");
  await terminal.type("pwd");
  await terminal.press("Enter");
  await terminal.waitFor(/^\/電影$/m);

  await terminal.resize(40, 40);
  const name = "0123456789".repeat(6);
  await terminal.type(`mkdir ${name}`);
  await terminal.waitFor(/^>>> mkdir 012345678901234567890123456789$\n^0123456789/m);
  await terminal.resize(80, 40);
  await terminal.press("Left", "BSpace");
  await terminal.press("Enter");
  await terminal.type("ls");
  await terminal.press("Enter");
  await terminal.waitFor((screen) => screen.endsWith(`\n${name.slice(0, -2)}9\n>>>`));
  await terminal.press("C-d");
  await ended(terminal, 0);
});

onTerminal("what is pasted is performed line by line", 60, async (terminal, root) => {
  await terminal.type("mkdir a\rmkdir b\rcd b\rpwd\r");
  const screen = await terminal.waitFor(/^\/b\n>>>$/m);
  assertMatch(screen, /^>>> mkdir a\n>>> mkdir b\n>>> cd b\n>>> pwd\n\/b\n>>>$/m);
  assert((await Deno.stat(`${root}/b`)).isDirectory);
  await terminal.press("C-d");
  await ended(terminal, 0);
});

onTerminal("a password is asked for and not shown", 80, async (terminal, root) => {
  const { user, password } = WRITER;
  await Deno.mkdir(`${root}/theirs`);
  await terminal.type(`user ${user}`);
  await terminal.press("Enter");
  await terminal.waitFor(/^Password for \w+ at 127\.0\.0\.1:$/m);
  await terminal.type(password);
  await terminal.press("Enter");
  await terminal.waitFor(new RegExp(`^Connected to \\S+ as ${user};.*\n>>>$`, "m"));
  await terminal.type("ls");
  await terminal.press("Enter");
  const screen = await terminal.waitFor(/^theirs\n>>>$/m);
  assert(!screen.includes(password));
  // Ctrl-C leaves the question, and not the shell.
  await terminal.type("user other");
  await terminal.press("Enter");
  await terminal.waitFor(/^Password for other at/m);
  await terminal.press("C-c");
  await terminal.waitFor(/^Interrupted\n>>>$/m);
  await terminal.type("!ls");
  await terminal.press("Enter");
  await terminal.waitFor(/^>>> !ls\nCannot run a command: [^]*\n>>>$/m);
  await terminal.press("C-d");
  await ended(terminal, 0);
});

/** A file of which only half comes. */
const SLOW: Script = {
  answers: {
    SIZE: "213 2000000",
    PWD: '257 "/"',
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      for (let at = 0; at < 1_000_000; at += 10_000) await data.write(new Uint8Array(10_000));
      await data.read(new Uint8Array(1)).catch(() => {});
      await session.say("426 Broken off");
    },
    DELE: "250 Done",
  },
};

for (const columns of [60, 80]) {
  testWith(
    TERMINAL_NEEDS,
    `Ctrl-C in a transfer returns to the prompt, at ${columns} columns`,
    () =>
      withFolders(async (_root, here) => {
        await using server = new ScriptedServer(SLOW);
        await using terminal = await openShell(server.address.port, here, columns);
        await terminal.waitFor(/^>>>$/m);
        await terminal.type("get slow");
        await terminal.press("Enter");
        await terminal.waitFor(/^slow .*\b50%/m);
        await terminal.press("C-c");
        await terminal.waitFor(/^Interrupted\n>>>$/m);
        // The connection and the shell are as before.
        await terminal.type("rm slow");
        await terminal.press("Enter");
        await terminal.waitFor(/^>>> rm slow\n>>>$/m);
        assertEquals(server.verbs.filter((verb) => verb === "USER").length, 1);
        await terminal.press("C-d");
        await ended(terminal, 0);
      }),
    noTerminal(),
  );
}

testWith(
  TERMINAL_NEEDS,
  "a shell that is killed leaves the terminal as it was",
  () =>
    withFolders(async (_root, here) => {
      await using server = new ScriptedServer(SLOW);
      await using terminal = await openShell(server.address.port, here, 80);
      await terminal.waitFor(/^>>>$/m);
      await terminal.type("get");
      await terminal.waitFor(/^>>> get$/m);
      Deno.kill(Number(await Deno.readTextFile(`${here}/pid`)), "SIGTERM");
      await ended(terminal, 143);
    }),
  noTerminal(),
);
