/**
 * How tests of the shell feed it: a script on standard input, or a person's lines.
 *
 * @module
 */

import type { Surroundings } from "../fake_console.ts";
import type { Outcome, Stage } from "../stage.ts";

/** What both ways need of a stage. */
type Room = Pick<Stage, "here" | "client">;

/** A script on standard input, run from the client's own folder. */
export const script = (
  { here, client }: Room,
  lines: readonly string[],
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Outcome> =>
  client([...args, "shell"], {
    ...surroundings,
    input: [`lcd "${here}"`, ...lines].map((line) => `${line}\n`).join(""),
  });

/** The same typed by a person, each line ended by Enter. */
export const typed = (
  { here, client }: Room,
  lines: readonly string[],
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Outcome> =>
  client(args, {
    ...surroundings,
    input: [`lcd "${here}"`, ...lines].map((line) => `${line}\r`).join(""),
    inTerminal: true,
    outTerminal: true,
    errTerminal: true,
  });
