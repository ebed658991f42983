/**
 * What the server says of itself: HELP (RFC 959 section 4.1.3), FEAT and OPTS (RFC 2389). Made from
 * the verb table and from what the file store is able to do, so that it is true.
 *
 * @module
 */

import type { StoreAbilities } from "../../effects.ts";
import { FACT_NAMES, type FactName } from "../words/facts.ts";
import { encodeReply, encodeReplyLines } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { siteHelp } from "./site.ts";
import type { Verb } from "./verb.ts";

/** Features that no verb stands for: RFC 3659 section 6, RFC 2640. */
const FEATURES = ["TVFS", "UTF8"];

/** How many verbs HELP shows on one line. */
const HELP_COLUMNS = 10;

const UTF8_ON = encodeReply(200, "UTF-8 is always on");
const UTF8_OFF = encodeReply(504, "UTF-8 cannot be switched off");
const OPTION_UNKNOWN = encodeReply(501, "No such option");
const MLST_SYNTAX = encodeReply(501, "OPTS MLST takes facts, each with a semicolon behind it");
const HELP_UNKNOWN = encodeReply(502, "No such command");

/** HELP: 214, 502 for a verb that is not known. */
export function help(session: CommandContext, argument: string, verbs: readonly Verb[]): void {
  const known = verbs.filter((verb) => isPossible(verb, session.can));
  if (argument === "") {
    const lines: string[] = [];
    for (let first = 0; first < known.length; first += HELP_COLUMNS) {
      const row = known.slice(first, first + HELP_COLUMNS);
      lines.push(row.map((verb) => verb.name.padEnd(4)).join(" ").trimEnd());
    }
    return session.send(encodeReplyLines(214, "Commands:", lines, "HELP with a command says more"));
  }
  const [name, ...more] = argument.toUpperCase().split(/ +/);
  const verb = known.find((verb) => verb.name === name);
  const text = verb?.name === "SITE" && more.length > 0
    ? siteHelp(more.join(" "), session.can)
    : more.length > 0 || verb === undefined
    ? undefined
    : `${verb.name} ${verb.syntax}`.trimEnd();
  if (text === undefined) session.send(HELP_UNKNOWN);
  else session.reply(214, `Syntax: ${text}`);
}

/** FEAT: 211 (RFC 2389 section 3). */
export function features(session: CommandContext, verbs: readonly Verb[]): void {
  const lines = verbs.flatMap((verb) =>
    verb.feature === undefined || !isPossible(verb, session.can) ? [] : [verb.feature(session)]
  );
  session.send(encodeReplyLines(211, "Features:", [...lines, ...FEATURES], "End"));
}

function isPossible({ needs }: Verb, can: StoreAbilities): boolean {
  return needs === undefined || can[needs];
}

/** The facts that there are in a store of these abilities. */
export function factsOfStore(can: StoreAbilities): readonly FactName[] {
  return can.modes ? FACT_NAMES : FACT_NAMES.filter((fact) => fact !== "UNIX.mode");
}

/** The facts there are, those chosen with "*" (RFC 3659 section 7.8). */
export function markedFacts({ can, facts }: CommandContext): string {
  return factsOfStore(can).map((fact) => `${fact}${facts.includes(fact) ? "*" : ""};`).join("");
}

/** OPTS: 200, 501, 504. */
export function options(session: CommandContext, argument: string): void {
  const [option, ...values] = argument.split(" ");
  const value = values.join(" ").trim();
  switch (option!.toUpperCase()) {
    case "UTF8":
    case "UTF-8":
      return session.send(value === "" || value.toUpperCase() === "ON" ? UTF8_ON : UTF8_OFF);
    case "MLST":
      return chooseFacts(session, value);
  }
  session.send(OPTION_UNKNOWN);
}

/**
 * RFC 3659 section 7.9: facts that are not known are left out, without case. What is no list of
 * facts changes nothing, as "unique type;" (section 7.9.2); blanks around a fact are nothing.
 */
function chooseFacts(session: CommandContext, value: string): void {
  const wanted = value.toLowerCase().split(";").map((fact) => fact.trim());
  const chosen = factsOfStore(session.can).filter((fact) => wanted.includes(fact.toLowerCase()));
  // Without its semicolon a last fact is taken where it is one, but what is none is no list.
  const isWord = chosen.length === 0 && value !== "" && !value.endsWith(";");
  if (isWord || wanted.some((fact) => fact.includes(" "))) return session.send(MLST_SYNTAX);
  session.facts = chosen;
  session.reply(200, `MLST OPTS ${chosen.map((fact) => `${fact};`).join("")}`.trimEnd());
}
