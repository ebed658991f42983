/**
 * What `help` says in the shell: all verbs, or one with its flags, from the same tables by which
 * they are run.
 *
 * @module
 */

import { withoutPassword } from "../../url.ts";
import { GRAMMAR, letterWith, type VerbFlag, type VerbValue } from "../arguments.ts";
import {
  closest,
  type Flag,
  helpForVerb,
  renderTopic,
  type Row,
  UsageError,
  wrap,
} from "../flags.ts";

/** What help needs to know of a verb, the command line's or the shell's. */
export interface Explained {
  readonly name: string;
  readonly operands: string;
  readonly summary: string;
  readonly flags?: readonly (VerbFlag | VerbValue)[];
  /** It has flags that are those of others. */
  readonly takesFlags?: boolean;
  readonly takes?: "local" | "remote";
}

/** Columns where the terminal does not tell. */
const COLUMNS_DEFAULT = 80;

/** All verbs in few words. */
export function helpOverview(verbs: readonly Explained[], columns = COLUMNS_DEFAULT): string {
  const rows: Row[] = verbs.map(({ name, operands, summary }) => [`${name} ${operands}`, summary]);
  rows.push(["!COMMAND", "run a command of this machine"]);
  return renderTopic({ title: "Verbs; help VERB tells its flags", rows }, columns);
}

/**
 * One verb: its form, what it does, its flags.
 *
 * @throws {UsageError} when there is none of that name.
 */
export function helpOf(
  name: string,
  verbs: readonly Explained[],
  columns = COLUMNS_DEFAULT,
): string {
  const verb = verbs.find((each) => each.name === name);
  if (verb === undefined) throw unknownVerb(name, verbs);
  const form = [name, ...(verb.flags?.length ? ["[FLAGS]"] : []), verb.operands].join(" ").trim();
  const head = wrap(`${form}: ${verb.summary}`, columns).join("\n");
  if (!verb.flags?.length) return head;
  const rows = verb.flags.map((flag): Row => {
    const row: Flag = GRAMMAR.flags[flag];
    const { value, help } = row;
    const letter = letterWith(name, flag, row);
    const long = value === undefined ? `--${flag}` : `--${flag} ${value}`;
    return [letter === undefined ? long : `-${letter}, ${long}`, helpForVerb(help, name)];
  });
  return `${head}\n${renderTopic({ title: "Flags", rows }, columns)}`;
}

/** What is said of a verb that does not exist. */
export function unknownVerb(name: string, verbs: readonly Explained[]): UsageError {
  const meant = closest(name, verbs.map((verb) => verb.name));
  const question = meant === undefined ? "help lists them" : `did you mean ${meant}?`;
  return new UsageError(`Unknown verb "${withoutPassword(name)}": ${question}`);
}
