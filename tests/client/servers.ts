/**
 * Servers that people have, each started the same way: ours on two models, and those of others
 * that are installed or unpacked in FTPLAB_PEERS_ROOT. What they serve can be looked at on the
 * disk.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import { existingAccount, findProgram } from "../../bench/peers/machine.ts";
import { type Located, type Peer, PEERS, type Place } from "../../bench/peers/mod.ts";
import { type ServerProcess, startServer } from "../../bench/run/server_process.ts";
import { variants } from "../conformance/variants.ts";
import { missing, type Need, SERVER_NEEDS, testWith } from "../permission.ts";
import { withFolders } from "./stage.ts";

/** A server that runs. */
export interface Running {
  readonly port: number;
  /** The path of the folder on the server, "" for its root. */
  readonly base: string;
  stop(): Promise<void>;
}

/** A kind of server. */
export interface ServerKind {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Why it cannot run here. */
  readonly skip: string | undefined;
  /** Starts it; anonymous users may do everything below `root`, which has a parent of its own. */
  start(root: string): Promise<Running>;
}

/** Other people's servers, as Debian has them. */
export const FOREIGN_IDS = ["vsftpd", "proftpd", "pure-ftpd", "pyftpdlib"] as const;

/** Somebody else's server, by its name among the benchmark's peers. */
export type ForeignId = (typeof FOREIGN_IDS)[number];

/** Ours on a model, in this process. */
function ours(name: string): ServerKind {
  const variant = variants.find((candidate) => candidate.name === name)!;
  return {
    name: `ours, ${name}`,
    needs: SERVER_NEEDS,
    skip: missing(SERVER_NEEDS).length > 0 ? undefined : variant.unavailable(),
    async start(root) {
      const server = await variant.start(root, { anonymous: "write" });
      return { port: server.endpoint.port, base: "", stop: () => server.stop(0) };
    },
  };
}

/** What somebody else's server needs. */
export const FOREIGN_NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** Tests are loaded without permissions, too. */
const isAble = missing(FOREIGN_NEEDS).length === 0;

/** Folders in which packages were unpacked. */
const unpacked = [isAble ? Deno.env.get("FTPLAB_PEERS_ROOT") : undefined]
  .filter((path) => path !== undefined).map((path) => resolve(path));

const LOCATED = new Map<ForeignId, Located | undefined>();
for (const id of FOREIGN_IDS) {
  if (isAble) LOCATED.set(id, await peerOf(id).locate(unpacked));
}

function peerOf(id: ForeignId): Peer {
  return PEERS.find((peer) => peer.id === id)!;
}

/** Why a server cannot run here; undefined where it can, or where the permissions say why not. */
export function absentServer(id: ForeignId): string | undefined {
  if (!isAble) return undefined;
  if (LOCATED.get(id) === undefined) return `not found: ${peerOf(id).missing}`;
  return id !== "pyftpdlib" && Deno.uid() !== 0 ? "only root can start it" : undefined;
}

/** What a server is told beside what the benchmark tells it; it may need files for that. */
type Settings = readonly string[] | ((place: Place) => Promise<readonly string[]>);

/** How anonymous users come to be allowed everything that the modes of folders allow. */
const ALL_RIGHTS: Readonly<Record<ForeignId, Settings>> = {
  "vsftpd": ["anon_mkdir_write_enable=YES", "anon_world_readable_only=NO"],
  "proftpd": ["AllowStoreRestart on"],
  "pure-ftpd": userOfPureFtpd,
  "pyftpdlib": ["elradfmwMT"],
};

/** "anonymous@", as crypt(3) writes it. */
const PASSWORD_HASH = "$1$ftplab$Ksq1zQBY1s.UKXYVTx0dg1";

/** Pure-FTPd's own anonymous users may replace nothing: this one has their name only. */
async function userOfPureFtpd({ root, folder }: Place): Promise<readonly string[]> {
  const [users, database] = [join(folder, "users"), join(folder, "users.pdb")];
  const { uid, gid } = await existingAccount();
  const fields = ["anonymous", PASSWORD_HASH, uid, gid, "", `${root}/./`];
  await Deno.writeTextFile(users, `${fields.join(":")}${":".repeat(12)}\n`);
  const { path, environment } = (await findProgram("pure-pw", unpacked))!;
  const args = ["mkdb", database, "-f", users];
  const { success } = await new Deno.Command(path, { args, env: environment }).output();
  if (!success) throw new Error("pure-pw makes no database");
  return ["--noanonymous", "--minuid", "1", "--login", `puredb:${database}`];
}

/** Somebody else's server that runs. */
export interface ForeignServer extends Running {
  readonly process: ServerProcess;
}

/** Settings of ProFTPD that load one of its modules, which are packages of their own in part. */
export function loadProftpdModule(name: string): string[] {
  const paths = unpacked.map((root) => `ModulePath "${join(root, "usr/lib/proftpd")}"`);
  return [...paths, `LoadModule ${name}.c`];
}

/** How a server is started. */
export interface StartOptions {
  /** More settings in its own words. */
  readonly settings?: readonly string[];
  /** Default: anonymous users may do everything. */
  readonly rights?: Settings;
  /** Whether it says nothing before TLS. Default: false. */
  readonly silent?: boolean;
}

/** Starts a server over `root`. */
export async function startForeign(
  id: ForeignId,
  root: string,
  { settings = [], rights = ALL_RIGHTS[id], silent = false }: StartOptions = {},
): Promise<ForeignServer> {
  const { kind, title } = peerOf(id);
  const { version, prepare } = LOCATED.get(id)!;
  const located: Located = {
    version,
    async prepare(place) {
      const given = typeof rights === "function" ? await rights(place) : rights;
      return { ...await prepare({ ...place, settings: [...given, ...settings] }), silent };
    },
  };
  const state = await Deno.makeTempDir({ prefix: "ftplab-state-" });
  await Deno.chmod(state, 0o755);
  const removeState = () => Deno.remove(state, { recursive: true });
  try {
    const subject = { kind, id, title, sessionsMax: 10, located };
    const process = await startServer(subject, { root, state });
    const stop = () => process.stop().finally(removeState);
    return { port: process.port, base: "", stop, process };
  } catch (error) {
    await removeState();
    throw error;
  }
}

/** Somebody else's, in a process of its own. */
export function foreignServer(id: ForeignId, options?: StartOptions): ServerKind {
  return {
    name: id,
    needs: FOREIGN_NEEDS,
    skip: absentServer(id),
    // vsftpd serves no root that its users may write to, but folders below one.
    async start(root) {
      await openToAll(root);
      const running = await startForeign(id, dirname(root), options);
      return { ...running, base: `/${basename(root)}` };
    },
  };
}

/** Lets every user of this machine write into `folder` and all below it, and reach it. */
export async function openToAll(folder: string): Promise<void> {
  await Deno.chmod(dirname(folder), 0o755);
  await openBelow(folder);
}

async function openBelow(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o777);
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) await openBelow(`${folder}/${entry.name}`);
    else if (entry.isFile) await Deno.chmod(`${folder}/${entry.name}`, 0o666);
  }
}

/** Servers on which anonymous users may do everything. */
export const SERVERS: readonly ServerKind[] = [
  ours("async"),
  ours("multiplex epoll level"),
  ...FOREIGN_IDS.map((id) => foreignServer(id)),
];

/** Servers on which they may store, and neither rename nor delete. */
export const DROP_BOXES: readonly ServerKind[] = [
  foreignServer("vsftpd", { rights: ["anon_other_write_enable=NO"] }),
  foreignServer("proftpd", { rights: ["<Limit DELE RMD RNFR RNTO>", "  DenyAll", "</Limit>"] }),
  foreignServer("pure-ftpd", { rights: [] }),
  foreignServer("pyftpdlib", { rights: [] }),
];

/** Where a test plays: a server that runs, the folder that it serves and one of the client's. */
export interface Room {
  readonly port: number;
  /** The path of `root` on the server, with a "/" at its end. */
  readonly prefix: string;
  readonly root: string;
  readonly here: string;
}

/** Registers a test with a server of a kind. */
export function testOn(
  kind: ServerKind,
  name: string,
  body: (room: Room) => Promise<void>,
): void {
  testWith(kind.needs, `${name} [${kind.name}]`, () =>
    withFolders(async (root, here) => {
      const { port, base, stop } = await kind.start(root);
      try {
        await body({ port, prefix: `${base}/`, root, here });
      } finally {
        await stop();
      }
    }), kind.skip);
}
