/**
 * The servers that mirrors are tried against: ours on two models, vsftpd and pyftpdlib where they
 * are installed. All let anonymous users do everything below one folder.
 *
 * @module
 */

import { missing, type Need, SERVER_NEEDS } from "../../permission.ts";
import { variants } from "../../conformance/variants.ts";
import { absent } from "../../peers/program.ts";

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

/** How often and after which wait a foreign server's port is tried, until it listens. */
const TRIES_MAX = 100;
const TRY_MS = 50;

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
          "listen=YES",
          "listen_address=127.0.0.1",
          `listen_port=${port}`,
          "background=NO",
          "anonymous_enable=YES",
          "local_enable=NO",
          "write_enable=YES",
          "anon_upload_enable=YES",
          "anon_mkdir_write_enable=YES",
          "anon_other_write_enable=YES",
          "anon_world_readable_only=NO",
          `anon_root=${root.slice(0, -"/root".length)}`,
          "anon_umask=022",
          `ftp_username=${accountWithHome()}`,
          "xferlog_enable=NO",
          `secure_chroot_dir=${folder}/empty`,
          "seccomp_sandbox=NO",
          ...(Deno.uid() === 0 ? [] : ["run_as_launching_user=YES"]),
          "",
        ].join("\n"),
      );
      return [`${folder}/vsftpd.conf`];
    }),
};

/** Anonymous users become this one: any but root, and vsftpd wants its home to be there. */
function accountWithHome(): string {
  for (const line of Deno.readTextFileSync("/etc/passwd").split("\n")) {
    const [name, , id, , , home] = line.split(":");
    try {
      if (id !== "0" && Deno.statSync(home!).isDirectory) return name!;
    } catch {
      // The next one, then.
    }
  }
  throw new Error("No user of this machine has a home");
}

/** The one for which Debian installs its packages. */
const PYTHON3 = "/usr/bin/python3";

const PYTHON = `
import logging, sys, warnings
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_anonymous(sys.argv[2], perm="elradfmwMT")
FTPServer(("127.0.0.1", int(sys.argv[1])), FTPHandler).serve_forever()
`;

const PYFTPDLIB: Kind = {
  name: "pyftpdlib",
  needs: FOREIGN_NEEDS,
  skip: withoutPyftpdlib(),
  start: (root) => foreign(root, PYTHON3, "", (port) => ["-c", PYTHON, String(port), root]),
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
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return { port, base, stop };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }
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

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** All of them. */
export const servers: readonly Kind[] = [
  oursOn("async"),
  oursOn("multiplex epoll level"),
  VSFTPD,
  PYFTPDLIB,
];
