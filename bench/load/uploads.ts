/**
 * What uploads have left in the served folder: looked at after the window, since that takes time.
 * Both loads end with it.
 *
 * @module
 */

import { join } from "@std/path";
import { verifyContentFile } from "./content.ts";
import type { Group } from "./job.ts";

/**
 * Looks at every upload that the server has acknowledged and nothing replaced, by its name, and
 * removes it unless it stays; `wrong` hears of each that is not whole.
 */
export function verifyUploads(
  uploads: Iterable<readonly [name: string, group: Group]>,
  wrong: (reason: string) => void,
): void {
  for (const [name, { arrivals, octets, stays = false }] of uploads) {
    const path = join(arrivals!, name);
    try {
      const fault = verifyContentFile(path, octets!);
      if (fault !== undefined) wrong(`upload: ${fault}`);
      if (!stays) Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      wrong(`upload: ${error.name}`);
    }
  }
}
