/**
 * What uploads have left in the served folder: looked at after the window, since that takes time.
 * process.ts ends each job with it, whichever load it was.
 *
 * @module
 */

import { join } from "@std/path";
import { verifyContentFile } from "./content.ts";
import type { Group, LoadOutcome } from "./job.ts";

/**
 * Looks at all uploads of `groups`, and removes each unless it stays. The errors of the outcome, with
 * those that are not whole.
 */
export function verifyUploads(
  groups: readonly Group[],
  { result, uploads }: LoadOutcome,
): Record<string, number> {
  const errors: Record<string, number> = { ...result.errors };
  const count = (reason: string) => errors[reason] = (errors[reason] ?? 0) + 1;
  for (const [index, { arrivals, octets, stays = false }] of groups.entries()) {
    for (const name of uploads[index]!) {
      const path = join(arrivals!, name);
      try {
        const fault = verifyContentFile(path, octets!);
        if (fault !== undefined) count(`upload: ${fault}`);
        if (!stays) Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        count(`upload: ${error.name}`);
      }
    }
  }
  return errors;
}
