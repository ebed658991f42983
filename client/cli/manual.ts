/**
 * What --help says: everything on one page, or what belongs to one verb.
 *
 * mod.ts loads it when it is asked; help.ts lays it out.
 *
 * @module
 */

import { GRAMMAR, letterWith } from "./arguments.ts";
import { EXIT_TEXTS } from "./exit.ts";
import { type Flag, helpForVerb, renderHelp, type Row, type Topic } from "./flags.ts";
import type { Subcommand } from "./task.ts";
import { SUBCOMMANDS } from "./verbs.ts";

/** What --help writes: of `verb`, or of all where there is none of that name. */
export function manualText(verb: string, columns: number | undefined): string {
  const found = SUBCOMMANDS.find(({ name }) => name === verb);
  return found === undefined ? wholeText(columns) : verbText(verb, columns);
}

function wholeText(columns: number | undefined): string {
  return renderHelp({
    ...GRAMMAR,
    usage: ["client [FLAGS] VERB ...", "client VERB --help"],
    about: "An FTP client: binary transfers, with any server. Without --tls or ftps:// names, " +
      "passwords and files go in clear text.",
    topics: [{
      title: "Verbs",
      rows: SUBCOMMANDS.map((verb) => [synopsis(verb), verb.summary]),
    }, examples(SUBCOMMANDS.flatMap((verb) => verb.examples.slice(0, 1)))],
    exits: EXIT_TEXTS,
    notes: [
      "Where the command line takes a path on the server, it takes ftp://USER@HOST:PORT/PATH " +
      "(not by mini; in a shell only open does): below the folder of the login, or with // or " +
      "/%2F from the root. Its port is 21, of ftps 990, unless it says another.",
      "A password comes from --password-file, FTPLAB_PASSWORD, .netrc or, on a terminal, the " +
      "question for it, in this order; none of them shows it to others, as a command line does.",
      "Of several files one that fails does not stop the others, unless the connection is lost " +
      "with it or standard output takes no more; the status is that of the first that failed.",
      "A download is written to LOCAL.part, an upload to .NAME.<digits>.up, and both take their " +
      "names when they are complete; what is left of a broken one is where --continue goes on, if " +
      "the original has not changed.",
      "Times are UTC where the server says so (MLSD, MDTM), else by its own clock. A name that " +
      "begins with a dash follows --: client -- get -x.",
    ],
  }, columns);
}

function verbText(name: string, columns: number | undefined): string {
  const verb = SUBCOMMANDS.find((each) => each.name === name)!;
  const flags = Object.fromEntries(
    Object.entries<Flag>(GRAMMAR.flags).filter(([flag]) => verb.flags.some((each) => each === flag))
      .map(([flag, row]) => {
        const letter = letterWith(name, flag, row);
        const own = { ...row, help: helpForVerb(row.help, name) };
        return [flag, letter === undefined ? own : { ...own, letter }];
      }),
  );
  return renderHelp({
    command: "client",
    flags,
    operands: true,
    usage: [`client [FLAGS] ${synopsis(verb)}`],
    about: `${verb.name}: ${verb.summary}.`,
    topics: [examples(verb.examples)],
    exits: [],
    notes: ["client --help has the flags of every verb, exit statuses, and more."],
  }, columns);
}

function synopsis({ name, operands }: Subcommand): string {
  return operands === "" ? name : `${name} ${operands}`;
}

function examples(lines: readonly string[]): Topic {
  // One that begins with another program says itself where the client comes.
  const whole = (line: string) => /\| client /.test(line) ? line : `client ${line}`;
  return { title: "Examples", rows: lines.map((line): Row => [whole(line), ""]) };
}
