/**
 * What of a command line or of a server's words is of one machine and one run only, and how reports
 * call it. Pure.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

/** Folders that have names of their own in a report. */
export interface Places {
  /** What is served: ROOT. */
  readonly root: string;
  /** Where a peer keeps its state: STATE. */
  readonly state: string;
  /** Where packages of other servers were unpacked: PEERS. */
  readonly peersRoots?: readonly string[] | undefined;
}

/** `text` with the names in place of the folders; what is below this project is relative to it. */
export function withoutPlaces(text: string, { root, state, peersRoots = [] }: Places): string {
  const project = fromFileUrl(new URL("../../", import.meta.url));
  const names = [
    ...[[root, "ROOT"], [state, "STATE"]],
    ...peersRoots.map((folder) => [folder, "PEERS"]),
    ...[[Deno.execPath(), "deno"], [project, ""]],
  ];
  return names.reduce((shown, [long, short]) => shown.replaceAll(long!, short!), text);
}
