/**
 * What the command line can do: one table of verbs over the public client.
 *
 * run.ts finds the verb, checks its operands against the table and runs it with a client that is
 * logged in. A verb writes results to standard output, errors are thrown. Where a verb is carried
 * out is read only when it is asked for.
 *
 * @module
 */

import {
  checkGet,
  checkList,
  checkMirror,
  checkMode,
  checkMove,
  checkPut,
  checkQuote,
  checkShell,
} from "./checks.ts";
import type { Subcommand } from "./task.ts";

/** Operands of the verbs that take any number of paths: what a command line can hold. */
const MANY = Number.MAX_SAFE_INTEGER;

/** The verb that reads verbs: mod.ts opens it, for it connects by itself and more than once. */
export const SHELL = "shell";

/** Under which names get and put write, and over what. */
const TARGET_FLAGS = ["output", "output-dir", "no-clobber", "continue", "force"] as const;

/** What mini, which tells nothing of what is there, has of them. */
const MINI_FLAGS = ["output", "output-dir", "limit-rate"] as const;

/** How often and how fast transfers are tried. */
const PACE_FLAGS = ["retries", "limit-rate"] as const;

/** Directories with all that is in them. */
const TREE_FLAGS = ["recursive", "parallel"] as const;

/** Every verb, in the order of --help. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "get",
    operands: "FILE...",
    summary: "download files into this folder, -O DIR, or as -o NAME",
    examples: ["get a.avi", "get a.avi b.avi -O films", "get a.avi -o - | mpv -"],
    count: [1, MANY],
    flags: [...TARGET_FLAGS, ...PACE_FLAGS, ...TREE_FLAGS],
    takes: "remote",
    endsBySignal: true,
    check: checkGet,
    run: async (task) => await (await import("./get.ts")).get(task),
    flagsOfMini: [...MINI_FLAGS, "no-clobber"],
    runMini: async (task) => await (await import("./mini.ts")).getMini(task),
  },
  {
    name: "put",
    operands: "FILE...",
    summary: "upload files, to -O DIR or as -o NAME; - is standard input",
    examples: ["put a.avi", "put *.avi -O films", "date | client put - -o now.txt"],
    count: [1, MANY],
    flags: [...TARGET_FLAGS, "direct", ...PACE_FLAGS, ...TREE_FLAGS],
    takes: "local",
    endsBySignal: true,
    check: checkPut,
    run: async (task) => await (await import("./put.ts")).put(task),
    flagsOfMini: MINI_FLAGS,
    runMini: async (task) => await (await import("./mini.ts")).putMini(task),
  },
  {
    name: "mirror",
    operands: "[SOURCE [TARGET]]",
    summary: "make a folder here like one on the server, or with -R one there like one here",
    examples: [
      "mirror films",
      "mirror -R -P 4 films /backup/films",
      "mirror --delete --dry-run /pub .",
    ],
    count: [0, 2],
    flags: [
      "reverse",
      "delete",
      "dry-run",
      "include",
      "exclude",
      "newer",
      "size-only",
      "checksum",
      ...PACE_FLAGS,
      "parallel",
    ],
    takes: "remote",
    endsBySignal: true,
    check: checkMirror,
    run: async (task) => await (await import("./mirror.ts")).mirror(task),
  },
  {
    name: "ls",
    operands: "[PATH...]",
    summary: "list directories",
    examples: [
      "ls -lh films",
      "ls 'films/*.avi'",
      "ls -t",
      "ls ftp://ftp.example.org/pub/",
      "--tls explicit --user me ls",
    ],
    count: [0, MANY],
    flags: [
      "long",
      "human",
      "one",
      "all",
      "directory",
      "recursive",
      "by-time",
      "by-size",
      "reverse",
      "unsorted",
    ],
    takes: "remote",
    endsBySignal: true,
    check: checkList,
    run: async (task) => await (await import("./listings.ts")).ls(task),
  },
  {
    name: "cat",
    operands: "FILE...",
    summary: "write files to standard output",
    examples: ["cat notes.txt"],
    count: [1, MANY],
    flags: PACE_FLAGS,
    takes: "remote",
    endsBySignal: true,
    run: async (task) => await (await import("./changes.ts")).cat(task),
  },
  {
    name: "mkdir",
    operands: "PATH...",
    summary: "make directories",
    examples: ["mkdir -p films/1970/spring"],
    count: [1, MANY],
    flags: ["parents"],
    takes: "remote",
    run: async (task) => await (await import("./changes.ts")).mkdir(task),
  },
  {
    name: "rm",
    operands: "PATH...",
    summary: "remove files",
    examples: ["rm a.avi b.avi", "rm -r films", "rm -rf films"],
    count: [1, MANY],
    flags: ["recursive", "force"],
    takes: "remote",
    run: async (task) => await (await import("./changes.ts")).rm(task),
  },
  {
    name: "mv",
    operands: "FROM... TO",
    summary: "rename a file or a directory, or move some into one",
    examples: ["mv a.avi b.avi", "mv a.avi b.avi films/"],
    count: [2, MANY],
    flags: ["no-clobber"],
    takes: "remote",
    check: checkMove,
    run: async (task) => await (await import("./changes.ts")).mv(task),
  },
  {
    name: "chmod",
    operands: "MODE PATH...",
    summary: "change mode bits, where the server has SITE CHMOD",
    examples: ["chmod 644 a.avi"],
    count: [2, MANY],
    flags: [],
    takes: "remote",
    check: checkMode,
    run: async (task) => await (await import("./changes.ts")).chmod(task),
  },
  {
    name: "stat",
    operands: "PATH...",
    summary: "show what the server knows of a file or a directory",
    examples: ["stat a.avi"],
    count: [1, MANY],
    flags: [],
    takes: "remote",
    run: async (task) => await (await import("./listings.ts")).showStat(task),
  },
  {
    name: "quote",
    operands: "COMMAND...",
    summary: "send a command of FTP as it is, and show the reply",
    examples: ["quote SITE HELP", "quote FEAT"],
    count: [1, MANY],
    flags: [],
    check: checkQuote,
    run: async (task) => await (await import("./changes.ts")).quote(task),
  },
  {
    name: SHELL,
    operands: "",
    summary: "read verbs line by line, as without a verb on a terminal",
    examples: ["shell", "shell -f script"],
    count: [0, 0],
    flags: ["script", "keep-going"],
    flagsOfMini: ["script", "keep-going"],
    isOffline: true,
    check: checkShell,
    run: () => Promise.resolve(),
    runMini: () => Promise.resolve(),
  },
  {
    name: "completions",
    operands: "bash|zsh|fish",
    summary: "write what a shell needs to complete verbs and flags",
    examples: ["completions bash > ~/.local/share/bash-completion/completions/ftplab"],
    count: [1, 1],
    flags: [],
    isOffline: true,
    run: async (task) =>
      await (await import("./completions/mod.ts")).completions(task, SUBCOMMANDS),
  },
];
