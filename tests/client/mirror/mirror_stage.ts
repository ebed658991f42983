/**
 * Where tests of mirrors play: a served folder, one of the client's, and a server of some kind.
 *
 * @module
 */

import { ClientPool } from "../../../client/mod.ts";
import {
  type Action,
  describeAction,
  type MirrorOptions,
  type MirrorPace,
  type MirrorSummary,
  planMirror,
  runMirror,
} from "../../../client/mirror/mod.ts";
import { testWith } from "../../permission.ts";
import { withFolders } from "../stage.ts";
import { openToAll, type ServerKind, SERVERS } from "../servers.ts";

/** What a test is given: a server that runs, the folder that it serves and one of the client's. */
export interface Place {
  readonly root: string;
  readonly here: string;
  readonly port: number;
  /** Plans, runs, and tells both. */
  mirror(options: Partial<MirrorOptions>, size?: number): Promise<Mirrored>;
}

export interface Mirrored {
  readonly summary: MirrorSummary;
  /** What the plan said, without what is kept. */
  readonly planned: string[];
  /** What was done. */
  readonly done: string[];
  readonly failures: string[];
  /** What could not be looked at. */
  readonly faults: string[];
}

/** Tries again at once. */
const PROMPT: MirrorPace = { wait: () => Promise.resolve() };

export async function mirrorAt(
  address: { host?: string; port: number },
  options: MirrorOptions,
  size: number,
  pace: MirrorPace = PROMPT,
): Promise<Mirrored> {
  await using pool = await ClientPool.open(address, size);
  const plan = await planMirror(pool, options, pace);
  const describe = (action: Action) => describeAction(action, plan.direction);
  const done: string[] = [];
  const failures: string[] = [];
  const summary = await runMirror(pool, plan, {
    onDone: (action) => done.push(describe(action)),
    onFailure: (_, error) => failures.push(error.message),
  }, pace);
  const planned = plan.actions.filter(({ kind }) => kind !== "keep").map(describe);
  const faults = plan.faults.map(({ message }) => message);
  return { summary, planned, done, failures, faults };
}

/** Registers a test for every server. */
export function everywhere(name: string, body: (place: Place) => Promise<void>): void {
  for (const kind of SERVERS) on(kind, `${name} [${kind.name}]`, body);
}

/** Registers a test for our own server on one model. */
export function served(name: string, body: (place: Place) => Promise<void>): void {
  on(SERVERS[0]!, name, body);
}

function on(kind: ServerKind, name: string, body: (place: Place) => Promise<void>): void {
  testWith(kind.needs, name, () =>
    withFolders(async (root, here) => {
      const server = await kind.start(root);
      const { base, port } = server;
      const mirror = (options: Partial<MirrorOptions>, size = 3) => {
        const remote = base + (options.remote ?? "/");
        return mirrorAt({ port }, { direction: "down", local: here, ...options, remote }, size);
      };
      try {
        await body({ root, here, port, mirror });
      } finally {
        await server.stop();
      }
    }), kind.skip);
}

/** An old time that is no whole minute, in seconds. */
export const OLD = Date.UTC(2021, 4, 6, 7, 8, 9) / 1_000;

/** Files by path, made with the time `OLD`. */
export async function make(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = `${folder}/${path}`;
    await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(at, text);
    await Deno.utime(at, OLD, OLD);
  }
  await openToAll(folder);
}

/** Every file of a folder with its content, every other thing with its kind. */
export async function look(folder: string, prefix = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory) {
      found[`${path}/`] = "directory";
      Object.assign(found, await look(folder, `${path}/`));
    } else {
      found[path] = entry.isSymlink ? "link" : await Deno.readTextFile(`${folder}/${path}`);
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([left], [right]) => left < right ? -1 : 1));
}

/** A small tree. */
export const FILES = {
  "a.txt": "one",
  "films/b.txt": "two",
  "films/.hidden": "unseen",
  "films/1970/c d.txt": "three",
  "films/1970/é名.txt": "four",
  "empty.txt": "",
};
