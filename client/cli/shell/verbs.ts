/**
 * What the shell has besides the verbs of the command line: one table of the same shape.
 *
 * @module
 */

import { printable } from "../../text.ts";
import { checkInput } from "../checks.ts";
import { formatColumns } from "../tables.ts";
import { eachOperand } from "../task.ts";
import { helpOf, helpOverview } from "./help.ts";
import {
  changeLocalDirectory,
  localDirectory,
  localNames,
  localPath,
  withWholePaths,
} from "./local.ts";
import { mget, mput } from "./many.ts";
import { parseOpen } from "./target.ts";
import type { ShellTask, ShellVerb } from "./task.ts";

/** As many operands as a line can hold. */
const MANY = Number.MAX_SAFE_INTEGER;

/** The verbs, in the order of help. */
export const SHELL_VERBS: readonly ShellVerb[] = [
  {
    name: "cd",
    operands: "[DIRECTORY]",
    summary: "change the directory on the server; - is the one before",
    count: [0, 1],
    takes: "remote",
    run: ({ shell, operands }) => shell.session.changeDirectory(operands[0]),
  },
  {
    name: "pwd",
    operands: "",
    summary: "show the directory on the server",
    count: [0, 0],
    writes: true,
    async run({ shell }) {
      const client = await shell.session.connected();
      await shell.write([await client.workingDirectory()]);
    },
  },
  {
    name: "mget",
    operands: "[FLAGS] PATTERN...",
    summary: "download all files that match: *.avi; FLAGS are those of get",
    count: [1, MANY],
    takes: "remote",
    takesFlags: true,
    run: mget,
  },
  {
    name: "mput",
    operands: "[FLAGS] PATTERN...",
    summary: "upload all files that match; FLAGS are those of put",
    count: [1, MANY],
    isLocal: true,
    takes: "local",
    takesFlags: true,
    run: mput,
  },
  {
    name: "rmdir",
    operands: "DIRECTORY...",
    summary: "remove empty directories",
    count: [1, MANY],
    takes: "remote",
    async run({ shell, operands }) {
      const { session } = shell;
      const client = await session.connected();
      await eachOperand(
        { ...session.now, client },
        operands,
        (path) => client.removeDirectory(path),
      );
    },
  },
  {
    name: "lcd",
    operands: "[DIRECTORY]",
    summary: "change the directory here, from which local names go on",
    count: [0, 1],
    isLocal: true,
    takes: "local",
    run: ({ shell, operands }) => changeLocalDirectory(shell, operands[0]),
  },
  {
    name: "lls",
    operands: "[DIRECTORY]",
    summary: "list a directory here",
    count: [0, 1],
    isLocal: true,
    writes: true,
    takes: "local",
    async run({ shell, operands }) {
      const { console } = shell;
      const names = await localNames(operands[0] ?? ".");
      await shell.write(
        console.outTerminal ? formatColumns(names.map(printable), console.columns()) : names,
      );
    },
  },
  {
    name: "lpwd",
    operands: "",
    summary: "show the directory here",
    count: [0, 0],
    isLocal: true,
    writes: true,
    run: ({ shell }) => shell.write([localDirectory()]),
  },
  {
    name: "open",
    operands: "[FLAGS] HOST [PORT]",
    summary: "connect to another server; FLAGS say how, as those of the command line",
    count: [1, 2],
    isLocal: true,
    takesFlags: true,
    run: open,
  },
  {
    name: "user",
    operands: "NAME [PASSWORD]",
    summary: "log in as somebody else; without PASSWORD it is looked for, or asked for",
    count: [1, 2],
    run: user,
  },
  {
    name: "close",
    operands: "",
    summary: "leave the server, and stay in the shell",
    count: [0, 0],
    isLocal: true,
    run: ({ shell }) => shell.session.close(),
  },
  {
    name: "history",
    operands: "",
    summary: "show what was typed",
    count: [0, 0],
    isLocal: true,
    writes: true,
    run({ shell }) {
      const lines = shell.history.lines.toReversed();
      return shell.write(lines.map((line, index) => `${String(index + 1).padStart(5)}  ${line}`));
    },
  },
  {
    name: "help",
    operands: "[VERB]",
    summary: "show what there is, or all of one verb",
    count: [0, 1],
    isLocal: true,
    writes: true,
    run({ shell, operands: [name] }) {
      const columns = shell.console.outTerminal ? shell.console.columns() : undefined;
      const text = name === undefined
        ? helpOverview(shell.verbs, columns)
        : helpOf(ALIASES.get(name) ?? name, shell.verbs, columns);
      return shell.write(text.split("\n"));
    },
  },
  {
    name: "exit",
    operands: "",
    summary: "leave the shell; quit, bye and Ctrl-D do the same",
    count: [0, 0],
    isLocal: true,
    run: ({ shell }) => shell.leave(),
  },
];

/** Other names of verbs, as other clients have them. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ["quit", "exit"],
  ["bye", "exit"],
  ["dir", "ls"],
  ["delete", "rm"],
  ["rename", "mv"],
  ["?", "help"],
]);

async function open({ shell, operands: words }: ShellTask): Promise<void> {
  const { target: opened, directory } = parseOpen(words, shell.session.target);
  const target = withWholePaths(opened, (name) => localPath(name, shell.console));
  if (shell.readsInput) checkInput(target, "shell");
  for (const warning of target.warnings) shell.session.line?.reporter.note(warning);
  await shell.session.open(target);
  if (directory !== undefined) await shell.session.changeDirectory(directory);
  shell.greet();
}

async function user({ shell, operands }: ShellTask): Promise<void> {
  const [user, password] = operands as [string, string | undefined];
  const { password: _password, passwordFile: _file, ...target } = shell.session.target;
  await shell.session.open({ ...target, user, ...(password === undefined ? {} : { password }) });
  shell.greet();
}
