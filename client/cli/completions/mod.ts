/**
 * What bash, zsh and fish need to complete the client's command line, made from the tables of verbs
 * and flags: the verb `completions`.
 *
 * The scripts call no program and read no server: they are for the command as README installs it,
 * `ftplab client ...`.
 *
 * @module
 */

import { UsageError } from "../flags.ts";
import type { Subcommand, Task } from "../task.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { SHELLS } from "./flags.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: Readonly<Record<typeof SHELLS[number], (verbs: readonly Subcommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Writes the script for one shell, which knows `verbs`. */
export async function completions(
  { console, request }: Task,
  verbs: readonly Subcommand[],
): Promise<void> {
  await console.write(new TextEncoder().encode(scriptFor(request.operands[0]!, verbs)));
}

/**
 * The script for a shell.
 *
 * @throws {UsageError} for a shell that is not known.
 */
export function scriptFor(shell: string, verbs: readonly Subcommand[]): string {
  const known = SHELLS.find((each) => each === shell);
  if (known !== undefined) return SCRIPTS[known](verbs);
  throw new UsageError(`completions takes ${SHELLS.join(", ")}, not "${shell}"`);
}
