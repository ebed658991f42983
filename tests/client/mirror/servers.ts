/**
 * The servers that mirrors are tried against: ours on two models, vsftpd and pyftpdlib where they
 * are installed. All let anonymous users do everything below one folder.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { missing, type Need, SERVER_NEEDS } from "../../permission.ts";
import { variants } from "../../conformance/variants.ts";
import { absent } from "../../peers/program.ts";
import { freePort, listens, vsftpdSettings } from "../foreign.ts";

/** A server that runs. */
export interface Running {
  readonly port: number;
  /** The path of the folder on the server, "" for its root. */
  readonly base: string;
  stop(): Promise<void>;
}

/** A kind of server. */
export interface Kind {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Why it cannot run here. */
  readonly skip: string | undefined;
  start(root: string): Promise<Running>;
}

function oursOn(model: string): Kind {
  const variant = variants.find(({ name }) => name === model)!;
  return {
    name: `ours, ${model}`,
    needs: SERVER_NEEDS,
    skip: missing(SERVER_NEEDS).length > 0 ? undefined : variant.unavailable(),
    async start(root) {
      const server = await variant.start(root, { anonymous: "write" });
      return { port: server.endpoint.port, base: "", stop: () => server.stop(0) };
    },
  };
}

const FOREIGN_NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

const VSFTPD: Kind = {
  name: "vsftpd",
  needs: FOREIGN_NEEDS,
  skip: absent("vsftpd"),
  // It does not serve a root that anonymous users may write to; a folder below one it does.
  start: (root) =>
    foreign(root, "vsftpd", "/root", (port, folder) => {
      Deno.mkdirSync(`${folder}/empty`);
      Deno.writeTextFileSync(
        `${folder}/vsftpd.conf`,
        [
          ...vsftpdSettings({
            port,
            root: root.slice(0, -"/root".length),
            empty: `${folder}/empty`,
          }),
          "anon_world_readable_only=NO",
          "",
        ].join("\n"),
      );
      return [`${folder}/vsftpd.conf`];
    }),
};

/** The one for which Debian installs its packages. */
const PYTHON3 = "/usr/bin/python3";

const SCRIPT = fromFileUrl(new URL("../pyftpdlib_server.py", import.meta.url));

const PYFTPDLIB: Kind = {
  name: "pyftpdlib",
  needs: FOREIGN_NEEDS,
  skip: withoutPyftpdlib(),
  start: (root) =>
    foreign(
      root,
      PYTHON3,
      "",
      (port) => [SCRIPT, "127.0.0.1", String(port), root, "elradfmwMT"],
    ),
};

function withoutPyftpdlib(): string | undefined {
  if (missing(FOREIGN_NEEDS).length > 0) return undefined;
  try {
    const probe = new Deno.Command(PYTHON3, { args: ["-W", "ignore", "-c", "import pyftpdlib"] });
    if (probe.outputSync().success) return undefined;
  } catch {
    // There is no Python at all.
  }
  return "pyftpdlib is not installed";
}

/** Starts a program of another project; `prepare` makes its arguments. */
async function foreign(
  root: string,
  program: string,
  base: string,
  prepare: (port: number, folder: string) => string[],
): Promise<Running> {
  const port = freePort();
  const folder = await Deno.makeTempDir();
  // What tests make belongs to this user; the server is another one.
  await openToAll(root);
  const child = new Deno.Command(program, {
    args: prepare(port, folder),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  if (await listens(port)) return { port, base, stop };
  await stop();
  throw new Error(`${program} does not listen`);
}

/** Lets every user of this machine write into `folder` and all below it, and reach it. */
export async function openToAll(folder: string): Promise<void> {
  await Deno.chmod(folder.slice(0, folder.lastIndexOf("/")), 0o755);
  await openBelow(folder);
}

async function openBelow(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o777);
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) await openBelow(`${folder}/${entry.name}`);
    else if (entry.isFile) await Deno.chmod(`${folder}/${entry.name}`, 0o666);
  }
}

/** All of them. */
export const servers: readonly Kind[] = [
  oursOn("async"),
  oursOn("multiplex epoll level"),
  VSFTPD,
  PYFTPDLIB,
];
