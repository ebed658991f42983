/**
 * Servers that people have, each started the same way: ours on two models, and those of others
 * that are installed. What they serve can be looked at on the disk.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { type Located, PEERS } from "../../bench/peers/mod.ts";
import { startServer } from "../../bench/run/server_process.ts";
import { variants } from "../conformance/variants.ts";

/** A server that runs. */
export interface Running {
  readonly port: number;
  /** The folder in which anonymous users may do everything, on the disk. */
  readonly folder: string;
  /** The same folder for a client, with a "/" at its end. */
  readonly prefix: string;
  stop(): Promise<void>;
}

/** A server that can be started. */
export interface ServerKind {
  readonly name: string;
  /** Why it cannot. */
  readonly missing: string | undefined;
  /** Starts it in `folder`, which is empty. */
  start(folder: string): Promise<Running>;
}

/** Ours on a model, in this process. */
function ours(name: string): ServerKind {
  const variant = variants.find((candidate) => candidate.name === name)!;
  return {
    name: `ftplab ${name}`,
    missing: variant.unavailable(),
    async start(folder) {
      const server = await variant.start(folder, { anonymous: "write" });
      const { port } = server.endpoint;
      return { port, folder, prefix: "/", stop: () => server.stop(0) };
    },
  };
}

/** Somebody else's, in a process of its own, if it is there. */
function others(
  name: string,
  located: Located | undefined,
  missing: string,
): ServerKind {
  return {
    name,
    missing: located === undefined ? missing : undefined,
    async start(folder) {
      // It changes to an account that must reach the folder, and must not own it.
      await Deno.chmod(folder, 0o755);
      const [root, state, incoming] = ["root", "state", "root/incoming"].map((part) =>
        `${folder}/${part}`
      ) as [string, string, string];
      for (const path of [root, state, incoming]) await Deno.mkdir(path);
      await Deno.chmod(incoming, 0o777);
      const server = await startServer(
        { kind: "peer", id: name, title: name, sessionsMax: 10, located: located! },
        { root, state },
      );
      return { port: server.port, folder: incoming, prefix: "/incoming/", stop: server.stop };
    },
  };
}

const PYTHON = "/usr/bin/python3";
const SCRIPT = fromFileUrl(new URL("pyftpdlib_server.py", import.meta.url));

/** Whether this may start programs at all: tests run without, too. */
const mayRun = (await Deno.permissions.query({ name: "run" })).state === "granted";

async function findPeer(id: string): Promise<Located | undefined> {
  return mayRun ? await PEERS.find((peer) => peer.id === id)!.locate([]) : undefined;
}

const vsftpd = mayRun && Deno.uid() === 0 ? await findPeer("vsftpd") : undefined;
const pyftpdlib = await findPeer("pyftpdlib");

/** pyftpdlib with the rights of `perm`, as its authorizer writes them. */
function pyftpdlibWith(perm: string): Located | undefined {
  return pyftpdlib && {
    version: pyftpdlib.version,
    prepare: ({ host, port, root }) =>
      Promise.resolve({
        command: [PYTHON, SCRIPT, host, String(port), root, perm],
        configuration: "",
      }),
  };
}

/** vsftpd without the right to rename, delete and append. */
const strictVsftpd: Located | undefined = vsftpd && {
  version: vsftpd.version,
  async prepare(place) {
    const prepared = await vsftpd.prepare(place);
    const more = "anon_other_write_enable=NO\n";
    await Deno.writeTextFile(`${place.folder}/vsftpd.conf`, more, { append: true });
    return prepared;
  },
};

const NO_VSFTPD = "needs vsftpd, and root to start it";
const NO_PYFTPDLIB = "needs pyftpdlib";

/** Servers on which anonymous users may do everything. */
export const SERVERS: readonly ServerKind[] = [
  ours("async"),
  ours("multiplex epoll level"),
  others("vsftpd", vsftpd, NO_VSFTPD),
  others("pyftpdlib", pyftpdlibWith("elradfmwMT"), NO_PYFTPDLIB),
];

/** Servers on which they may store, and neither rename nor delete. */
export const DROP_BOXES: readonly ServerKind[] = [
  others("vsftpd", strictVsftpd, NO_VSFTPD),
  others("pyftpdlib", pyftpdlibWith("elrw"), NO_PYFTPDLIB),
];
