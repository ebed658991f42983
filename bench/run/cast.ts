/**
 * Whom a run measures, of those who are on this machine: models always, peers and twins where they
 * were asked for and can be had. fill.ts calls it before a run; nothing is measured here.
 *
 * @module
 */

import { resolve } from "@std/path";
import { models } from "../../models/mod.ts";
import { compileTwins } from "../load/twins.ts";
import { PEERS } from "../peers/mod.ts";
import type { SubjectCard } from "../record.ts";
import { withoutPlaces } from "./places.ts";
import type { Plan } from "./plan.ts";
import {
  ladderOf,
  type ModelSubject,
  type PeerSubject,
  type Subject,
  twinsOf,
  type TwinSubject,
} from "./subjects.ts";

/** Where the order of a run without a seed comes from: as many orders as there are. */
const SEEDS = 1_000_000;

/** What is asked for, less what has to be found. */
export interface Wanted extends Omit<Plan, "subjects" | "seed"> {
  /** Variants of this project's own server. */
  readonly models: readonly ModelSubject[];
  /** Whether other servers take part. */
  readonly peers: boolean;
  /** Folders in which packages of other servers were unpacked. */
  readonly peersRoots: readonly string[];
  /** Whether the least servers in C take part, one for each way to wait. */
  readonly twins: boolean;
  /** Whether the one over io_uring does, with one technique on after the other. */
  readonly ladder: boolean;
  /** What the order of the cells follows from; undefined: from the time. */
  readonly seed?: number;
}

/**
 * What `wanted` asks for on this machine, and a note for each who is missing. Twins are compiled to
 * `program`.
 */
export async function planOf(
  wanted: Wanted,
  program: string,
): Promise<{ readonly plan: Plan; readonly notes: string[] }> {
  const notes: string[] = [];
  const roots = wanted.peersRoots.map((root) => resolve(root));
  const peers = wanted.peers ? await findPeers(roots, notes) : [];
  const twins = [
    ...(wanted.twins ? twinsOf(program) : []),
    ...(wanted.ladder ? ladderOf(program) : []),
  ];
  const why = twins.length > 0 ? await compileTwins(program) : undefined;
  if (why !== undefined) notes.push(`The twins in C are left out: ${why}`);
  const subjects: Subject[] = [...wanted.models, ...peers, ...(why === undefined ? twins : [])]
    .filter((subject) => subject.kind === "peer" || canWait(subject, notes));
  const seed = wanted.seed ?? Date.now() % SEEDS;
  return { plan: { ...wanted, peersRoots: roots, subjects, seed }, notes };
}

/** Whether the system has what `subject` waits by; a note where it has not. */
function canWait(subject: ModelSubject | TwinSubject, notes: string[]): boolean {
  // A twin needs of the system what the model of the same name needs, if there is one.
  const name = subject.kind === "model" ? subject.model : subject.way;
  const why = models.get(name)?.unavailable();
  if (why !== undefined) notes.push(`${subject.title} is left out: ${why}`);
  return why === undefined;
}

/** The peers that are on this machine; a note for each that is not. */
async function findPeers(roots: readonly string[], notes: string[]): Promise<PeerSubject[]> {
  const found: PeerSubject[] = [];
  for (const peer of PEERS) {
    const located = await peer.locate(roots);
    const { idleMax, missing, locate: _locate, ...card } = peer;
    if (located === undefined) notes.push(`${card.title} is left out: ${missing}`);
    else found.push({ ...card, sessionsMax: idleMax, located });
  }
  return found;
}

/** What a report says of `subject`, which may have been unpacked below one of `roots`. */
export async function cardOf(
  subject: Subject,
  roots: readonly string[] = [],
): Promise<SubjectCard> {
  const { id, title, kind } = subject;
  if (kind === "model") return { id, title, kind, flags: subject.flags };
  if (kind === "twin") {
    const { twinOf, rung } = subject;
    const place = {
      ...(twinOf === undefined ? {} : { twinOf }),
      ...(rung === undefined ? {} : { rung }),
    };
    return { id, title, kind, flags: [], ...place };
  }
  const { version, prepare } = subject.located;
  const folder = await Deno.makeTempDir();
  try {
    // The place differs from start to start; everything else is the same for all of them.
    const place = { host: "127.0.0.1", port: 2121, root: "ROOT", folder };
    const { configuration } = await prepare({ ...place, superuser: Deno.uid() === 0 });
    const places = { root: place.root, state: folder, peersRoots: roots };
    const shown = withoutPlaces(configuration, places);
    return { id, title, kind, flags: [], version, configuration: shown };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
