/**
 * The file stores: the contract of a served tree, and what all kinds of it share.
 *
 * A model makes one store for each of its workers: `diskStore` of disk.ts, by the calls of its
 * thread, or `runtimeStore` of runtime.ts, which reaches no native code. They are imported from
 * there, so that who wants one does not load the other. Read contract.ts, then slot.ts, which says
 * what every operation means, then volume.ts for what a tree has to give.
 *
 * @module
 */

export type * from "./contract.ts";
export { VolumeStore } from "./slot.ts";
export { slowStore, type Wait } from "./slow_disk.ts";
