/**
 * MLSD and MLST (RFC 3659 section 7): whether a server has them, which paths MLSD can be given, and
 * which facts they tell of an entry: by default those that FEAT marks, or no more than a listing
 * wants (OPTS MLST, section 7.9). Of a directory of 100,000 names those that nobody reads are most
 * of the octets, and of the time that it takes to read them.
 *
 * directory.ts calls it before each MLSD, attributes.ts before each MLST.
 *
 * @module
 */

import type { ControlConnection } from "./control.ts";
import { type EntryField, FACTS_OF } from "./listing.ts";
import { MARKED_FACTS } from "./server_state.ts";

/** Whether a server has MLST and MLSD, which FEAT tells by either name. */
export function hasFacts(features: ReadonlyMap<string, string>): boolean {
  return features.has("MLST") || features.has("MLSD");
}

/** FEAT without MLST and MLSD: times are then those of LIST, and nobody counts on seconds. */
export function withoutFacts(features: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...features].filter(([name]) => name !== "MLST" && name !== "MLSD"));
}

/** Replies to a command that is not known, or not implemented (RFC 959 section 4.2.2). */
export const COMMAND_UNKNOWN: ReadonlySet<number> = new Set([500, 502, 504]);

/** What may be a pattern, options, a home folder, or blanks that are cut off. */
const AMBIGUOUS = /^-|[*?[\]{}\\~]| $/;

/**
 * Whether MLSD can be given `path`. Against RFC 3659 section 2.2.2, Synology's server and older
 * Pure-FTPd take it for a pattern, and what matches nothing is an empty listing. (WS_FTP Server
 * refuses blanks, by 501.) The servers of Arduino and ESP boards list the working directory,
 * whatever they are given: FEAT has SITE FREE there, or MLSD in the place of section 7.8's MLST.
 */
export function takesPath(features: ReadonlyMap<string, string>, path: string): boolean {
  return features.has("MLST") && features.get("SITE") !== "FREE" && !AMBIGUOUS.test(path);
}

/** The facts that are read, in lower case. */
const READ: readonly string[] = ["type", ...Object.values(FACTS_OF).flat()];

/**
 * Has the server tell the kind of each entry and, as far as it knows them, the facts for `fields`;
 * without `fields` what it tells by default. Where FEAT marks none, as Apache FtpServer has it,
 * these are all that are read. One that refuses goes on with what it tells.
 */
export async function chooseFacts(
  control: ControlConnection,
  fields?: readonly EntryField[],
): Promise<void> {
  const { server } = control;
  const known = (server.features.get("MLST") ?? "").split(";").filter((fact) => fact !== "");
  const among = (facts: readonly string[]) =>
    listed(known.filter((fact) => facts.includes(nameOf(fact).toLowerCase())));
  const marked = listed(known.filter((fact) => fact.endsWith("*")));
  const usual = marked || among(READ);
  const chosen = fields === undefined
    ? usual
    : among(["type", ...fields.flatMap((field) => FACTS_OF[field])]);
  // What a server that marks nothing tells by itself is known where nobody has chosen any.
  const told = server.facts !== MARKED_FACTS ? server.facts : fields === undefined ? usual : marked;
  if (chosen === "" || chosen === told) return;
  // Interrupted, it may have been heard or not.
  server.facts = undefined;
  await control.ask(`OPTS MLST ${chosen}`);
  server.facts = chosen;
}

function listed(facts: readonly string[]): string {
  return facts.map((fact) => `${nameOf(fact)};`).join("");
}

/** Without the mark that it is told by default (RFC 3659 section 7.8). */
function nameOf(fact: string): string {
  return fact.replace("*", "");
}
