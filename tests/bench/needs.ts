/**
 * What a test of the benchmark needs: it starts servers and looks below /proc.
 *
 * @module
 */

import { type Need, SERVER_NEEDS } from "../permission.ts";

/** Permissions of a test that measures a server in a process of its own. */
export const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];
