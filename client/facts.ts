/**
 * Which facts a server tells of an entry in MLSD and MLST: by default those that FEAT marks, or no
 * more than a listing wants (OPTS MLST, RFC 3659 section 7.9). Of a directory of 100,000 names
 * those that nobody reads are most of the octets, and of the time that it takes to read them.
 *
 * directory.ts calls it before each MLSD, attributes.ts before each MLST.
 *
 * @module
 */

import type { ControlConnection } from "./control.ts";
import { type EntryField, FACTS_OF } from "./listing.ts";
import { MARKED_FACTS } from "./server_state.ts";

/**
 * Has the server tell the kind of each entry and, as far as it knows them, the facts for `fields`;
 * without `fields` what it tells by default. One that refuses goes on with what it tells.
 */
export async function chooseFacts(
  control: ControlConnection,
  fields?: readonly EntryField[],
): Promise<void> {
  const { server } = control;
  const known = (server.features.get("MLST") ?? "").split(";").filter((fact) => fact !== "");
  const marked = listed(known.filter((fact) => fact.endsWith("*")));
  const wanted = new Set(["type", ...(fields ?? []).flatMap((field) => FACTS_OF[field])]);
  const chosen = fields === undefined
    ? marked
    : listed(known.filter((fact) => wanted.has(nameOf(fact).toLowerCase())));
  if (chosen === "" || chosen === (server.facts === MARKED_FACTS ? marked : server.facts)) return;
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
