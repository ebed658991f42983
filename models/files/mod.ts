/**
 * The file stores: the contract, and the trees that can be served.
 *
 * A model makes one for each of its workers. Read contract.ts, then slot.ts, which says what every
 * operation means, then volume.ts for what a tree has to give.
 *
 * @module
 */

export type * from "./contract.ts";
