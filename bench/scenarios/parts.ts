/**
 * What scenarios have in common: groups of clients by what they do, points of a ladder, the files.
 * Each scenario is made of these; plain data made from plain data.
 *
 * @module
 */

import { join } from "@std/path";
import type { Group } from "../load/job.ts";
import type { FileSizes, Point, Surroundings } from "./scenario.ts";

/** The served files; sizes are in FileSizes under the same names. */
export const FILES = { small: "small.bin", medium: "medium.bin", large: "large.bin" } as const;

/** The folder below the root that takes uploads. */
export const INCOMING = "incoming";

/** The sizes that every published figure is about. */
export const FILE_SIZES: FileSizes = { small: 10 << 10, medium: 64 << 20, large: 2 ** 30 };

/** Clients of the closed loops. */
export const BUSY_CLIENTS = 16;

/**
 * Passes of what is over in half a second: the same work takes up to 1.7 times as much CPU in one
 * window of a virtual machine as in another, and one cell has little to say of the next but one.
 * As much of the spread is between server processes as between windows (0.116 and 0.115 of the
 * logarithm), so beyond two passes another block narrows an interval sooner than another pass.
 */
export const PASSES = 2;

/** Probes per second: a NOOP each, 1,000 of them in 5 s, rare enough to cost nothing. */
export const PROBES_PER_SECOND = 200;

/**
 * Clients that probe: one alone would begin a probe only when it has the answer to the last, and a
 * wait of 100 ms would make twenty others wait that were due meanwhile.
 */
export const PROBING_CLIENTS = 16;

/** The group that run/ gives a process of its own. */
export const PROBE: Group = {
  name: "probe",
  clients: PROBING_CLIENTS,
  action: "noop",
  perSecond: PROBES_PER_SECOND,
};

/** A ladder of points; those for --quick are for peers, too. */
export function points(
  name: string,
  all: readonly number[],
  quick: readonly number[],
  peers: readonly number[] = [],
): Point[] {
  return all.map((x) => {
    const first = quick.includes(x);
    return { id: `${name}=${x}`, x, quick: first, peers: first || peers.includes(x) };
  });
}

/** A point that everybody is measured at. */
export function single(id: string, x: number): Point {
  return { id, x, quick: true, peers: true };
}

/** The group that a scenario is about. */
export function main(
  spec: Omit<Group, "name" | "clients"> & { readonly clients?: number },
): Group {
  return { name: "main", clients: BUSY_CLIENTS, ...spec };
}

/** Clients that download the small file again and again. */
export function smallDownloads(sizes: FileSizes, clients = BUSY_CLIENTS): Group {
  return main({ action: "download", clients, path: FILES.small, octets: sizes.small });
}

/** Silent sessions. */
export function idle(clients: number): Group[] {
  return clients === 0 ? [] : [{ name: "idle", clients, action: "hold" }];
}

/** Clients that upload a file of that size again and again. */
export function uploads(
  name: string,
  clients: number,
  file: keyof FileSizes,
  around: Pick<Surroundings, "sizes" | "root" | "incoming">,
): Group {
  const { incoming = INCOMING } = around;
  return {
    name,
    clients,
    action: "upload",
    // Relative: a server without the right to chroot(2) calls the folder by its real name.
    path: incoming,
    octets: around.sizes[file],
    source: join(around.root, FILES[file]),
    arrivals: join(around.root, incoming),
    ...(around.incoming !== undefined && file === "small" ? { stays: true } : {}),
  };
}

/** Clients that download that file again and again. */
export function downloads(
  name: string,
  clients: number,
  file: keyof FileSizes,
  sizes: FileSizes,
): Group {
  return { name, clients, action: "download", path: FILES[file], octets: sizes[file] };
}
