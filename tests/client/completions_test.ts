/**
 * Completions, tried with the shells themselves.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { GRAMMAR } from "../../client/cli/arguments.ts";
import { scriptFor } from "../../client/cli/completions/mod.ts";
import { SUBCOMMANDS } from "../../client/cli/verbs.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { missing, testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";

/** Runs a program with `input`; undefined when it is not installed. */
async function output(program: string, args: readonly string[], cwd?: string) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Why a shell cannot be tried here. */
function without(shell: string): string | undefined {
  if (missing(["run"]).length > 0) return undefined;
  try {
    new Deno.Command(shell, { args: ["-c", "true"], stdout: "null", stderr: "null" }).outputSync();
    return undefined;
  } catch {
    return `${shell} is not installed`;
  }
}

for (const shell of ["bash", "zsh", "fish"]) {
  testWith(["read"], `completions ${shell} names every verb and every flag`, async () => {
    const console = new FakeConsole();
    assertEquals(await main(["completions", shell], console), EXIT.ok);
    for (const { name } of SUBCOMMANDS) assertStringIncludes(console.outputText, name);
    for (const name of Object.keys(GRAMMAR.flags)) {
      assertStringIncludes(console.outputText, shell === "fish" ? `-l ${name}` : `--${name}`);
    }
  });

  testWith(["read", "write", "run"], `${shell} can read its completions`, async () => {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, scriptFor(shell, SUBCOMMANDS));
      assertEquals(await output(shell, ["-n", path]), { code: 0, stdout: "", stderr: "" });
    } finally {
      await Deno.remove(path);
    }
  }, without(shell));
}

Deno.test("completions zsh offers the letters that --help shows", () => {
  const script = scriptFor("zsh", SUBCOMMANDS);
  const lettersOf = (verb: string) => {
    const [, specs = ""] = new RegExp(`\n {4}${verb}\\) ([^]*?) ;;\n`).exec(script) ?? [];
    return [...specs.matchAll(/'-(\w)\[/g)].map(([, letter]) => letter);
  };
  assertEquals(lettersOf("rm"), ["f", "r", "q", "v", "h"]);
  assertEquals(lettersOf("mirror"), ["e", "R", "q", "v", "h"]);
});

/** What is offered at the end of words. */
const OFFERS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["cl"], ["client"]],
  [["serve", ""], []],
  [["client", "ch"], ["chmod"]],
  [["client", "--host", "h", "-q", "m"], ["mirror", "mkdir", "mv"]],
  [["client", "--protocol", ""], ["ftp", "mini"]],
  [["client", "--user", ""], []],
  [["client", "ls", "--h"], ["--host", "--human", "--help"]],
  [["client", "get", "--h"], ["--host", "--help"]],
  [["client", "mv", "--no"], ["--no-clobber"]],
  [["client", "get", "x"], []],
  [["client", "put", "x"], ["x y", "xd"]],
  [["client", "get", "-O", "x"], ["xd"]],
  [["client", "--password-file", "x"], ["x y", "xd"]],
  [["client", "completions", "z"], ["zsh"]],
  [["client", "rm", "-f", "x"], []],
];

/**
 * To fish a value that is called like a verb is one. bash parts words at = : and @, and what is
 * offered takes the place of the last part.
 */
const BASH_OFFERS: typeof OFFERS = [
  [["client", "-o", "ls", "--port", "put", "st"], ["stat"]],
  [["client", "--host", "=", "h", "ge"], ["get"]],
  [["client", "--host", "h", ":", "2121", "pu"], ["put"]],
  [["client", "--host", "::", "1", "--user", "me", "@", "h", "pu"], ["put"]],
  [["client", "--user", "=", "me", "@", "h", "put", "x"], ["x y", "xd"]],
  [["client", "--tls", "=", "ex"], ["explicit"]],
  [["client", "--tls", "="], ["explicit", "implicit"]],
  [["client", "--quiet", "=", "t"], []],
  [["client", "--cacert", "=", "x"], ["x y", "xd"]],
  [["client", "--host", "h", "put", "t", ":", "t"], ["ta"]],
  [["client", "--host", "h", "put", "t", ":"], ["ta"]],
  [["client", "put", "t", ":", "ta", ""], ["g1", "g[1]", "t:ta", "x y", "xd"]],
  [["client", "put", "g["], ["g[1]"]],
  [["client", "shell", "-f", "x"], ["x y", "xd"]],
  [["client", "-f", "x"], ["x y", "xd"]],
];

testWith(
  ["read", "write", "run"],
  "bash completes verbs, flags, values and local files",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/script`, scriptFor("bash", SUBCOMMANDS));
      await Deno.mkdir(`${folder}/there`);
      await Deno.mkdir(`${folder}/there/xd`);
      for (const name of ["x y", "g1", "g[1]", "t:ta"]) {
        await Deno.writeTextFile(`${folder}/there/${name}`, "");
      }
      for (const [words, offers] of [...OFFERS, ...BASH_OFFERS]) {
        // compopt works only within a completion, which bash has only when it is interactive.
        const line = `source ../script; complete -p ftplab; compopt() { :; }
        COMP_WORDS=(ftplab "$@"); COMP_CWORD=$#; _ftplab; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout, stderr } = await output(
          "bash",
          ["--norc", "-c", line, "bash", ...words],
          `${folder}/there`,
        );
        const [declared, ...found] = stdout.split("\n").filter((each) => each !== "");
        assertEquals([declared, stderr], ["complete -F _ftplab ftplab", ""]);
        assertEquals(found.sort(), [...offers].sort(), words.join(" "));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  without("bash"),
);

/** Words as they are typed to zsh, where a value may stand behind "=" or a letter. */
const ZSH_OFFERS: typeof OFFERS = [
  [["client", "--tls=ex"], ["explicit"]],
  [["client", "--tls="], ["explicit", "implicit"]],
  [["client", "get", "-o", "x"], ["x y", "xd"]],
  [["client", "get", "-ox"], ["x y", "xd"]],
  [["client", "shell", "-f", "x"], ["x y", "xd"]],
  [["client", "mirror", "--include", "x", "--include=y", "--inc"], ["--include"]],
  [["client", "mirror", "--exclude", "x", "--exc"], ["--exclude"]],
];

/** Types each argument and Tab to a zsh on a terminal of its own, which waits 5 s at most. */
const ZSH_TYPIST = `zmodload zsh/zpty zsh/zselect
zpty typist zsh -f -i
zpty -w typist "cd \${(q)PWD}; source ../inner"
for typed in "$@"; do
  zpty -w -n typist $'\\C-u'"$typed"$'\\t'
  repeat 500; do
    [[ -e ../ended ]] && break
    zselect -t 1; zpty -rt typist >/dev/null
  done
  rm ../ended
done
zpty -d typist
cat ../offers
`;

/** What that zsh does: it writes what it would offer to a file. */
const ZSH_INNER = `autoload -Uz compinit; compinit -D -u
source ../script
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- "\${(Q@)hits}" >> ../offers
  builtin compadd "$@"
}
tab() { zle complete-word; print -r -- = >> ../offers; : > ../ended }
zle -N tab
bindkey '^I' tab '^U' kill-whole-line
`;

testWith(
  ["read", "write", "run"],
  "zsh completes verbs, flags, values and local files",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/script`, scriptFor("zsh", SUBCOMMANDS));
      await Deno.writeTextFile(`${folder}/inner`, ZSH_INNER);
      await Deno.mkdir(`${folder}/there/xd`, { recursive: true });
      await Deno.writeTextFile(`${folder}/there/x y`, "");
      const cases = [...OFFERS, ...ZSH_OFFERS];
      const lines = cases.map(([words]) => ["ftplab", ...words].join(" "));
      const args = ["-f", "-c", ZSH_TYPIST, "zsh", ...lines];
      const { stdout, stderr } = await output("zsh", args, `${folder}/there`);
      const found = stdout.split("=\n").slice(0, -1).map((part) => {
        const names = part.split("\n").filter((each) => each !== "");
        return [...new Set(names)].sort();
      });
      assertEquals([found, stderr], [cases.map(([, offers]) => [...offers].sort()), ""]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  without("zsh"),
);

testWith(
  ["read", "write", "run"],
  "fish completes verbs, flags, values and local files",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/script`, scriptFor("fish", SUBCOMMANDS));
      await Deno.mkdir(`${folder}/there/xd`, { recursive: true });
      await Deno.writeTextFile(`${folder}/there/x y`, "");
      for (const [words, offers] of OFFERS) {
        const typed = ["ftplab", ...words].join(" ");
        const line = `source ../script; complete -C '${typed}'`;
        const { stdout, stderr } = await output(
          "fish",
          ["--no-config", "-c", line],
          `${folder}/there`,
        );
        const found = stdout.split("\n").filter((each) => each !== "")
          .map((each) => each.split("\t")[0]!.replace(/\/$/, ""));
        assertEquals([found.sort(), stderr], [[...offers].sort(), ""], typed);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  without("fish"),
);
